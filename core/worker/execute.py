"""One job from beginning to end: what it is for is looked up, what becomes of it is written down."""

import sys
import time
import traceback

import psutil

from core.errors import OUT_OF_MEMORY, UserError, is_out_of_memory
from core.store import Status
from core.worker import launch
from core.worker.queue import fail_target

IDLE = 0.1  # seconds between two looks at an empty queue
FULL = 6 * 1024**3  # bytes; a warm process that has grown beyond goes, and a fresh one comes


def execute(store, job):
    """Carry out a job that is marked running: its result, or one sentence on why there is none."""
    from core.worker.job_kinds import KINDS

    def say(message, progress=0.0):
        store.set_job(job["id"], message=message, progress=progress)

    try:
        result = KINDS[job["kind"]](store, job, say)
    except UserError as error:
        give_up(store, job, str(error))
    except Exception as error:  # the edge where a failing job is reported; the log keeps the traceback
        traceback.print_exc()
        if is_out_of_memory(error):
            give_up(store, job, OUT_OF_MEMORY)
        else:
            short = f"{type(error).__name__}: {error}".strip().splitlines()[0][:200]
            words = f"Something failed inside Nuwa ({short}). The server's worker.log has the details."
            give_up(store, job, words)
    else:
        store.move_job(job["id"], Status.RUNNING, Status.DONE, result=result, progress=1.0)


def give_up(store, job, message):
    """Mark the job, and what it worked for, as failed with this message."""
    if store.move_job(job["id"], Status.RUNNING, Status.FAILED, message=message):
        fail_target(store, job, message)


def one(store, job_id):
    """Carry out one job that the queue has marked running; returns the exit code of its process."""
    execute(store, store.job(job_id))
    return 0


def take(store, lane):
    """The next job of a lane, marked running for this process, or None."""
    me = psutil.Process()
    for job in store.waiting(lane):
        if store.move_job(job["id"], Status.QUEUED, Status.RUNNING, pid=me.pid, pid_started=me.create_time()):
            return store.job(job["id"])
    return None


def drain(store):
    """Carry out all that waits in every lane, in this process: for tests, notebooks and NUWA_INLINE=1."""
    while job := take(store, "short") or take(store, "train") or take(store, "slow"):
        execute(store, job)


def serve_short(store):
    """Carry out short jobs until the queue's owner is gone; the science stays loaded and compiled in between."""
    me = psutil.Process()
    store.remember("short_worker", {"pid": me.pid, "pid_started": me.create_time()})
    warm = False
    alone_since = None
    while True:
        if job := take(store, "short"):
            execute(store, job)
            if me.memory_info().rss > FULL:
                return 0
        elif not warm:
            _warm_up(store)
            warm = True
        elif launch.is_running(store.root):
            alone_since = None
            time.sleep(IDLE)
        else:  # a queue that was killed may be replaced in a moment
            alone_since = alone_since or time.monotonic()
            if time.monotonic() - alone_since > launch.STALE:
                return 0
            time.sleep(IDLE)


def _warm_up(store):
    """Load the numeric libraries while no job waits, and record the device for the web process."""
    from core import device
    from core.analysis import markers
    from core.analysis.warm_up import warm_up
    from core.data import read

    found = device.choose("auto")
    store.remember("device", found._asdict() | {"cores": device.n_cores()})
    read.SERVER.start()
    try:
        warm_up()
        markers.warm_up()
    except Exception:  # warming is a courtesy; the job that needs it will say what is wrong
        traceback.print_exc(file=sys.stderr)
