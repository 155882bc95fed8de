"""Cells of other datasets that were mapped onto a run, each mapping in a folder of its own below the run's."""

import re

from core.config.job_arguments import MapArguments, MapExportArguments, arguments_of
from core.errors import UserError
from core.files import read_array, read_json, remove_folder
from core.store import schema
from core.store.rows import Missing, digest
from core.store.status import FINISHED, Priority

KEY = re.compile(r"[0-9a-f]{24}")
ARRAYS = ("latent", "picture", "codes", "confidence", "farness", "cells")


class Mappings:
    """The mappings onto runs; a mapping is seen by who may see both datasets."""

    def __init__(self, access, datasets, groups):
        self.access, self.database = access, access.database
        self.datasets, self.groups = datasets, groups

    def create(self, run_id, dataset_id, groups, title, batch=None):
        """Queue the mapping of a dataset with labels from Groups of the run's cells, once; returns the job.

        The job's arguments have its "key". Raises UserError where the dataset does not exist or is not ready.
        """
        self.datasets.ready(dataset_id)
        if not (groups.codes >= 0).any():
            raise UserError(f"No cell of this run has a value of {title}, so there is no label to transfer.")
        key = self.groups.keep(run_id, groups)
        values = {"dataset": dataset_id, "groups": key, "title": title, "batch": batch}
        arguments = MapArguments(**values, key=digest([self.access.user, values]))
        return self.access.once("map", run_id, arguments)

    def all(self, run_id):
        """The records of the mappings onto a run that one may see (core.worker.jobs.map_cells writes them), the newest first."""
        self.access.one("run", run_id)
        records = [read_json(path) for path in self._folder(run_id).glob("[!.]*/about.json")]
        return sorted((one for one in records if self._sees(one)), key=lambda one: -one["created"])

    def one(self, run_id, key):
        """(record of one mapping, its arrays by the names ARRAYS, memory-mapped); raises Missing."""
        self.access.one("run", run_id)
        folder = self._folder(run_id) / str(key)
        if KEY.fullmatch(str(key)) and (folder / "about.json").exists():
            record = read_json(folder / "about.json")
            if self._sees(record):
                return record, {name: read_array(folder / f"{name}.npy") for name in ARRAYS}
        raise Missing("These mapped cells no longer exist: map the dataset again.")

    def forget(self, run_id, key):
        """Delete one's own mapping with its files, and the jobs that made them; raises UserError, Missing."""
        self.database.check()
        record, _ = self.one(run_id, key)
        if record["owner"] != self.access.user:
            raise UserError("These cells were mapped by somebody else: only who mapped them can delete them.")
        of_run = schema.jobs.c.target == run_id, schema.jobs.c.kind.in_(("map", "map_export"))
        mine = [
            job
            for job in self.database.jobs(*of_run)
            if arguments_of(job["kind"], job["arguments"]).key == key
        ]
        if any(job["status"] not in FINISHED for job in mine):
            raise UserError("A job still uses these mapped cells: delete them when it is finished.")
        remove_folder(self._folder(run_id) / key)
        for job in mine:
            self.database.forget_job(job["id"])

    def file(self, run_id, key):
        """The path of the .h5ad with mapped cells; raises Missing where there is none."""
        self.one(run_id, key)
        self.access.check_counts()
        path = self._folder(run_id) / key / "mapped.h5ad"
        if not path.exists():
            raise Missing("This file has not been made yet.")
        return path

    def export(self, run_id, key, threshold, token):
        """Queue mapped.h5ad of a mapping, its labels unknown below a confidence; returns the job's id."""
        record, _ = self.one(run_id, key)
        if self.access.readable("dataset", record["dataset"]) is None:
            raise UserError(
                f"The dataset {record['name']} was deleted, so its file cannot be made again: the CSV has all that was "
                "mapped."
            )
        arguments = MapExportArguments(key=key, threshold=threshold)
        if same := self.access.under_way("map_export", arguments, run_id):
            return same["id"]
        return self.database.submit(
            self.access.user, "short", "map_export", run_id, arguments, token, Priority.ASKED
        )

    def _folder(self, run_id):
        return self.database.root / "runs" / run_id / "mapped"

    def _sees(self, record):
        if self.access.readable("dataset", record["dataset"]) is not None:
            return True
        try:
            self.database.row("dataset", record["dataset"])
        except Missing:  # deleted since: who mapped it has its names already
            return record["owner"] == self.access.user
        return False
