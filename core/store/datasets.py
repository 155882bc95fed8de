"""Datasets, and where they come from: the inbox, folders of the server, a browser, a second file."""

from pathlib import Path

from core.config.dataset_record import DatasetRecord
from core.config.job_arguments import SECOND_FILES, ReadArguments, StepsArguments
from core.data import droplet_limits, readable_paths
from core.errors import UserError
from core.store import schema
from core.store.rows import Missing
from core.store.status import ACTIVE, Priority, Status
from core.store.steps import original_of
from core.store.upload_files import files_of
from core.text import name_of


class Datasets:
    """The datasets that one user may see."""

    def __init__(self, access):
        self.access, self.database = access, access.database

    def all(self):
        """Rows, the newest first."""
        return self.database.rows("dataset", self.access.seen(schema.datasets))

    def one(self, id):
        """The row of a dataset; raises Missing."""
        return self.access.one("dataset", id)

    def ready(self, id):
        """The row of a dataset that is ready; raises UserError where it is not."""
        row = self.one(id)
        if row["status"] != Status.READY:
            raise UserError("This dataset is not ready: wait until it has been read.")
        return row

    def folder(self, id):
        """The DatasetFolder of a dataset that is ready."""
        if self.one(id)["status"] != Status.READY:
            raise Missing("This dataset has not been read yet.", "dataset", id)
        return self.database.dataset_folder(id)

    def progress(self, id):
        """[message, share done] of the job that reads or makes a dataset; None while none runs."""
        running = self.database.jobs(schema.jobs.c.target == id, schema.jobs.c.status == Status.RUNNING)
        return [running[-1]["message"], running[-1]["progress"]] if running else None

    # --- where they come from

    def inbox(self):
        """Readable files and folders in NUWA_DATA_DIR/inbox: [name, bytes] each; bytes are None for a folder."""
        return readable_paths.listed(self.database.root / "inbox")

    def add_from_inbox(self, name, token):
        """Register a file or folder of the inbox as a dataset and queue its reading; returns the dataset's id."""
        path = self._in_inbox(name)
        return self._add(name, f"inbox:{name}", ReadArguments(path=str(path)), token)

    def _in_inbox(self, name):
        if not readable_paths.is_path(name):
            raise UserError("This is not a file of the inbox. Choose a file from the list.")
        path = self.database.root / "inbox" / Path(name).name
        if not name or name.startswith(".") or Path(name).name != name or not path.exists():
            raise UserError(f"The inbox has no file '{Path(name).name}'.")
        return path

    def browse(self, folder=""):
        """What may be read in a folder below NUWA_DATA_ROOTS: [name, bytes, path] each; without one, the roots."""
        roots = self.database.settings.data_roots
        if not folder:
            return [[str(root), None, str(root)] for root in roots if root.is_dir()]
        folder = readable_paths.within(roots, folder)
        return [[name, size, str(folder / name)] for name, size in readable_paths.listed(folder, roots)]

    def add_from_roots(self, path, token):
        """Register a file or folder below NUWA_DATA_ROOTS as a dataset and queue its reading; returns its id."""
        path = readable_paths.within(self.database.settings.data_roots, path, whole=True)
        return self._add(path.name, f"server:{path}", ReadArguments(path=str(path)), token)

    def add_upload(self, name, path, token):
        """Queue the reading of a complete uploaded file; returns the dataset's id. Uploads.finish calls it."""
        return self._add(name, f"upload:{name}", ReadArguments(path=str(path)), token)

    def answer(self, id, value, token):
        """Answer the question of a dataset that asks one, and queue its reading again."""
        row = self.access.own("dataset", id)
        if row["status"] != Status.ASKING:
            raise UserError("This dataset has no open question.")
        question = DatasetRecord.of(row).question
        if value not in [choice for choice, _ in question.choices]:
            raise UserError(f"'{value}' is not one of the answers.")
        arguments = ReadArguments.of_job(self.access.last_job(id, "read"))
        arguments = arguments.model_copy(update={"answers": arguments.answers | {question.asks: value}})
        with self.database.transaction():
            if self.database.move("dataset", id, Status.ASKING, Status.QUEUED, record=None):
                self.database.submit(
                    self.access.user, "read", "read", id, arguments, token=token, priority=Priority.ASKED
                )

    def join(self, id, what, token, name, path=None, droplets=None):
        """A new dataset: the one of `id` with the proteins, labels or background of a second file; returns the new id.

        `what` is one of SECOND_FILES; the second file is a complete upload at `path`, or `name` of the inbox. For a
        background, `droplets` are the limits that differ from core.data.DROPLETS.
        """
        row, file = self.first_of_two(id, what)
        limits = droplet_limits(droplets) if what == "background" else None
        path = path or self._in_inbox(name)
        arguments = ReadArguments(
            path=str(file),
            names={str(file): row["name"], str(path): name},
            droplets=limits,
            **{what: str(path)},
        )
        return self._add(f"{row['name']} + {name}", f"joined:{row['name']} + {name}", arguments, token)

    def first_of_two(self, id, what):
        """(row, file) of a dataset to which a second file may add `what`; raises UserError where none may."""
        file = self.folder(id).file
        if what not in SECOND_FILES:
            raise UserError(f"A second file adds one of {', '.join(SECOND_FILES)}.")
        row = self.one(id)
        if what == "background" and not DatasetRecord.of(row).proteins:
            raise UserError(
                "This dataset has no proteins, so it needs no background: add its proteins first."
            )
        return row, file

    def _add(self, name, origin, arguments, token):
        row = {"name": name, "origin": origin}
        return self.access.begin("dataset", row, "read", arguments, token)["target"]

    def rename(self, id, name):
        """Give one's own dataset another name; raises UserError where the name is empty, too long or in use."""
        self.access.own("dataset", id)
        name = name_of(name, "dataset")
        if any(row["name"] == name and row["id"] != id for row in self.all()):
            raise UserError(f"There is a dataset '{name}' already: choose another name.")
        self.database.set("dataset", id, name=name)

    # --- what depends on them

    def derived_from(self, id):
        """The ids of the datasets that steps have made, or are making, from this one."""
        jobs = schema.jobs.c
        active = self.database.jobs(jobs.kind == "steps", jobs.status.in_((Status.QUEUED, Status.RUNNING)))
        making = {job["target"] for job in active if StepsArguments.of_job(job).of == id}
        derived = {row["id"] for row in self.database.rows("dataset") if original_of(row) == id}
        return making | derived - {id}

    def forget(self, id):
        """Remove a dataset and its preparations; refused while runs or derived datasets depend on it."""
        self.access.own("dataset", id)
        if n := len(self.derived_from(id)):
            raise UserError(
                f"{n} dataset{'s were' if n > 1 else ' was'} made from this one: delete it first."
            )
        runs = self.database.rows("run", schema.runs.c.dataset == id)
        if n := sum(run["remove_at"] is None for run in runs):
            raise UserError(f"{n} runs were trained on this dataset: delete them first.")
        searches = self.database.rows("search", schema.searches.c.dataset == id)
        for search in searches:
            if search["status"] in ACTIVE:
                raise UserError(f"'{search['name']}' still trains on this dataset: stop it first.")
        for run in runs:  # deleted a moment ago; without their dataset that cannot be undone
            self.database.forget("run", run["id"])
        for search in searches:  # none of its trials is left
            self.database.forget("search", search["id"])
        for preparation in self.database.rows("preparation", schema.preparations.c.dataset == id):
            self.database.forget("preparation", preparation["id"])
        for job in self.database.jobs(schema.jobs.c.target == id, schema.jobs.c.kind == "read"):
            for path in files_of(self.database.root, ReadArguments.of_job(job)):  # of one that was never read
                path.unlink(missing_ok=True)
        self.database.forget("dataset", id)
