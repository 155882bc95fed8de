"""Projects: folders that group datasets and runs; all members of a project see what is in it."""

import time

from sqlalchemy import delete, insert, select

from core.errors import UserError
from core.store.people_tables import project_items, project_members, projects
from core.store.roles import Role
from core.store.rows import Missing, new_id
from core.store.schema import insert_once
from core.store.sharing import SHARED_KINDS
from core.text import name_of


class Projects:
    """The projects that one user is a member of."""

    def __init__(self, access):
        self.access, self.database = access, access.database

    def all(self):
        """{"id", "name", "owner", "members", "items"} of each, by name; items are (kind, id) that the user may see."""
        mine = select(project_members.c.project).where(project_members.c.user == self.access.user)
        query = select(projects).where(projects.c.id.in_(mine)).order_by(projects.c.name)
        with self.database.reading() as db:
            rows = [dict(row) for row in db.execute(query).mappings()]
            members = db.execute(
                select(project_members.c.project, project_members.c.user).order_by(project_members.c.user)
            ).all()
            items = db.execute(
                select(project_items.c.project, project_items.c.kind, project_items.c.target)
            ).all()
        return [
            row
            | {
                "members": [user for project, user in members if project == row["id"]],
                "items": [
                    (kind, target)
                    for project, kind, target in items
                    if project == row["id"] and self.access.readable(kind, target)
                ],
            }
            for row in rows
        ]

    def one(self, id):
        """A project that the user is a member of; raises Missing."""
        for project in self.all():
            if project["id"] == id:
                return project
        raise Missing("This project no longer exists.")

    def own(self, id):
        """A project that the user may change; raises Missing, UserError."""
        project = self.one(id)
        if project["owner"] != self.access.user and self.access.role != Role.ADMIN:
            raise UserError("This project belongs to somebody else: only who made it can change it.")
        return project

    def create(self, name, members=()):
        """A new project with these people and oneself; returns its id."""
        name = name_of(name, "project")[:80]
        if any(project["name"] == name for project in self.all()):
            raise UserError(f"There is a project '{name}' already: choose another name.")
        row = {"id": new_id(), "name": name, "owner": self.access.user, "created": time.time()}
        with self.database.transaction() as db:
            db.execute(insert(projects), row)
            self._set(db, row, members)
            self.database.record("create", "project", row["id"], name)
        return row["id"]

    def set_members(self, id, members):
        """Replace the members of a project; its owner stays one."""
        project = self.own(id)
        with self.database.transaction() as db:
            self._set(db, project, members)
            self.database.record(
                "change members", "project", id, f"{project['name']}: {', '.join(sorted(members))}"
            )

    def _set(self, db, project, members):
        members = {*(members or ())} - {project["owner"]}
        if not members <= {row["user"] for row in self.access.accounts.all()}:
            raise UserError("A person of this list has no account: choose again.")
        db.execute(delete(project_members).where(project_members.c.project == project["id"]))
        for user in sorted({*members, project["owner"]}):
            db.execute(insert(project_members), {"project": project["id"], "user": user})

    def put(self, id, kind, target):
        """Put one's own dataset or run into a project: its members see it from now on."""
        project = self.one(id)
        if kind not in SHARED_KINDS:
            raise UserError("A project holds datasets and runs.")
        row = self.access.own(kind, target)
        with self.database.transaction() as db:
            values = {"project": id, "kind": kind, "target": target}
            db.execute(insert_once(db.engine, project_items), values)
            self.database.record("put into project", kind, target, f"{row['name']}: {project['name']}")

    def take_out(self, id, kind, target):
        """Remove a dataset or a run from a project: its owner and the owner of the project may."""
        project = self.one(id)
        row = self.access.one(kind, target)
        if self.access.user not in (row["owner"], project["owner"]):
            raise UserError("Only the owner of the project, or of what is in it, can remove it.")
        item = project_items.c
        with self.database.transaction() as db:
            db.execute(
                delete(project_items).where(item.project == id, item.kind == kind, item.target == target)
            )
            self.database.record("remove from project", kind, target, f"{row['name']}: {project['name']}")

    def forget(self, id):
        """Delete a project; the datasets and runs in it stay with their owners."""
        project = self.own(id)
        with self.database.transaction() as db:
            db.execute(delete(project_items).where(project_items.c.project == id))
            db.execute(delete(project_members).where(project_members.c.project == id))
            db.execute(delete(projects).where(projects.c.id == id))
            self.database.record("delete", "project", id, project["name"])
