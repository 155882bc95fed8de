"""The queue: starts waiting jobs in child processes, and takes up the jobs of processes that died again."""

import fcntl
import math
import shutil
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress

import psutil
from sqlalchemy.exc import OperationalError

from core.data import DEMO_TITLES
from core.files import GONE
from core.store import LANES, Missing, Priority, Status, Store, demos, run_removal, searches, upload_files
from core.worker import failed_jobs, followers, launch, lost_jobs, older_runs, patience
from core.worker.processes import identity, is_alive

PATIENCE = 5.0  # seconds for a killed process to end
SECOND, HOUR, DAY = 1, 3600, 24 * 3600
ROOM = 4e9  # bytes of free memory below which no spare process is kept: it takes about 0.3e9
TICK = 0.2  # seconds between two updates of the queue
BEGINS = 30.0  # seconds until the process of a job has written down its number
SAVES = 8.0  # seconds for the children to save when the worker is asked to end; core.worker.termination takes less


class Queue:
    """The queue of a data folder: a lock allows one per folder. It imports no numeric library itself."""

    def __init__(self, settings):
        self.settings, self.root = settings, settings.data_dir
        self.children = {}  # pid -> Popen
        self.short = None  # the Popen of the process of the short lane
        self.spare = None  # the Popen of a process that has its libraries loaded and waits for a job
        self.nameless = {}  # id of a running job without a process -> when it was seen, by time.monotonic
        self.is_ending = False  # SIGTERM has come

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
            add_demos(self.store)
            failed_jobs.settle(self.store)
            older_runs.fill_scores(self.store)
            self.spare = (
                self.spawn_spare()
            )  # beside the first short job: the training after it finds it ready
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
                        run_removal.remove_due(self.store)
                        removed = time.monotonic()
                    self.update()
                    self.keep_spare()
                except OperationalError as error:
                    if patience.reason(error) is None:
                        raise
                    traceback.print_exc()  # the database is locked or its disk full: tried again
                    time.sleep(patience.PAUSE)
                    continue
                if not self.has_work() and not launch.is_wanted(self.root):
                    self.stop_children()
                    return 0
                time.sleep(TICK)

    def ask_to_end(self, *_):
        """The handler of SIGTERM: docker stop and systemd send it."""
        self.is_ending = True

    def end_all(self):
        """Let every child save and end, and queue the jobs that were at work again, for the next start."""
        self.stop_children()
        end = time.monotonic() + SAVES
        for child in self.children.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, end - time.monotonic()))
            if child.poll() is None:
                child.kill()
                child.wait()
        for job in self.store.working():
            if not self.is_running(job):
                lost_jobs.again(self.store, job)

    def has_work(self):
        return bool(self.store.working() or any(self.store.waiting(lane) for lane in LANES))

    def update(self):
        """Stop what is to stop, take up the jobs of processes that died, start waiting jobs, keep a process for the short lane."""
        self.stop_unwanted()
        searches.queue_due(self.store)
        for job in self.store.working():
            if not self.is_running(job):
                self.take_up(job)
        # Read before the jobs: a child that has ended takes no new job; one that runs may take one and die with it.
        dead = {pid for pid, child in self.children.items() if child.poll() is not None}
        working = self.store.working()
        at_work = {job["lane"] for job in working}
        self.forget(dead - {job["pid"] for job in working})
        for lane in LANES:
            if lane != "short" and lane not in at_work:
                for job in self.store.waiting(lane)[:1]:
                    self.start_alone(job)
        if self.short is None and self.adopted_short():
            return
        if self.short is None or self.short.poll() is not None:
            self.short = self.spawn("short")

    def stop_unwanted(self):
        """End the processes of slow jobs that a person has cancelled, or that nobody has asked for while an asked one waits."""
        waiting = self.store.waiting("slow")[:1]
        for job in self.store.working("slow"):
            if job["cancel"]:
                self.end(job)
                failed_jobs.cancel(self.store, job)
            elif job["priority"] == Priority.AHEAD and waiting and waiting[0]["priority"] > Priority.AHEAD:
                self.end(job)
                again = {"message": "", "progress": 0.0, "pid": None}
                self.store.move_job(job["id"], Status.RUNNING, Status.QUEUED, **again)

    def end(self, job):
        """Kill the process of a job, which leaves whole files or none, and wait until it has ended."""
        if child := self.children.pop(job["pid"], None):
            child.kill()
            child.wait()
        elif is_alive(job):
            with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
                process = psutil.Process(job["pid"])
                process.kill()
                process.wait(PATIENCE)

    def is_running(self, job):
        """Whether the process of a job still runs. Popen.poll() decides for a child of this process: a killed process
        is a zombie in /proc, without an exit code, until its last thread has ended."""
        child = self.children.get(job["pid"])
        if child:
            return child.poll() is None
        if not job[
            "pid"
        ]:  # an earlier queue was killed while it started the process, which writes its number itself
            seen = self.nameless.setdefault(job["id"], time.monotonic())
            return time.monotonic() - seen < BEGINS
        return is_alive(job)

    def forget(self, pids):
        """Drop children whose job has ended; the exit code of one that died during a job is kept until the job is failed."""
        for pid in pids:
            del self.children[pid]

    def adopted_short(self):
        """Whether the short-lane process of an earlier worker still runs: it continues, and no second one is started."""
        known = self.store.recall("short_worker")
        return bool(known) and is_alive(known)

    def start_alone(self, job):
        """Start a new process for one job of the lanes "train" and "slow"."""
        if not self.store.move_job(job["id"], Status.QUEUED, Status.RUNNING):
            return
        child = self.spare_for(job["id"]) or self.spawn("one", job["id"])
        self.store.set_job(job["id"], **identity(child.pid))

    def keep_spare(self):
        """Start a spare process where there is none and no work that it would slow down."""
        if (self.spare is None or self.spare.poll() is not None) and not self.has_work():
            self.spare = self.spawn_spare()

    def spawn_spare(self):
        """The Popen of a spare process, or None where the machine has little memory left."""
        return (
            self.spawn("spare", stdin=subprocess.PIPE) if psutil.virtual_memory().available > ROOM else None
        )

    def spare_for(self, job_id):
        """The Popen of the spare process, which now carries out this job; None where there is none."""
        spare, self.spare = self.spare, None
        if spare is None or spare.poll() is not None:
            return None
        try:
            spare.stdin.write(f"{job_id}\n".encode())
            spare.stdin.close()
        except OSError:  # it has ended in the meantime
            return None
        return spare

    def spawn(self, *arguments, stdin=subprocess.DEVNULL):
        with open(self.root / "worker.log", "ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "core.worker", *arguments],
                stdin=stdin,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.children[child.pid] = child
        return child

    def take_up(self, job):
        """Queue a running job whose process has ended again, or fail it."""
        self.nameless.pop(job["id"], None)
        child = self.children.get(job["pid"])
        lost_jobs.lost(self.store, job, child.poll() if child else None)

    def stop_children(self):
        """Terminate all children."""
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()


def sweep(store):
    """Remove what nothing refers to: uploads and temporary folders older than a day, folders of deleted or failed datasets."""
    upload_files.sweep(store)
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
