"""The audit log: who did what to which dataset, run or account, when, and from which address."""

import io
import time
from contextvars import ContextVar
from datetime import UTC, datetime

from sqlalchemy import insert, or_, select

from core.safe_csv import Writer
from core.store.people_tables import audit

# The address behind the request that is being answered; empty in the worker and on the command line.
ADDRESS = ContextVar("address", default="")
MOST_ROWS = 200  # of one page


class Audit:
    """The audit log of a Database; rows are added, never changed."""

    def __init__(self, database):
        self.database = database

    def record(self, user, action, kind="", target="", name=""):
        """Add one row: `user` did `action` to the `target` of a `kind`, which is called `name` now."""
        row = {"at": time.time(), "user": str(user)[:64], "address": ADDRESS.get()[:64]}
        row |= {"action": action, "kind": kind, "target": str(target)[:64], "name": str(name)[:400]}
        with self.database.transaction() as db:
            db.execute(insert(audit), row)

    def rows(self, user="", action="", text="", since=None, until=None, before=None, n=MOST_ROWS):
        """Rows as dicts, the newest first, `n` at most (None for all), of those with a number below `before`.

        `text` is looked for in the name, the target and the address; `since` and `until` are seconds since 1970.
        """
        columns, like = audit.c, f"%{_escaped(text)}%"
        conditions = [
            *([columns.user == user] if user else []),
            *([columns.action == action] if action else []),
            *([columns.at >= since] if since is not None else []),
            *([columns.at < until] if until is not None else []),
            *([columns.number < before] if before is not None else []),
            *(
                [or_(*(c.like(like, escape="\\") for c in (columns.name, columns.target, columns.address)))]
                if text
                else []
            ),
        ]
        query = select(audit).where(*conditions).order_by(columns.number.desc()).limit(n)
        with self.database.reading() as db:
            return [dict(row) for row in db.execute(query).mappings()]

    def actions(self):
        """The actions that were ever recorded, sorted."""
        with self.database.reading() as db:
            return sorted(db.execute(select(audit.c.action).distinct()).scalars())


def as_csv(rows):
    """Rows of the audit log, with the "who" of each, as CSV."""
    file = io.StringIO()
    writer = Writer(file)
    writer.writerow(("time_utc", "person", "user", "address", "action", "kind", "id", "name"))
    for row in rows:
        at = datetime.fromtimestamp(row["at"], UTC).isoformat(timespec="seconds")
        keys = ("who", "user", "address", "action", "kind", "target", "name")
        writer.writerow([at, *(row[key] for key in keys)])
    return file.getvalue()


def _escaped(text):
    return str(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
