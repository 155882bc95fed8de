"""Clusterings that people make of a run's cells: named and versioned, each version with its author and time."""

import re
import time

from sqlalchemy import delete, insert, select

from core.errors import UserError
from core.store.rows import Missing, new_id
from core.store.schema import clusterings

LONGEST = 80  # letters of a name: legends and tables have to show it
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Clusterings:
    """The clusterings of runs that one user may see."""

    def __init__(self, access, groups):
        self.access, self.groups = access, groups

    def all(self, run_id):
        """The newest version of every clustering of a run, as dicts, the oldest clustering first."""
        newest = {}
        for row in self._versions(run_id):
            newest[row["line"]] = row
        return list(newest.values())

    def one(self, run_id, line):
        """The newest version of one clustering; raises Missing."""
        return self.history(run_id, line)[-1]

    def history(self, run_id, line):
        """All versions of a clustering, the first one first; raises Missing where there is none."""
        versions = [row for row in self._versions(run_id) if row["line"] == line]
        if not versions:
            raise Missing("These clusters no longer exist: choose others.")
        return versions

    def _versions(self, run_id):
        self.access.one("run", run_id)
        query = select(clusterings).where(clusterings.c.run == run_id).order_by(clusterings.c.created)
        with self.access.database.reading() as db:
            return [dict(row) for row in db.execute(query).mappings()]

    def keep(self, run_id, groups, what, title="", line=None, colours=None):
        """Save Groups as a new clustering, or as the next version of the one that begins with `line`.

        A clustering of somebody else stays as it is, and this becomes one's own. Returns its line.
        """
        before = self.one(run_id, line) if line else None
        if before and self.history(run_id, line)[0]["author"] != self.access.user:
            title = title or f"{before['title']} ({self.access.name})"
            line = None
        colours = {**(before["colours"] if before else {}), **(colours or {})}
        if not all(COLOUR.fullmatch(colour) for colour in colours.values()):
            raise UserError("A colour is written as # and six digits, such as #0072b2.")
        id = new_id()
        names = [clean(name) for name in groups.names]
        row = {
            "id": id,
            "run": run_id,
            "line": line or id,
            "author": self.access.user,
            "created": time.time(),
            "title": clean(title or (before["title"] if before else "clusters of mine")),
            "what": what,
            "groups": self.groups.keep(run_id, groups._replace(names=names)),
            "colours": {name: colour for name, colour in _cleaned(colours).items() if name in names},
        }
        with self.access.database.transaction() as db:
            db.execute(insert(clusterings), row)
        return row["line"]

    def undo(self, run_id, line):
        """Delete the newest version of one's own clustering; returns the line, or None when none is left."""
        versions = self.history(run_id, line)
        if versions[0]["author"] != self.access.user:
            raise UserError("These clusters belong to somebody else; only their author can undo a change.")
        with self.access.database.transaction() as db:
            db.execute(delete(clusterings).where(clusterings.c.id == versions[-1]["id"]))
        return line if len(versions) > 1 else None


def _cleaned(colours):
    """Colours by name, with spaces as names of groups have them."""
    return {" ".join(name.split()): colour for name, colour in colours.items()}


def clean(name):
    """A name on one line without spaces around it; raises UserError where it is empty or too long."""
    text = " ".join(str(name).split())
    if not text:
        raise UserError("A name is missing: type one.")
    if len(text) > LONGEST:
        raise UserError(f"'{text[:20]} ...' is longer than {LONGEST} letters: choose a shorter name.")
    return text
