"""What one person may see and change: "does it exist" and "may you see it" are one question."""

from sqlalchemy import and_, or_

from core.config.job_arguments import arguments_of
from core.errors import UserError
from core.store.rows import TABLES, Missing, digest, new_id
from core.store.schema import jobs
from core.store.status import Priority, Status


class Access:
    """Rows and jobs of a Database for one user; the parts of a View read and queue through it."""

    def __init__(self, database, user):
        self.database, self.user = database, user

    def seen(self, table):
        """The SQL condition of rows that the user may see; a run that was deleted is seen by nobody."""
        allowed = or_(table.c.owner == self.user, table.c.visibility == "shared")
        return and_(allowed, table.c.remove_at.is_(None)) if "remove_at" in table.c else allowed

    def one(self, kind, id):
        """A row that the user may see; raises Missing."""
        row = self.database.row(kind, id)
        allowed = row["owner"] == self.user or row["visibility"] == "shared"
        if not allowed or row.get("remove_at") is not None:
            raise Missing.of(kind, id)
        return row

    def own(self, kind, id):
        """A row that the user may change; raises Missing, or UserError where it is somebody else's."""
        row = self.one(kind, id)
        if row["owner"] != self.user:
            raise UserError(f"This {kind} belongs to somebody else; only its owner can change it.")
        return row

    def readable(self, kind, id):
        """The row if it exists and the user may see it, else None: for links that may be old."""
        if kind not in TABLES or not id:
            return None
        try:
            return self.one(kind, id)
        except Missing:
            return None

    def own_job(self, id):
        """A job that the user queued; raises Missing."""
        job = self.database.job(id)
        if job["owner"] != self.user:
            raise Missing("This job no longer exists.")
        return job

    def begin(self, kind, row, work, arguments, token):
        """A new row and the job that fills it, both or neither; with a known token, the job of the first time."""
        id = new_id()
        with self.database.transaction():
            job_id = self.database.submit(
                self.user, "short", work, id, arguments, token=token, priority=Priority.ASKED
            )
            job = self.database.job(job_id)
            if job["target"] == id:
                self.database.add(kind, self.user, id=id, status=Status.QUEUED, **row)
        return job

    def last_job(self, target, kind):
        """The newest job of a kind for a row, or None."""
        of_kind = self.database.jobs(jobs.c.target == target, jobs.c.kind == kind)
        return max(of_kind, key=lambda job: job["created"], default=None)

    def once(self, kind, target, arguments, lane="short", priority=Priority.ASKED):
        """The job of a kind for these arguments, queued once, and again where it failed or was cancelled.

        One that waits with a lower priority, as nobody had asked for it, moves to the `lane` and `priority`.
        """
        token = self._token(kind, target, arguments)
        id = self.database.submit(self.user, lane, kind, target, arguments, token, priority)
        self.database.queue_again(id)
        self.database.promote(id, lane, priority)
        return self.database.job(id)

    def latest(self, kind, target, arguments):
        """The job of a kind for these arguments, queued once; the user's waiting jobs of this kind for others are dropped."""
        token = self._token(kind, target, arguments)
        id = self.database.submit(self.user, "short", kind, target, arguments, token, Priority.TYPED)
        for other in self.database.waiting("short"):
            mine = (other["owner"], other["kind"], other["target"]) == (self.user, kind, target)
            if mine and other["id"] != id:
                self.database.move_job(other["id"], Status.QUEUED, Status.CANCELLED)
        return self.database.job(id)

    def _token(self, kind, target, arguments):
        return f"{kind}:{self.user}:{target}:{digest(arguments_of(kind, arguments).record())}"
