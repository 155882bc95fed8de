"""Teams: named people with whom datasets and runs are shared at once."""

import time

from sqlalchemy import delete, insert, select

from core.errors import UserError
from core.store.people_tables import shares, team_members, teams
from core.store.roles import Role
from core.store.rows import Missing, new_id
from core.text import name_of


class Teams:
    """The teams of a server; whoever made one, and an administrator, may change it."""

    def __init__(self, access):
        self.access, self.database = access, access.database

    def all(self):
        """{"id", "name", "owner", "members"} of each, by name."""
        with self.database.reading() as db:
            rows = [dict(row) for row in db.execute(select(teams).order_by(teams.c.name)).mappings()]
            members = db.execute(select(team_members).order_by(team_members.c.user)).all()
        return [row | {"members": [user for team, user in members if team == row["id"]]} for row in rows]

    def own(self, id):
        """A team that one may change; raises Missing, UserError."""
        team = next((team for team in self.all() if team["id"] == id), None)
        if team is None:
            raise Missing("This team no longer exists.")
        if team["owner"] != self.access.user and self.access.role != Role.ADMIN:
            raise UserError("This team belongs to somebody else: only who made it can change it.")
        return team

    def create(self, name, members=()):
        """A new team; returns its id. Raises UserError where the name is in use or a member has no account."""
        name = name_of(name, "team")[:80]
        if any(team["name"] == name for team in self.all()):
            raise UserError(f"There is a team '{name}' already: choose another name.")
        row = {"id": new_id(), "name": name, "owner": self.access.user, "created": time.time()}
        with self.database.transaction() as db:
            db.execute(insert(teams), row)
            self._set(db, row["id"], members)
            self.database.record("create", "team", row["id"], name)
        return row["id"]

    def set_members(self, id, members):
        """Replace the members of a team."""
        team = self.own(id)
        with self.database.transaction() as db:
            self._set(db, id, members)
            self.database.record(
                "change members", "team", id, f"{team['name']}: {', '.join(sorted(members))}"
            )

    def _set(self, db, id, members):
        members = sorted(set(members or ()))
        if not set(members) <= {row["user"] for row in self.access.accounts.all()}:
            raise UserError("A person of this list has no account: choose again.")
        db.execute(delete(team_members).where(team_members.c.team == id))
        for user in members:
            db.execute(insert(team_members), {"team": id, "user": user})

    def forget(self, id):
        """Delete a team; what was shared with it is shared with it no longer."""
        team = self.own(id)
        with self.database.transaction() as db:
            db.execute(delete(shares).where(shares.c.audience == "team", shares.c.who == id))
            db.execute(delete(team_members).where(team_members.c.team == id))
            db.execute(delete(teams).where(teams.c.id == id))
            self.database.record("delete", "team", id, team["name"])
