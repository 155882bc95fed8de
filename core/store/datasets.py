"""How data sets come to the shelf: from the inbox, from folders of the server, from a browser, from a second file."""

from pathlib import Path

from core.data import droplet_limits, readable_paths
from core.errors import UserError
from core.store.uploads import Uploads

JOINS = ("proteins", "annotations", "background")  # what a second file can add to a data set


class Bringing:
    """The part of a View that brings data sets."""

    def inbox(self):
        """What lies in NUWA_DATA_DIR/inbox and could be read: [name, bytes] each; bytes are None for a folder."""
        return readable_paths.listed(self.store.root / "inbox")

    def add_from_inbox(self, name, token):
        """Register a file or folder of the inbox as a data set and queue its reading; returns the data set's id."""
        path = self._in_inbox(name)
        return self._bring(name, f"inbox:{name}", {"path": str(path)}, token)["target"]

    def _in_inbox(self, name):
        path = self.store.root / "inbox" / Path(name).name
        if not name or name.startswith(".") or Path(name).name != name or not path.exists():
            raise UserError(f"There is no file '{Path(name).name}' in the inbox any more.")
        return path

    def browse(self, folder=""):
        """What may be read in a folder below NUWA_DATA_ROOTS: [name, bytes, path] each; without one, the roots."""
        roots = self.store.settings.data_roots
        if not folder:
            return [[str(root), None, str(root)] for root in roots if root.is_dir()]
        folder = readable_paths.within(roots, folder)
        return [[name, size, str(folder / name)] for name, size in readable_paths.listed(folder, roots)]

    def add_from_roots(self, path, token):
        """Register a file or folder below NUWA_DATA_ROOTS as a data set and queue its reading; returns its id."""
        path = readable_paths.within(self.store.settings.data_roots, path, whole=True)
        return self._bring(path.name, f"server:{path}", {"path": str(path)}, token)["target"]

    def uploads(self):
        """The Uploads of this person: files that come from a browser, part by part."""
        return Uploads(self)

    def add_upload(self, name, path, token):
        """Queue the reading of an uploaded file that is whole; returns the data set's id. Uploads.finish calls it."""
        return self._bring(name, f"upload:{name}", {"path": str(path)}, token)["target"]

    def answer(self, id, value, token):
        """Answer the question of a data set that asks one, and queue its reading once more."""
        self._own("dataset", id)
        row = self.store.row("dataset", id)
        if row["status"] != "asking":
            raise UserError("This data set asks nothing (any more).")
        question = row["record"]["question"]
        if value not in [choice for choice, _ in question["choices"]]:
            raise UserError(f"'{value}' is not one of the answers.")
        asked = self._last_job(id, "read")["arguments"]
        asked["answers"] = asked.get("answers", {}) | {question["asks"]: value}
        if self.store.move("dataset", id, "asking", "queued", record=None):
            self.store.submit(self.user, "short", "read", id, asked, token=token, priority=1)

    def join(self, id, what, token, name, path=None, droplets=None):
        """A new data set: the one of `id` with the proteins, labels or background of a second file; returns the new id.

        `what` is one of JOINS; the second file is an upload that is whole, at `path`, or `name` of the inbox. For a
        background, `droplets` are the limits that differ from core.data.DROPLETS.
        """
        row, file = self.first_of_two(id, what)
        path = path or self._in_inbox(name)
        asked = {"path": str(file), what: str(path), "names": {file.name: row["name"], path.name: name}}
        asked |= {"droplets": droplet_limits(droplets)} if what == "background" else {}
        return self._bring(f"{row['name']} + {name}", f"joined:{row['name']} + {name}", asked, token)[
            "target"
        ]

    def first_of_two(self, id, what):
        """(row, file) of a data set that a second file may add `what` to; raises UserError where none may."""
        file = self.shelf(id).file
        if what not in JOINS:
            raise UserError(f"A second file adds one of {', '.join(JOINS)}.")
        row = self.dataset(id)
        if what == "background" and not row["record"]["proteins"]:
            raise UserError(
                "This data set has no proteins, so it needs no background: add its proteins first."
            )
        return row, file

    def _bring(self, name, origin, asked, token):
        return self._begin("dataset", {"name": name, "origin": origin}, "read", asked, token)
