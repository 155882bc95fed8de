"""The rows of jobs: queued, taken, moved, cancelled. A Database has them beside its other rows."""

import time
from itertools import takewhile

from sqlalchemy import delete, func, insert, select, update

from core.config.job_arguments import arguments_of
from core.store import fair_order
from core.store.queue_tables import limits, turns
from core.store.rows import Missing, new_id, typed
from core.store.schema import is_new, jobs, meta
from core.store.status import CANCELLED, Priority, Status

# One training run a device; short work and the reading of files in warm processes; slow work, such as t-SNE and bundles,
# in a process of its own.
LANES = ("train", "short", "slow", "read")
PAUSED = "queue_paused"  # the key under which a pause of the queue is remembered
SERVER = "_worker"  # the end of the keys under which warm processes are remembered
WAIT_IN_A_PAUSE = ("train", "slow")  # pages stay usable while the queue is paused


def server_key(name):
    """The key under which the warm process `name` of a worker is remembered."""
    return f"{name}{SERVER}"


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
        """Jobs as dicts, by priority and age."""
        with self.reading() as db:
            order = (jobs.c.priority.desc(), jobs.c.created)
            rows = db.execute(select(jobs).where(*conditions).order_by(*order)).mappings()
            return [typed(row) for row in rows]

    def waiting(self, lane=None):
        """The queued jobs, of one lane or all, lane by lane, the next one first."""
        in_lane = (jobs.c.lane == lane,) if lane else ()
        by_lane = {}
        for job in self.jobs(jobs.c.status == Status.QUEUED, *in_lane):
            by_lane.setdefault(job["lane"], []).append(job)
        order = []
        for name in sorted(by_lane, key=LANES.index):
            several = len({job["owner"] for job in by_lane[name]}) > 1
            order += fair_order.ordered(by_lane[name], *self._turns(name) if several else ({}, {}))
        return order

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

    def count_waiting(self):
        """{lane: how many jobs wait}."""
        statement = (
            select(jobs.c.lane, func.count()).where(jobs.c.status == Status.QUEUED).group_by(jobs.c.lane)
        )
        with self.reading() as db:
            return dict(db.execute(statement).all())

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

    def start_job(self, id, **values):
        """Move a job from queued to running, which is its owner's turn in the lane; False where it was not queued."""
        with self.transaction() as db:
            if not self.move_job(id, Status.QUEUED, Status.RUNNING, **values):
                return False
            lane, owner, priority = db.execute(
                select(jobs.c.lane, jobs.c.owner, jobs.c.priority).where(jobs.c.id == id)
            ).one()
            if priority > Priority.AHEAD:  # nobody has asked for the others: they cost no turn
                all_turns, weights = self._turns(lane)
                turn = fair_order.next_turn(owner, all_turns, weights.get(owner, 1.0))
                db.execute(delete(turns).where(turns.c.lane == lane, turns.c.owner == owner))
                db.execute(insert(turns), {"lane": lane, "owner": owner} | turn._asdict())
            return True

    def _turns(self, lane):
        """({owner: Turn}, {owner: weight}) of a lane."""
        with self.reading() as db:
            rows = db.execute(
                select(turns.c.owner, turns.c.began, turns.c.passed).where(turns.c.lane == lane)
            )
            taken = {owner: fair_order.Turn(began, passed) for owner, began, passed in rows}
            weights = db.execute(select(limits.c.user, limits.c.weight).where(limits.c.weight.is_not(None)))
            return taken, dict(weights.all())

    def move_to_front(self, id):
        """Let a waiting job start before all others of its lane; False where it does not wait."""
        with self.transaction() as db:
            highest = db.execute(
                select(func.max(jobs.c.priority)).where(jobs.c.status == Status.QUEUED, jobs.c.id != id)
            ).scalar()
            priority = max(Priority.FRONT, (highest or 0) + 1)
            moved = update(jobs).where(jobs.c.id == id, jobs.c.status == Status.QUEUED)
            return db.execute(moved.values(priority=priority)).rowcount == 1

    def servers(self):
        """{name: identity of its process} of the warm processes of workers, those that have ended included."""
        with self.reading() as db:
            rows = db.execute(select(meta).where(meta.c.key.endswith(SERVER, autoescape=True)))
            return {key.removesuffix(SERVER): value for key, value in rows}

    def is_paused(self, lane):
        """Does this lane start nothing, since an administrator has paused the queue?"""
        return lane in WAIT_IN_A_PAUSE and bool(self.recall(PAUSED))

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
        waiting = self.waiting(job["lane"])
        if job["id"] not in [one["id"] for one in waiting]:
            return running
        return running + list(takewhile(lambda one: one["id"] != job["id"], waiting))
