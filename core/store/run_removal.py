"""Deleting runs and searches: nobody sees them at once, and their files are removed a minute later; until then it can be undone."""

import time
from typing import NamedTuple

from sqlalchemy import select

from core.errors import UserError
from core.store import schema
from core.store.rows import FOLDERS, TABLES, Missing
from core.store.status import ACTIVE, Explored

UNDO = 60.0  # seconds in which a deletion can be undone
KINDS = ("run", "search")  # runs first: a search goes after its trials


class Pending(NamedTuple):
    """What is deleted and can be had back, the newest first: rows of runs without the trials of `searches`, and rows of these."""

    runs: list
    searches: list


class Removals:
    """Deletes one's own runs and searches, several at once; a search with its trials."""

    def __init__(self, access):
        self.access, self.database = access, access.database

    def size(self, run_ids, search_ids=()):
        """The bytes on disk that deleting runs, and searches with their trials, frees."""
        rows = [("search", self.access.own("search", id)) for id in search_ids]
        rows += [("run", row) for row in self._runs(run_ids, search_ids)]
        folders = [self.database.root / FOLDERS[kind] / row["id"] for kind, row in rows]
        return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())

    def trials(self, search_ids):
        """The rows of the trials of searches."""
        runs = schema.runs.c
        of_searches = runs.parent.in_(list(search_ids))
        return self.database.rows(
            "run", of_searches, runs.owner == self.access.user, runs.remove_at.is_(None)
        )

    def _runs(self, run_ids, search_ids):
        """The rows of one's own runs with these ids, and of the trials of searches; each once."""
        rows = [self.access.own("run", id) for id in run_ids] + self.trials(search_ids)
        return list({row["id"]: row for row in rows}.values())

    def remove(self, run_ids, search_ids=()):
        """Hide runs, and searches with their trials, from everybody, and let the server delete them in a minute; all or none.

        Raises UserError where one of them is somebody else's, is active, or is being analysed.
        """
        searches = [self.access.own("search", id) for id in search_ids]
        rows = self._runs(run_ids, search_ids)
        for search in searches:
            if search["status"] in ACTIVE:
                raise UserError(f"'{search['name']}' is still active: stop it first.")
        for row in rows:
            if row["status"] in ACTIVE:
                raise UserError(f"The run '{row['name']}' is still active: cancel it first.")
            if row["explored"] == Explored.WORKING:
                raise UserError(
                    f"The clusters of the run '{row['name']}' are being computed: delete it when they are ready."
                )
        until = time.time() + UNDO
        with self.database.transaction():
            for search in searches:
                self.database.set("search", search["id"], remove_at=until)
            for row in rows:
                self.database.remember(
                    f"deleted:{row['id']}", {"name": row["name"], "dataset": row["dataset"]}
                )
                self.database.set("run", row["id"], remove_at=until)

    def pending(self):
        """The Pending runs and searches of one's own."""
        runs, searches = (self._pending(kind) for kind in KINDS)
        of = {row["id"] for row in searches}
        return Pending([row for row in runs if row["parent"] not in of], searches)

    def _pending(self, kind):
        columns = TABLES[kind].c
        return self.database.rows(kind, columns.owner == self.access.user, columns.remove_at > time.time())

    def restore(self, run_ids, search_ids=()):
        """Undo a deletion, of a search with the trials that were deleted with it; raises Missing where the minute is over."""
        with self.database.transaction():
            for id in search_ids:
                search = self._own("search", id)
                runs = schema.runs.c
                same_time = runs.parent == id, runs.remove_at == search["remove_at"]
                for row in self.database.rows("run", *same_time):
                    self.database.set("run", row["id"], remove_at=None)
                self.database.set("search", id, remove_at=None)
            for id in run_ids:
                self._own("run", id)
                self.database.set("run", id, remove_at=None)

    def _own(self, kind, id):
        """The row of a run or search of one's own, deleted or not; raises Missing."""
        row = self.database.row(kind, id)
        if row["owner"] != self.access.user:
            raise Missing.of(kind, id)
        return row


def remove_due(database, now=None):
    """Delete the rows and folders of the runs and searches whose minute is over; returns their ids. The worker calls it."""
    now, removed = time.time() if now is None else now, []
    for kind in KINDS:
        columns = TABLES[kind].c
        with database.reading() as db:
            ids = [id for (id,) in db.execute(select(columns.id).where(columns.remove_at <= now))]
        for id in ids:
            database.forget(kind, id)
        removed += ids
    return removed
