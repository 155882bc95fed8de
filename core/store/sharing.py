"""Who else sees one's datasets and runs: nobody, named people and teams, or the whole lab."""

from typing import NamedTuple

from sqlalchemy import delete, insert, select

from core.errors import UserError
from core.store.people_tables import shares
from core.store.roles import Role
from core.store.teams import Teams

PRIVATE, LAB = "private", "shared"  # values of visibility
SHARED_KINDS = ("dataset", "run")


class Audience(NamedTuple):
    """Who sees a dataset or a run beside its owner: `visibility` is PRIVATE or LAB; users and teams by their ids."""

    visibility: str
    users: tuple = ()
    teams: tuple = ()


class Sharing:
    """What one user shares."""

    def __init__(self, access):
        self.access, self.database, self.teams = access, access.database, Teams(access)

    def people(self):
        """{user: name} of everybody else who may sign in."""
        rows = self.access.accounts.all()
        return {row["user"]: row["name"] for row in rows if row["active"] and row["user"] != self.access.user}

    def name(self, user):
        """The name of a person, as pages show it."""
        return self.access.accounts.names().get(user, user)

    def may_share(self, row):
        """Is this row one's own, and may its owner change it?"""
        return row["owner"] == self.access.user and self.access.role != Role.VIEWER

    def audience(self, kind, id):
        """The Audience of one's own dataset or run; raises UserError, Missing."""
        row = self.access.own(kind, id)
        query = select(shares).where(shares.c.kind == kind, shares.c.target == row["id"])
        with self.database.reading() as db:
            rows = [dict(share) for share in db.execute(query).mappings()]
        named = {a: tuple(sorted(r["who"] for r in rows if r["audience"] == a)) for a in ("user", "team")}
        return Audience(row["visibility"], named["user"], named["team"])

    def set(self, kind, id, visibility, users=(), teams=()):
        """Share one's own dataset or run with the whole lab, or with these people and teams, or with nobody."""
        row = self.access.own(kind, id)
        if kind not in SHARED_KINDS or visibility not in (PRIVATE, LAB):
            raise UserError("Choose who may see it: nobody else, named people, or the whole lab.")
        users, teams = set(users or ()), set(teams or ())
        if not users <= set(self.people()) or not teams <= {team["id"] for team in self.teams.all()}:
            raise UserError("A person or team of this list no longer exists: choose again.")
        if visibility == LAB:  # everybody is named
            users, teams = set(), set()
        new = [("user", who) for who in sorted(users)] + [("team", who) for who in sorted(teams)]
        with self.database.transaction() as db:
            self.database.set(kind, id, visibility=visibility)
            db.execute(delete(shares).where(shares.c.kind == kind, shares.c.target == id))
            for audience, who in new:
                db.execute(insert(shares), {"kind": kind, "target": id, "audience": audience, "who": who})
            self.database.record("share", kind, id, f"{row['name']}: {self._in_words(visibility, new)}")

    def _in_words(self, visibility, named):
        if visibility == LAB:
            return "the whole lab"
        return ", ".join(f"{audience} {who}" for audience, who in named) or "nobody else"
