"""Deleting runs: nobody sees them at once, and their files are removed a minute later; until then it can be undone."""

import time

from core.errors import UserError
from core.store import schema
from core.store.rows import Missing
from core.store.status import ACTIVE, Explored

UNDO = 60.0  # seconds in which a deletion can be undone


class Removals:
    """Deletes one's own runs, several at once."""

    def __init__(self, access):
        self.access, self.database = access, access.database

    def size(self, run_ids):
        """The bytes on disk that deleting runs frees."""
        folders = [self.database.root / "runs" / self.access.own("run", id)["id"] for id in run_ids]
        return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())

    def remove(self, run_ids):
        """Hide runs from everybody, and let the server delete them in a minute; all or none.

        Raises UserError where one of them is somebody else's, is active, or is being analysed.
        """
        rows = [self.access.own("run", id) for id in run_ids]
        for row in rows:
            if row["status"] in ACTIVE:
                raise UserError(f"The run '{row['name']}' is still active: cancel it first.")
            if row["explored"] == Explored.WORKING:
                raise UserError(
                    f"The clusters of the run '{row['name']}' are being computed: delete it when they are ready."
                )
        with self.database.transaction():
            for row in rows:
                self.database.remember(
                    f"deleted:{row['id']}", {"name": row["name"], "dataset": row["dataset"]}
                )
                self.database.set("run", row["id"], remove_at=time.time() + UNDO)

    def pending(self):
        """The rows of one's own runs that are deleted and can be had back, the newest first."""
        runs = schema.runs.c
        return self.database.rows("run", runs.owner == self.access.user, runs.remove_at > time.time())

    def restore(self, run_ids):
        """Undo a deletion; raises Missing where the minute is over."""
        with self.database.transaction():
            for id in run_ids:
                row = self.database.row("run", id)
                if row["owner"] != self.access.user:
                    raise Missing.of("run", id)
                self.database.set("run", id, remove_at=None)


def remove_due(database, now=None):
    """Delete the rows and folders of the runs whose minute is over; returns their ids. The worker calls it."""
    due = schema.runs.c.remove_at <= (time.time() if now is None else now)
    with database.reading() as db:
        ids = [
            id for (id,) in db.execute(schema.runs.select().with_only_columns(schema.runs.c.id).where(due))
        ]
    for id in ids:
        database.forget("run", id)
    return ids
