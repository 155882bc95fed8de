"""Clusterings that people make of a run's cells: named, versioned, each version with its author and time."""

import re
import time

from sqlalchemy import delete, insert, select

from core.errors import UserError
from core.store.database import Missing, new_id
from core.store.schema import clusterings

LONGEST = 80  # letters of a name: legends and tables have to show it
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Clusterings:
    """The part of a View that keeps clusterings and names of cells; a View has `keep_groups` and `groups` as well."""

    def clusterings(self, run_id):
        """The newest version of every clustering of a run, as dicts, in the order in which they were begun."""
        newest = {}
        for row in self._versions(run_id):
            newest[row["line"]] = row
        return list(newest.values())

    def clustering(self, run_id, line):
        """The newest version of one clustering; raises Missing."""
        return self.history(run_id, line)[-1]

    def history(self, run_id, line):
        """All versions of a clustering, the first one first; raises Missing where there is none."""
        found = [row for row in self._versions(run_id) if row["line"] == line]
        if not found:
            raise Missing("These clusters do not exist (any more): choose others.")
        return found

    def _versions(self, run_id):
        self.run(run_id)
        asked = select(clusterings).where(clusterings.c.run == run_id).order_by(clusterings.c.created)
        with self.store.engine.connect() as db:
            return [dict(row) for row in db.execute(asked).mappings()]

    def keep_clustering(self, run_id, groups, what, title="", line=None, colours=None):
        """Write Groups down as a new clustering, or as the next version of the one that begins with `line`.

        A clustering of somebody else is left as it is, and this becomes one's own. Returns its line.
        """
        before = self.clustering(run_id, line) if line else None
        if before and self.history(run_id, line)[0]["author"] != self.user:
            title = title or f"{before['title']} ({self.user})"
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
            "author": self.user,
            "created": time.time(),
            "title": clean(title or (before["title"] if before else "clusters of mine")),
            "what": what,
            "groups": self.keep_groups(run_id, groups._replace(names=names)),
            "colours": {name: colour for name, colour in colours.items() if name in names},
        }
        with self.store.engine.begin() as db:
            db.execute(insert(clusterings), row)
        return row["line"]

    def undo_clustering(self, run_id, line):
        """Take the newest version of one's own clustering back; returns the line, or None when none is left."""
        versions = self.history(run_id, line)
        if versions[0]["author"] != self.user:
            raise UserError("These clusters are somebody else's; only their author can undo what was done.")
        with self.store.engine.begin() as db:
            db.execute(delete(clusterings).where(clusterings.c.id == versions[-1]["id"]))
        return line if len(versions) > 1 else None


def clean(name):
    """A name as it is kept: one line without spaces around it; raises UserError where nothing is left or it is long."""
    found = " ".join(str(name).split())
    if not found:
        raise UserError("A name is missing: type one.")
    if len(found) > LONGEST:
        raise UserError(f"'{found[:20]} ...' is longer than {LONGEST} letters: choose a shorter name.")
    return found
