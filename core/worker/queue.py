"""The queue: owns the children, starts what waits, and tells what became of those that died."""

import fcntl
import math
import shutil
import subprocess
import sys
import time

import psutil

from core.data import DEMO_TITLES
from core.store import LANES, Explored, Status, Store, uploads
from core.worker import launch

HOUR, DAY = 3600, 24 * 3600
TICK = 0.2  # seconds between two looks at the queue

KILLED = (
    "The worker process was killed (signal {signal}), most likely because memory ran out. "
    "Fewer variable genes or a smaller dataset need less."
)
LOST = "The worker stopped in the middle of this work; start it again."


class Queue:
    """One a data folder (it holds a lock), light: it imports no science itself."""

    def __init__(self, settings):
        self.settings, self.root = settings, settings.data_dir
        self.children = {}  # pid -> Popen
        self.short = None  # the Popen of the warm process

    def run(self):
        """Work until nothing is left to do and nobody is there; returns the exit code."""
        self.root.mkdir(parents=True, exist_ok=True)
        with open(self.root / "worker.lock", "a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return 0  # somebody else is the worker
            self.store = Store(self.settings)
            add_demos(self.store)
            swept = -math.inf
            while True:
                if time.monotonic() - swept > HOUR:
                    sweep(self.store)
                    swept = time.monotonic()
                self.look()
                if not self.has_work() and not launch.is_wanted(self.root):
                    self.send_home()
                    return 0
                time.sleep(TICK)

    def has_work(self):
        return bool(self.store.working() or any(self.store.waiting(lane) for lane in LANES))

    def look(self):
        """One look: bury the dead, start what waits, keep the short lane warm."""
        for job in self.store.working():
            if not self.lives(job):
                self.bury(job)
        # Before the jobs are read: a child that is dead now takes none any more, one that lives may die with a new one.
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

    def lives(self, job):
        """Does the process of a job still run? Of a child of ours the kernel's answer to its parent counts: a killed
        process is a zombie in /proc, without an exit code, until the last of its threads is gone."""
        child = self.children.get(job["pid"])
        return child.poll() is None if child else alive(job)

    def forget(self, pids):
        """Forget children whose job is over; of one that died at work the exit code is kept until it is buried."""
        for pid in pids:
            del self.children[pid]

    def adopted_short(self):
        """Does a short-lane process of a worker before us still live? It goes on; a second would share its jobs."""
        known = self.store.recall("short_worker")
        return bool(known) and alive(known)

    def start_alone(self, job):
        """A clean interpreter for one training run or one slow picture."""
        if not self.store.move_job(job["id"], Status.QUEUED, Status.RUNNING):
            return
        child = self.spawn("one", job["id"])
        self.store.set_job(job["id"], pid=child.pid, pid_started=psutil.Process(child.pid).create_time())

    def spawn(self, *words):
        with open(self.root / "worker.log", "ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "core.worker", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.children[child.pid] = child
        return child

    def bury(self, job):
        """A running job whose process is gone: say so on the job and on what it worked for."""
        child = self.children.get(job["pid"])
        code = child.poll() if child else None
        message = KILLED.format(signal=-code) if code is not None and code < 0 else LOST
        if not self.store.move_job(job["id"], Status.RUNNING, Status.FAILED, message=message):
            return  # it had finished in the meantime
        fail_target(self.store, job, message)

    def send_home(self):
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()


def fail_target(store, job, message):
    """The row a broken job worked for gets its status and its message."""
    target, kind = job["target"], job["kind"]
    if kind == "train":
        store.move(
            "run",
            target,
            (Status.QUEUED, Status.RUNNING, Status.CANCELLING),
            Status.FAILED,
            message=message,
            ended=time.time(),
        )
    elif kind == "explore":
        store.set("run", target, explored=Explored.FAILED)
    elif kind == "recipe":
        store.of(job["owner"]).recipes.roll_back(job["id"])
    elif kind in ("read", "steps", "join", "select", "prepare"):
        table = "preparation" if kind == "prepare" else "dataset"
        store.move(table, target, (Status.QUEUED, Status.RUNNING), Status.FAILED, message=message)


def alive(record):
    """Does the process of a job (pid, start time) still run?"""
    if not record.get("pid"):
        return time.time() - (record.get("started") or 0) < 5  # it is being started at this moment
    try:
        process = psutil.Process(record["pid"])
        same = abs(process.create_time() - record["pid_started"]) < 1
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def sweep(store):
    """Remove what is a day old: uploads that stopped, and what work that was killed with its worker left."""
    uploads.sweep(store)
    for name in ("nuwa-read-*", "nuwa-bundle-*"):
        for left in (store.root / "cache").glob(name):
            if time.time() - left.stat().st_mtime > DAY:
                shutil.rmtree(left, ignore_errors=True)


def add_demos(store):
    """Add the included datasets, at the first start only."""
    if store.recall("demos_added"):
        return
    store.remember("demos_added", True)
    for name, title in DEMO_TITLES.items():
        id = store.add(
            "dataset", "local", name=title, origin=f"demo:{name}", status=Status.QUEUED, visibility="shared"
        )
        store.submit("local", "short", "read", id, {"demo": name})
