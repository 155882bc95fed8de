"""What people write about their runs: a name, tags, a star and a note; and runs that are out of the way."""

from sqlalchemy import and_, or_

from core.errors import UserError
from core.store import schema

LONGEST_NAME, LONGEST_TAG, LONGEST_NOTE, MOST_TAGS = 100, 40, 4000, 20
BETWEEN = ", "


class RunEdits:
    """Changes to one's own runs that touch no result. Each raises Missing or UserError."""

    def __init__(self, access):
        self.access, self.database = access, access.database

    def rename(self, run_id, name):
        """Give a run another name: none that another run of one's own has, or that the server gave to any run."""
        row = self.access.own("run", run_id)
        name = " ".join(str(name or "").split())
        if not 1 <= len(name) <= LONGEST_NAME:
            raise UserError(f"The name of a run has 1 to {LONGEST_NAME} characters. Enter another one.")
        if name == row["name"]:
            return
        runs = schema.runs.c
        mine_or_given = or_(runs.owner == self.access.user, runs.unique_name == name)
        same = and_(runs.name == name, runs.id != run_id, runs.remove_at.is_(None), mine_or_given)
        with (
            self.database.transaction()
        ):  # written first: of two that rename at once, the second sees the first
            self.database.set("run", run_id, name=name, unique_name=None)
            if self.database.has(schema.runs, same):
                raise UserError(f"Another run is called '{name}'. Enter another name.")

    def tag(self, run_ids, text):
        """Set the tags of runs, separated by commas; the same tag twice is one."""
        tags = list(dict.fromkeys(" ".join(tag.split()) for tag in str(text or "").split(",")))
        tags = [tag for tag in tags if tag]
        if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
            raise UserError(
                f"A run has up to {MOST_TAGS} tags of up to {LONGEST_TAG} characters, separated by commas. Shorten them."
            )
        self._set(run_ids, tags=BETWEEN.join(tags))

    def star(self, run_ids, starred):
        """Mark runs with a star, or take it from them."""
        self._set(run_ids, starred=bool(starred))

    def note(self, run_id, text):
        """Set the note of a run."""
        text = str(text or "").strip()
        if len(text) > LONGEST_NOTE:
            raise UserError(f"A note has up to {LONGEST_NOTE:,} characters. Shorten it.")
        self._set([run_id], note=text)

    def archive(self, run_ids, archived=True):
        """Leave runs out of the table, or list them again."""
        self._set(run_ids, archived=bool(archived))

    def _set(self, run_ids, **values):
        for id in run_ids:
            self.access.own("run", id)
        with self.database.transaction():  # all of them or none
            for id in run_ids:
                self.database.set("run", id, **values)
