"""The queue: starts waiting jobs in child processes, and takes up the jobs of processes that died again."""

import fcntl
import math
import shutil
import signal
import time
import traceback
from collections import Counter
from functools import cached_property

from sqlalchemy.exc import OperationalError

from core import logs
from core.data import DEMO_TITLES
from core.files import GONE
from core.store import LANES, Missing, Priority, Status, Store, demos, run_removal, searches, upload_files
from core.store.executions import Executions
from core.worker import executors, failed_jobs, followers, launch, lost_jobs, older_runs, patience
from core.worker.executors.interface import Refused, Unreachable
from core.worker.executors.local import Local
from core.worker.servers import Servers

SECOND, HOUR, DAY = 1, 3600, 24 * 3600
ALONE = ("train", "slow")  # lanes whose jobs have a process of their own, here or on another machine
TICK = 0.2  # seconds between two updates of the queue
AWAY = 10.0  # seconds until an executor that did not answer is asked again
SAVES = 8.0  # seconds for the children to save when the worker is asked to end; core.worker.termination takes less


class Queue:
    """The queue of a data folder: a lock allows one per folder. It imports no numeric library itself."""

    def __init__(self, settings):
        self.settings, self.root = settings, settings.data_dir
        self.local = Local(self.root)
        self.servers = None  # the Servers, once there is a store
        self.asked_again = -math.inf  # when an executor that did not answer is asked again, by time.monotonic
        self.is_ending = False  # SIGTERM has come

    @cached_property
    def executor(self):
        """The Executor of the lanes "train" and "slow"."""
        return executors.of(self.store, self.local)

    def run(self):
        """Run until no job is left and no web process wants a worker; returns the exit code."""
        self.root.mkdir(parents=True, exist_ok=True)
        with open(self.root / "worker.lock", "a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return 0  # another worker has the lock
            signal.signal(signal.SIGTERM, self.ask_to_end)
            launch.write_pid(lock)
            self.store = Store(self.settings)
            self.servers = Servers(self.store, self.local.spawn)
            add_demos(self.store)
            failed_jobs.settle(self.store)
            older_runs.fill_scores(self.store)
            self.keep_spare(is_busy=False)  # beside the first short job: the training after it finds it ready
            swept = removed = -math.inf
            while True:
                if time.monotonic() - swept > HOUR:
                    sweep(self.store)
                    swept = time.monotonic()
                if self.is_ending:
                    self.end_all()
                    return 0
                try:
                    if time.monotonic() - removed > SECOND:
                        launch.show_life(self.root)
                        run_removal.remove_due(self.store)
                        removed = time.monotonic()
                    self.update()
                    self.keep_spare(is_busy=self.has_work())
                except OperationalError as error:
                    if patience.reason(error) is None:
                        raise
                    traceback.print_exc()  # the database is locked or its disk full: tried again
                    time.sleep(patience.PAUSE)
                    continue
                if not self.has_work() and not launch.is_wanted(self.root):
                    self.local.stop()
                    return 0
                time.sleep(TICK)

    def ask_to_end(self, *_):
        """The handler of SIGTERM: docker stop and systemd send it."""
        self.is_ending = True

    def end_all(self):
        """Let every child save and end, and queue the jobs that were at work here again, for the next start."""
        self.local.stop()
        self.local.wait(SAVES)
        for job in self.store.working():
            if not self.is_running(job):
                lost_jobs.again(self.store, job)

    def has_work(self):
        lanes = (lane for lane in LANES if not self.store.is_paused(lane))
        return bool(self.store.working() or any(self.store.waiting(lane) for lane in lanes))

    def update(self):
        """Stop what is to stop, take up the jobs of processes that died, start waiting jobs, keep the warm processes."""
        self.stop_unwanted()
        searches.queue_due(self.store)
        for job in self.store.working():
            if not self.is_running(job):
                self.take_up(job)
        # Read before the jobs: a child that has ended takes no new job; one that runs may take one and die with it.
        dead = self.local.ended()
        working = self.store.working()
        at_work = Counter(job["lane"] for job in working)
        self.local.forget(dead - {job["pid"] for job in working})
        for lane in ALONE:
            if self.store.is_paused(lane):
                continue
            free = max(0, self.executor.places(lane) - at_work[lane])
            for job in self.store.waiting(lane)[:free] if free else ():
                self.start_alone(job)
        if self.servers:
            self.servers.keep(working, self.store.count_waiting())

    def stop_unwanted(self):
        """End the processes of slow jobs that a person has cancelled, or that nobody has asked for while an asked one waits."""
        waiting = self.store.waiting("slow")[:1]
        for job in self.store.working("slow"):
            if job["cancel"]:
                self.executor.cancel(job)
                failed_jobs.cancel(self.store, job)
            elif job["priority"] == Priority.AHEAD and waiting and waiting[0]["priority"] > Priority.AHEAD:
                self.executor.cancel(job)
                again = {"message": "", "progress": 0.0, "pid": None}
                self.store.move_job(job["id"], Status.RUNNING, Status.QUEUED, **again)

    def is_running(self, job):
        """Whether the process of a job still runs, or the executor holds the job."""
        return (self.executor if job["lane"] in ALONE else self.local).alive(job)

    def start_alone(self, job):
        """Start a new process for one job of the lanes "train" and "slow"."""
        if time.monotonic() < self.asked_again:
            return
        if not self.store.start_job(job["id"], pid=None):
            return
        try:
            values = self.executor.submit(job)
        except Refused as error:
            failed_jobs.fail(self.store, job, str(error))
        except Unreachable as error:
            self.asked_again = time.monotonic() + AWAY
            waits = f"Waits for {self.executor.name}: {error}"[:300]
            lost_jobs.again(self.store, job)
            self.store.set_job(job["id"], message=waits)
        else:
            if values:
                self.store.set_job(job["id"], **values)

    def keep_spare(self, is_busy):
        """Keep a spare process where the jobs of this queue run on this machine."""
        if self.executor is self.local:
            self.local.keep_spare(is_busy)

    def take_up(self, job):
        """Queue a running job whose process has ended again, or fail it; what never began has not failed."""
        has_begun = getattr(self.executor, "has_begun", lambda _: True)(job)
        Executions(self.store).end(job["id"])
        if has_begun:
            lost_jobs.lost(self.store, job, self.local.code(job))
        else:
            lost_jobs.again(self.store, job)


def sweep(store):
    """Remove what nothing refers to: uploads and temporary folders older than a day, folders of deleted or failed datasets."""
    upload_files.sweep(store)
    logs.rotate(store.root / "worker.log")
    Executions(store).sweep()
    for name in ("nuwa-read-*", "nuwa-bundle-*"):
        for folder in (store.root / "cache").glob(name):
            if time.time() - folder.stat().st_mtime > DAY:
                shutil.rmtree(folder, ignore_errors=True)
    for name in ("datasets", "runs"):
        for folder in (store.root / name).glob(f"{GONE}*"):  # a process was killed while it removed this
            shutil.rmtree(folder, ignore_errors=True)
    followers.sweep(store.root, {row["id"] for row in store.rows("run")})
    for folder in (store.root / "datasets").glob("[!.]*"):
        if _status(store, folder.name) in (None, Status.FAILED):
            store.remove_unfinished_folder(folder.name)


def _status(store, dataset_id):
    """The status of a dataset, or None where it does not exist."""
    try:
        return store.row("dataset", dataset_id)["status"]
    except Missing:
        return None


def add_demos(store):
    """Queue the reading of the demo datasets, at the first start only."""
    if store.recall("demos_added"):
        return
    with store.transaction():
        store.remember("demos_added", True)
        now = time.time()
        for i, name in enumerate(DEMO_TITLES):
            demos.add_demo(store, name, created=now - i / 1000)  # so that the first one is the newest
