"""Datasets that steps make: each from an original, which stays as it is."""

from itertools import takewhile

from core.config.dataset_record import DatasetRecord
from core.config.job_arguments import ReadArguments, StepsArguments
from core.data import ending
from core.errors import UserError
from core.preprocessing.recipe import STEPS, Recipe, Start, chosen, made_by, origin_by, upgraded
from core.store import schema
from core.store.rows import digest, file_name
from core.store.status import Status

# Endings of files, with none that of a 10x folder, that scanpy reads as Nuwa does.
SCANPY_READS = (".h5ad", ".h5", "")


class Steps:
    """Makes datasets from others: one for every list of steps from an original."""

    def __init__(self, access, datasets):
        self.access, self.database, self.datasets = access, access.database, datasets

    def repair(self, id, name):
        """Queue a repair that the data checks offer for a dataset; returns the id of the repaired one."""
        row = self.datasets.one(id)
        if name not in DatasetRecord.of(row).repairs_offered:
            raise UserError("This repair is no longer offered for this dataset: look at its findings again.")
        return self.add(id, name)

    def add(self, id, name, params=None):
        """Queue one more step of a dataset; returns the id of the dataset that it makes."""
        row = self.datasets.ready(id)
        return self._make(row, [*plain(steps_of(row)), {"name": name, "params": params or {}}])

    def replace(self, id, steps, keep_repairs=False):
        """Queue a list of steps in place of those of a dataset, from its original; returns the id to go on with.

        `keep_repairs` leaves the repairs of the data checks, with which it began, before them.
        """
        row = self.datasets.ready(id)
        steps = [*(repairs_of(row) if keep_repairs else []), *steps]
        if not steps:
            return original_of(row)
        if steps == plain(steps_of(row)):
            return id
        return self._make(row, steps)

    def undo(self, id):
        """Remove the last step of a dataset; returns the id of the dataset to go on with."""
        row = self.datasets.one(id)
        steps = plain(steps_of(row))
        if not steps:
            raise UserError("No step was applied to this dataset yet: there is nothing to undo.")
        if len(steps) > 1:
            return self._make(row, steps[:-1])
        if self.replaceable(row):
            self.database.forget("dataset", id)
        return original_of(row)

    def script_start(self, id):
        """The Start of a script of a dataset's steps: the dataset that they began with."""
        first = self.datasets.one(original_of(self.datasets.one(id)))
        read = self.access.last_job(first["id"], "read")
        name, record = file_name(first), DatasetRecord.of(first)
        by_scanpy = bool(read) and ReadArguments.of_job(read).is_plain and ending(name) in SCANPY_READS
        return Start(name, by_scanpy, record.cells, record.genes, record.counts_where)

    def original_file(self, id):
        """The .h5ad of the dataset that the steps of one began with."""
        self.access.check_counts()
        return self.datasets.folder(original_of(self.datasets.one(id))).file

    def recipe(self, dataset_id, settings=None, name=None):
        """The Recipe of a dataset's steps with the settings of a preparation."""
        row = self.datasets.one(dataset_id)
        return Recipe(name or row["name"], plain(steps_of(row)), settings)

    def replaceable(self, row):
        """Is this a dataset of one's own that steps made and nothing depends on? It can be made again at any time."""
        mine = row["owner"] == self.access.user and original_of(row) != row["id"]
        return mine and not (
            self.database.rows("preparation", schema.preparations.c.dataset == row["id"])
            or self.database.rows("run", schema.runs.c.dataset == row["id"])
        )

    def job_id(self, id):
        """The id of the job that makes a dataset, or None where it is ready."""
        if self.datasets.one(id)["status"] == Status.READY:
            return None
        return self.access.last_job(id, "steps")["id"]

    def _make(self, row, steps):
        """Queue what the original of `row` becomes by the steps, once; it replaces `row` where nothing depends on that.

        Raises UserError for a step or a parameter that does not exist.
        """
        steps = [chosen(step).record() for step in steps]
        original = self.datasets.one(original_of(row))
        replaces = row["id"] if self.replaceable(row) else None
        names_in_use = {other["name"] for other in self.datasets.all() if other["id"] != replaces}
        names = [step["name"] for step in steps]
        what = made_by(names)
        titles = (
            f"{original['name']} ({what}{f' {n}' if n > 1 else ''})" for n in range(1, len(names_in_use) + 2)
        )
        new = {
            "name": next(title for title in titles if title not in names_in_use),
            "origin": origin_by(names, original["origin"]),
        }
        arguments = StepsArguments(of=original["id"], steps=steps, replaces=replaces)
        token = f"steps:{self.access.user}:{original['id']}:{digest(steps, 32)}"
        return self.access.begin("dataset", new, "steps", arguments, token)["target"]


def steps_of(row):
    """The steps that a dataset has been through, the first one first, each with what it did."""
    return list(DatasetRecord.of(row).steps)


def repairs_of(row):
    """The repairs with which the steps of a dataset begin."""
    return plain(takewhile(lambda step: STEPS[step["name"]].repair, steps_of(row)))


def original_of(row):
    """The id of the dataset that the steps of this one began with; its own where it was not made by steps."""
    derived = DatasetRecord.of(row).derived
    return derived.of if derived else row["id"]


def plain(steps):
    """Recorded steps without what they did: [{"name", "params"}]."""
    return [upgraded(step) for step in steps]
