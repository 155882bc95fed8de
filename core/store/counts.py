"""How many jobs wait and run, how many rows there are, and the version: what the metrics of a server tell."""

import time

from sqlalchemy import func, select

from core import __version__ as version  # noqa: F401  what the metrics name
from core.store.schema import datasets, jobs, runs
from core.store.status import Status


def open_jobs(store):
    """{(lane, status): how many jobs} of those that wait or run."""
    of_kind = select(jobs.c.lane, jobs.c.status, func.count()).group_by(jobs.c.lane, jobs.c.status)
    with store.reading() as db:
        rows = db.execute(of_kind.where(jobs.c.status.in_((Status.QUEUED, Status.RUNNING))))
        return {(lane, str(status)): n for lane, status, n in rows}


def oldest_wait(store):
    """Seconds for which the oldest queued job waits; 0 without one."""
    with store.reading() as db:
        oldest = db.execute(select(func.min(jobs.c.created)).where(jobs.c.status == Status.QUEUED)).scalar()
    return max(0.0, time.time() - oldest) if oldest else 0.0


def rows(store):
    """{(kind, status): how many} of datasets and runs."""
    counted = {}
    with store.reading() as db:
        for kind, table in (("dataset", datasets), ("run", runs)):
            query = select(table.c.status, func.count()).group_by(table.c.status)
            counted |= {(kind, str(status)): n for status, n in db.execute(query)}
    return counted
