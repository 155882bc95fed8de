"""What becomes of jobs whose process ended in the middle: they are queued again, a training from its newest checkpoint.

A job whose processes end again and again without progress fails with a sentence that says how they ended.
"""

import signal

from core import checkpoint_file
from core.store import Status
from core.worker import failed_jobs

# Deaths without progress after which a job fails: training is dear, and what killed it may pass.
MOST_DEATHS = {"train": 3}
FEW_DEATHS = 2
# These jobs fill rows whose files may be what killed the process, or make several rows, so they are not repeated.
NOT_REPEATED = (*failed_jobs.FILLS["dataset"], "recipe", "recommended")

KILLED = (
    "The worker process was killed (signal {signal}), most likely because memory ran out. "
    "Fewer variable genes or a smaller dataset need less."
)
STOPPED = "The worker process was stopped (signal {signal})."
CRASHED = "The worker process crashed (signal {signal}). The server's worker.log may say more."
WORDS = {
    **dict.fromkeys((signal.SIGKILL,), KILLED),
    **dict.fromkeys((signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT), STOPPED),
}
REPEATED = "Training was started {n} times {where} and ended each time without a further checkpoint. {how}"


def sentence(code):
    """How a process ended, by its exit code; None where it is not known."""
    if code is None or code >= 0:
        return failed_jobs.LOST
    return WORDS.get(-code, CRASHED).format(signal=-code)


def lost(store, job, code=None):
    """Queue a running job again whose process has ended with this exit code, or fail it after too many such ends."""
    if job["kind"] in NOT_REPEATED:
        return failed_jobs.fail(store, job, sentence(code))
    reached = _reached(store, job)
    deaths = 1 if reached > job["reached"] else job["deaths"] + 1
    if deaths < MOST_DEATHS.get(job["kind"], FEW_DEATHS):
        return again(store, job, deaths=deaths, reached=reached)
    message = sentence(code)
    if job["kind"] == "train":
        where = f"from epoch {reached}" if reached else "from the beginning"
        message = REPEATED.format(n=deaths, where=where, how=message)
    failed_jobs.fail(store, job, message)


def _reached(store, job):
    """The epoch of the newest checkpoint of a training; 0 of other jobs."""
    kept = checkpoint_file.newest(store.root / "runs" / job["target"]) if job["kind"] == "train" else None
    return kept.epoch if kept else 0


def again(store, job, **values):
    """Queue a running job again as it is; one that was to be cancelled is, but for a training, which keeps what it has learnt."""
    if job["kind"] in NOT_REPEATED:
        return failed_jobs.fail(store, job, failed_jobs.LOST)
    if job["cancel"] and job["kind"] != "train":
        return failed_jobs.cancel(store, job)
    values |= {"message": "", "progress": 0.0, "pid": None, "started": None, "ended": None}
    with store.transaction():
        if store.move_job(job["id"], Status.RUNNING, Status.QUEUED, **values):
            for kind, job_kinds in failed_jobs.FILLS.items():
                if job["kind"] in job_kinds:
                    store.move(kind, job["target"], Status.RUNNING, Status.QUEUED)
