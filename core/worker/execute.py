"""Carry out jobs: call the function of the job's kind, and store its result or its error message."""

import logging
import os
import sys
import time
import traceback

import psutil

from core.errors import DISK_FULL, OUT_OF_MEMORY, UserError, is_disk_full, is_out_of_memory
from core.store import Missing, Priority, Status, limits, run_removal, searches, server_key
from core.worker import failed_jobs, launch, lost_jobs, servers, termination
from core.worker.patience import patiently
from core.worker.processes import identity

IDLE = 0.1  # seconds between two queries of an empty queue
NICE = 15  # of a process whose work nobody has asked for yet
log = logging.getLogger("nuwa.worker")
UNUSED = 1800.0  # seconds without a job after which a further process ends; the queue starts it again when work waits
FULL = 6 * 1024**3  # bytes of memory at which the short-lane process exits; the queue starts a new one


class Cancelled(Exception):
    """A person has stopped the job."""


def execute(store, job):
    """Carry out a job that is marked running; store its result, or one sentence on why it failed."""
    from core.worker.job_kinds import KINDS

    def say(message, progress=0.0):
        if store.cancelled(job["id"]):
            raise Cancelled
        if not patiently(lambda: store.set_job(job["id"], message=message, progress=progress)):
            raise Missing("This job no longer exists.")  # it was deleted with the row that it works for

    try:
        if job["kind"] in limits.MAKES_FILES:
            limits.check_disk(store.root, store.settings.min_free_gb)
        result = KINDS[job["kind"]](store, job, say)
    except Cancelled:
        patiently(lambda: failed_jobs.cancel(store, job))
    except UserError as error:
        _fail(store, job, str(error))
    except Exception as error:  # the message of the job is one sentence; the log has the traceback
        log.exception("A job failed", extra={"job": job["id"], "kind": job["kind"]})
        if is_disk_full(error):
            _fail(store, job, DISK_FULL)
        elif is_out_of_memory(error):
            _fail(store, job, OUT_OF_MEMORY)
        else:
            short = f"{type(error).__name__}: {error}".strip().splitlines()[0][:200]
            sentence = f"Something failed inside Nuwa ({short}). The server's worker.log has the details."
            _fail(store, job, sentence)
    else:
        end = {"result": result, "progress": 1.0}
        patiently(lambda: store.move_job(job["id"], Status.RUNNING, Status.DONE, **end))


def _fail(store, job, sentence):
    patiently(lambda: failed_jobs.fail(store, job, sentence))


def one(store, job_id):
    """Carry out one job that the queue has marked running; returns the exit code of its process."""
    store.set_job(job_id, **identity())  # the queue does so, too, but may be killed before
    job = store.job(job_id)
    if job["priority"] == Priority.AHEAD:
        os.nice(NICE)
    try:
        termination.install()
        execute(store, job)
    except termination.Terminated:
        lost_jobs.again(store, job)
    return 0


def take(store, lane, least=Priority.AHEAD, may=None):
    """The next job of a lane of the priority `least` at least that `may(job)` allows, marked running for this process; or None."""
    if store.is_paused(lane):
        return None
    for job in store.waiting(lane):
        if job["priority"] < least:
            break
        if (may is None or may(job)) and store.start_job(job["id"], **identity()):
            return store.job(job["id"])
    return None


def leaves_one_free(store, most):
    """A test of jobs for `take`: with accounts, one of `most` processes for short work stays free for other people."""

    def may(job):
        if most < 2 or not store.accounts.any():
            return True
        return sum(other["owner"] == job["owner"] for other in store.working("short")) < most - 1

    return may


def drain(store, ahead=False):
    """Carry out the waiting jobs of every lane in this process: for tests, notebooks and NUWA_INLINE=1.

    Those that nobody has asked for yet wait on, but with `ahead`.
    """
    run_removal.remove_due(store)
    searches.queue_due(store)
    least = Priority.AHEAD if ahead else Priority.AHEAD + 1
    while job := next(
        (job for lane in ("read", "short", "train", "slow") if (job := take(store, lane, least))), None
    ):
        execute(store, job)
        searches.queue_due(store)


def serve(store, name):
    """Carry out the jobs of the lane of a server (core.worker.servers) until the queue stops, or it is not needed.

    Numeric libraries stay loaded and compiled between jobs. The first server for short work warms up before its first
    job, and is always needed.
    """
    me, lane, is_first = psutil.Process(), servers.lane_of(name), name == servers.FIRST
    store.remember(server_key(name), identity())
    may = leaves_one_free(store, servers.most_short(store.settings)) if lane == servers.FIRST else None
    warm = not is_first
    last_job, alone_since = time.monotonic(), None
    if name == servers.READER:
        _start_reading()
    while True:
        if job := take(store, lane, may=may):
            execute(store, job)
            last_job = time.monotonic()
            if me.memory_info().rss > FULL:
                return 0
        elif not warm:
            _warm_up(store)
            warm = True
        elif not is_first and time.monotonic() - last_job > UNUSED:
            return 0
        elif launch.is_running(store.root):
            alone_since = None
            time.sleep(IDLE)
        else:  # a queue that was killed may be restarted soon
            alone_since = alone_since or time.monotonic()
            if time.monotonic() - alone_since > launch.STALE:
                return 0
            time.sleep(IDLE)


def _start_reading():
    """Start the process that forks for each file, so that the first one does not wait for its libraries."""
    from core.data import read

    read.SERVER.start()


def _warm_up(store):
    """Load the numeric libraries while no job waits, and record the device for the web process."""
    from core import device
    from core.analysis import markers
    from core.analysis.warm_up import warm_up

    chosen = device.choose("auto")
    store.remember("device", chosen._asdict() | {"cores": device.n_cores()})
    try:
        warm_up()
        markers.warm_up()
    except Exception:  # not needed for correctness; a job that needs it reports the error
        traceback.print_exc(file=sys.stderr)
