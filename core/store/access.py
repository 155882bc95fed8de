"""What one person may see and change: "does it exist" and "may you see it" are one question."""

from functools import cached_property, lru_cache

from sqlalchemy import and_, bindparam, or_, select

from core.config.job_arguments import arguments_of
from core.errors import UserError
from core.store.accounts import Accounts
from core.store.limits import Limits
from core.store.people_tables import project_items, project_members, shares, team_members
from core.store.permitted import Permitted
from core.store.roles import ADMINS_ONLY, NO_COUNTS, NotAllowed, Role
from core.store.rows import TABLES, Missing, digest, new_id, typed
from core.store.schema import jobs, runs
from core.store.status import FINISHED, Priority, Status

KINDS = {table.name: kind for kind, table in TABLES.items()}


@lru_cache(maxsize=1024)  # building it takes longer than asking the database
def seen_by(user, table):
    """The SQL condition of the rows of a table that a user may see.

    One's own, what the whole lab sees, what is shared with the user, with a team or in a project; and the dataset and
    the preparation of a run that the user may see, since every figure of a run shows their cells.
    """
    condition = _shared_with(user, table)
    of_run = {"dataset": runs.c.dataset, "preparation": runs.c.preparation}.get(KINDS[table.name])
    if of_run is None:
        return condition
    return or_(condition, table.c.id.in_(select(of_run).where(_shared_with(user, runs))))


def _shared_with(me, table):
    kind = KINDS[table.name]
    condition = or_(table.c.owner == me, table.c.visibility == "shared")
    if kind == "preparation":
        return condition
    teams = select(team_members.c.team).where(team_members.c.user == me)
    with_me = or_(
        and_(shares.c.audience == "user", shares.c.who == me),
        and_(shares.c.audience == "team", shares.c.who.in_(teams)),
    )
    shared = select(shares.c.target).where(shares.c.kind == kind, with_me)
    in_projects = (
        select(project_items.c.target)
        .join(project_members, project_members.c.project == project_items.c.project)
        .where(project_items.c.kind == kind, project_members.c.user == me)
    )
    condition = or_(condition, table.c.id.in_(shared), table.c.id.in_(in_projects))
    # A run that was deleted is seen by nobody.
    return and_(condition, table.c.remove_at.is_(None)) if "remove_at" in table.c else condition


@lru_cache(maxsize=1024)
def _row_of(user, kind):
    """The statement of `Access.one`."""
    table = TABLES[kind]
    return select(table).where(table.c.id == bindparam("row"), seen_by(user, table))


class Access:
    """Rows and jobs of a Database for one user; the parts of a View read and queue through it."""

    def __init__(self, database, user):
        self.database, self.user = Permitted(database, user, lambda: self.role), user
        self.accounts, self.limits = Accounts(database), Limits(database)

    @cached_property
    def role(self):
        """The Role of the user."""
        return self.accounts.role(self.user)

    @property
    def name(self):
        """The name of the user, as pages show it."""
        return self.accounts.names().get(self.user, self.user)

    def check_admin(self):
        """Raise NotAllowed where the user is no administrator."""
        if self.role != Role.ADMIN:
            raise NotAllowed(ADMINS_ONLY)

    def check_counts(self):
        """Raise NotAllowed where the user may not download counts."""
        if self.role == Role.VIEWER:
            raise NotAllowed(NO_COUNTS)

    def seen(self, table):
        """The SQL condition of rows that the user may see, as `seen_by` has it."""
        return seen_by(self.user, table)

    def one(self, kind, id):
        """A row that the user may see; raises Missing."""
        with self.database.reading() as db:
            row = db.execute(_row_of(self.user, kind), {"row": str(id)}).mappings().first()
        if row is None:
            raise Missing.of(kind, id)
        return typed(row)

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
            lane = "read" if work == "read" else "short"
            job_id = self.database.submit(
                self.user, lane, work, id, arguments, token=token, priority=Priority.ASKED
            )
            job = self.database.job(job_id)
            if job["owner"] != self.user:  # a token that somebody else's page made
                raise Missing("This job no longer exists.")
            if job["target"] == id:
                self.database.add(kind, self.user, id=id, status=Status.QUEUED, **row)
        return job

    def under_way(self, kind, arguments, target=None):
        """One's own job of a kind with these arguments that waits or runs, or None; `target`: only one for this row.

        A second press of a button, or one in another tab, is given this job in place of a new one.
        """
        wanted = arguments_of(kind, arguments).record()
        own = [jobs.c.owner == self.user, jobs.c.kind == kind, jobs.c.status.not_in(FINISHED)]
        own += [jobs.c.target == target] if target is not None else []
        for job in self.database.jobs(*own):
            if not job["cancel"] and arguments_of(kind, job["arguments"]).record() == wanted:
                return job
        return None

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
