"""The rows of jobs: queued, taken, moved, cancelled. A Database has them beside its other rows."""

import time

from sqlalchemy import delete, func, select, update

from core.config.job_arguments import arguments_of
from core.store.rows import Missing, new_id, typed
from core.store.schema import is_new, jobs
from core.store.status import CANCELLED, Status

# One training run a device; short work in one warm process; slow work, such as t-SNE and bundles, in its own.
LANES = ("train", "short", "slow")


class JobRows:
    """What a Database knows of jobs; it has `engine`, `transaction` and `reading` (core.store.connection)."""

    def submit(self, owner, lane, kind, target, arguments=None, token=None, priority=0):
        """Queue a job; with a known token, the job of the first time. Returns the id.

        `arguments` are the record of its kind (core.config.job_arguments) or its JSON; raises UserError where they do
        not fit.
        """
        values = {
            "id": new_id(),
            "owner": owner,
            "lane": lane,
            "kind": kind,
            "target": target,
            "token": token,
        }
        values |= {
            "arguments": arguments_of(kind, arguments).record(),
            "priority": priority,
            "status": Status.QUEUED,
            "created": time.time(),
        }
        with self.transaction() as db:
            if is_new(db, jobs, values):
                return values["id"]
            return db.execute(select(jobs.c.id).where(jobs.c.token == token)).scalar_one()

    def job(self, id):
        """One job as a dict; raises Missing."""
        with self.reading() as db:
            row = db.execute(select(jobs).where(jobs.c.id == str(id))).mappings().first()
        if row is None:
            raise Missing("This job no longer exists.")
        return typed(row)

    def jobs(self, *conditions):
        """Jobs as dicts in the order in which they are taken."""
        with self.reading() as db:
            order = (jobs.c.priority.desc(), jobs.c.created)
            rows = db.execute(select(jobs).where(*conditions).order_by(*order)).mappings()
            return [typed(row) for row in rows]

    def waiting(self, lane=None):
        """The queued jobs, of one lane or all, the next one first."""
        in_lane = (jobs.c.lane == lane,) if lane else ()
        return self.jobs(jobs.c.status == Status.QUEUED, *in_lane)

    def working(self, lane=None):
        """The running jobs, of one lane or all."""
        in_lane = (jobs.c.lane == lane,) if lane else ()
        return self.jobs(jobs.c.status == Status.RUNNING, *in_lane)

    def count_jobs(self):
        """{lane: how many jobs wait or run}."""
        open_jobs = jobs.c.status.in_((Status.QUEUED, Status.RUNNING))
        statement = select(jobs.c.lane, func.count()).where(open_jobs).group_by(jobs.c.lane)
        with self.reading() as db:
            return dict.fromkeys(LANES, 0) | dict(db.execute(statement).all())

    def set_job(self, id, **values):
        """Change fields of a job other than its status; False where it was deleted."""
        with self.transaction() as db:
            return db.execute(update(jobs).where(jobs.c.id == id).values(**values)).rowcount == 1

    def queue_again(self, id, statuses=(Status.FAILED, Status.CANCELLED)):
        """Queue a job that has one of these statuses as if it were new; False where it has another."""
        new = {"message": "", "progress": 0.0, "pid": None, "result": None, "cancel": False, "deaths": 0}
        return any(self.move_job(id, old, Status.QUEUED, started=None, ended=None, **new) for old in statuses)

    def stop_job(self, id):
        """Cancel a job: at once where it waits; one that runs is stopped by the worker."""
        self.set_job(id, cancel=True)
        self.move_job(id, Status.QUEUED, Status.CANCELLED, message=CANCELLED)

    def promote(self, id, lane, priority):
        """Give a job that waits or runs a higher priority, and one that waits another lane."""
        with self.transaction() as db:
            of_job = update(jobs).where(jobs.c.id == id)
            lower = of_job.where(jobs.c.priority < priority)
            if db.execute(lower.values(priority=priority)).rowcount:
                db.execute(of_job.where(jobs.c.status == Status.QUEUED).values(lane=lane))

    def move_job(self, id, old, new, **values):
        """Move a job's status in one statement; False where it was another."""
        stamp = {"started": time.time()} if new == Status.RUNNING else {"ended": time.time()}
        with self.transaction() as db:
            moved = (
                update(jobs).where(jobs.c.id == id, jobs.c.status == old).values(status=new, **stamp | values)
            )
            return db.execute(moved).rowcount == 1

    def forget_job(self, id):
        """Remove a job that is done, and its result."""
        with self.transaction() as db:
            db.execute(delete(jobs).where(jobs.c.id == id, jobs.c.status == Status.DONE))

    def cancelled(self, job_id):
        """Has somebody asked this job to stop?"""
        with self.reading() as db:
            return bool(db.execute(select(jobs.c.cancel).where(jobs.c.id == job_id)).scalar())

    def ahead_of(self, job):
        """The jobs of its lane that run or will be taken before this one, in that order."""
        running = [one for one in self.working(job["lane"]) if one["id"] != job["id"]]
        return running + [
            one
            for one in self.waiting(job["lane"])
            if (-one["priority"], one["created"]) < (-job["priority"], job["created"])
        ]
