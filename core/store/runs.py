"""Runs: created from a preparation, trained, cancelled."""

import time
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from core.store import schema
from core.store.access import seen_by
from core.store.rows import Missing
from core.store.run_names import numbered, random_names
from core.store.status import Explored, Status


class Stamp(NamedTuple):
    """What of a run changes while it waits, trains and is analysed; while it is the same, so are its facts and epochs."""

    status: str
    phase: str
    explored: str
    message: str
    best_epoch: int | None
    n_epochs: int | None  # planned
    started: float | None
    ended: float | None
    name: str
    last_epoch: int  # 0 before the first one


@lru_cache(maxsize=256)
def _stamp_of(user):
    """The statement of `Runs.stamp`: pages ask it every second, and building it takes longer than its answer."""
    last = select(func.coalesce(func.max(schema.epochs.c.epoch), 0)).where(
        schema.epochs.c.run == bindparam("run")
    )
    columns = [schema.runs.c[name] for name in Stamp._fields[:-1]]
    return select(*columns, last.scalar_subquery()).where(
        schema.runs.c.id == bindparam("run"), seen_by(user, schema.runs)
    )


class Runs:
    """The runs that one user may see."""

    def __init__(self, access, preparations):
        self.access, self.database, self.preparations = access, access.database, preparations

    def all(self, **columns):
        """Rows, the newest first; of those whose `columns` have these values, such as the id of a dataset."""
        same = [schema.runs.c[name] == value for name, value in columns.items()]
        return self.database.rows("run", self.access.seen(schema.runs), *same)

    def latest(self, **columns):
        """The newest row of those that `all` has, or None."""
        same = [schema.runs.c[name] == value for name, value in columns.items()]
        return self.database.newest("run", self.access.seen(schema.runs), *same)

    def one(self, id):
        """The row of a run; raises Missing."""
        return self.access.one("run", id)

    def stamp(self, run_id):
        """The Stamp of a run, in one short statement; raises Missing."""
        with self.database.reading() as db:
            row = db.execute(_stamp_of(self.access.user), {"run": str(run_id)}).first()
        if row is None:
            raise Missing.of("run", run_id)
        return Stamp(*row)

    def epochs(self, run_id, after=0):
        """The epochs of a run so far, those later than `after`, as dicts with the columns of history.csv."""
        self.one(run_id)
        return self.database.epochs(run_id, after)

    def n_epochs(self, run_id):
        """How many epochs of a run there are so far."""
        self.one(run_id)
        return self.database.n_epochs(run_id)

    def create(self, preparation_id, values, name="", **fields):
        """A new run, not yet trained, from a preparation and the settings of model and training; returns its id.

        Without a `name` it gets a random one; a name that another run of the server has gets a number. `fields` are
        columns of its row that differ from those of a new run.
        """
        preparation, config = self.preparations.run_config(preparation_id, values)
        row = {
            "dataset": preparation["dataset"],
            "preparation": preparation_id,
            "config": config.model_dump(),
            "status": Status.CREATED,
            "phase": "",
            "explored": Explored.NOT_STARTED,
        }
        names = numbered(name) if name else random_names()
        return self.database.add_run(self.access.user, names, **row | fields)

    def train(self, run_id):
        """Queue the training of a run; returns the job's id. A run is trained once, however often this is called."""
        self.access.own("run", run_id)
        with self.database.transaction():
            self.database.move("run", run_id, Status.CREATED, Status.QUEUED)
            return self.database.submit(self.access.user, "train", "train", run_id, token=f"train:{run_id}")

    def cancel(self, run_id):
        """Ask a run to stop; a queued one is stopped at once."""
        row = self.access.own("run", run_id)
        job = self.access.last_job(run_id, "train")
        when = "it continued" if row["started"] else "it began"
        values = {"message": f"Cancelled before {when}.", "ended": time.time()}
        with self.database.transaction():
            if self.database.move("run", run_id, Status.QUEUED, Status.CANCELLED, **values):
                if job:
                    self.database.move_job(job["id"], Status.QUEUED, Status.CANCELLED)
                return  # its process may be starting: it finds the run cancelled and exits
            if self.database.move("run", run_id, Status.RUNNING, Status.CANCELLING):
                self.database.set_job(job["id"], cancel=True)

    def explore_again(self, run_id):
        """Queue the neighbours, clusters and embeddings of a run again after they failed."""
        self.access.own("run", run_id)
        with self.database.transaction():
            job = self.database.submit(
                self.access.user, "short", "explore", run_id, token=f"explore:{run_id}"
            )
            self.database.move_job(job, Status.FAILED, Status.QUEUED, message="", progress=0.0, pid=None)
            if self.database.job(job)["status"] == Status.QUEUED:
                self.database.set("run", run_id, explored=Explored.WORKING)

    def deleted(self, run_id):
        """{"name", "dataset"} of a run that was deleted, for links that are old; None of any other, or of a dataset that the
        user may not see."""
        kept = self.database.recall(f"deleted:{run_id}")
        return kept if kept and self.access.readable("dataset", kept["dataset"]) else None
