"""Jobs that carry out other queued jobs within themselves, and stop between two messages when they are cancelled."""

from core.errors import UserError
from core.store import Status
from core.worker.processes import identity

BUSY = "Another job is at this work already: wait until it is done, then try again."


class Cancelled(Exception):
    """The person asked the job to stop."""


def work_on(store, job_id, work, say):
    """Carry out a queued job within this one, in this process; both say how far it is."""

    def say_both(message, progress=0.0):
        store.set_job(job_id, message=message, progress=progress)
        say(message, progress)

    if not store.move_job(job_id, Status.QUEUED, Status.RUNNING, **identity()):
        raise UserError(BUSY)
    work(store, store.job(job_id), say_both)
    store.move_job(job_id, Status.RUNNING, Status.DONE, progress=1.0)


def stoppable(store, job, say, low, high):
    """`say` for a part of the job, from `low` to `high` of its progress; raises Cancelled once it is asked to stop."""

    def say_part(message, progress=0.0):
        if store.cancelled(job["id"]):
            raise Cancelled
        say(message, low + (high - low) * progress)

    return say_part
