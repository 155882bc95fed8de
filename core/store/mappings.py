"""Cells of other data sets that were mapped onto a run, each mapping in a folder of its own below the run's."""

import hashlib
import json
import re

from core.errors import UserError
from core.store import dataset_folder
from core.store.database import FINISHED, Missing
from core.store.schema import jobs

KEY = re.compile(r"[0-9a-f]{24}")
ARRAYS = ("latent", "picture", "codes", "confidence", "farness", "cells")


class Mapping:
    """The part of a View that maps new cells onto a run and shows them; a mapping is seen by who may see both data sets."""

    def map_cells(self, run_id, dataset_id, groups, title, batch=None):
        """Queue the mapping of a data set with labels from Groups of the run's cells, once; returns the job.

        The job's arguments have its "key". Raises UserError where the data set is not there or not ready.
        """
        self._ready(dataset_id)
        if not (groups.codes >= 0).any():
            raise UserError(f"No cell of this run has a value of {title}, so there is no label to transfer.")
        asked = {
            "dataset": dataset_id,
            "groups": self.keep_groups(run_id, groups),
            "title": title,
            "batch": batch,
        }
        text = json.dumps([self.user, asked], sort_keys=True)
        return self.once("map", run_id, asked | {"key": hashlib.sha256(text.encode()).hexdigest()[:24]})

    def mappings(self, run_id):
        """What is known of each mapping onto a run that one may see (core.worker.jobs.map_cells writes it), the newest first."""
        self.run(run_id)
        found = [
            dataset_folder.read_json(path)
            for path in (self.store.root / "runs" / run_id / "mapped").glob("[!.]*/about.json")
        ]
        return sorted((one for one in found if self._sees(one)), key=lambda one: -one["created"])

    def mapping(self, run_id, key):
        """(what is known of one mapping, its arrays by the names ARRAYS, mapped); raises Missing."""
        self.run(run_id)
        folder = self.store.root / "runs" / run_id / "mapped" / str(key)
        if not KEY.fullmatch(str(key)) or not (folder / "about.json").exists():
            raise Missing("These mapped cells are not there (any more): map the data set again.")
        about = dataset_folder.read_json(folder / "about.json")
        if not self._sees(about):
            raise Missing("These mapped cells are not there (any more): map the data set again.")
        return about, {name: dataset_folder.read_array(folder / f"{name}.npy") for name in ARRAYS}

    def forget_mapping(self, run_id, key):
        """Delete one's own mapping with its files, and the jobs that have made them; raises UserError, Missing."""
        about, _ = self.mapping(run_id, key)
        if about["owner"] != self.user:
            raise UserError("These cells were mapped by somebody else: only who mapped them can delete them.")
        mine = jobs.c.target == run_id, jobs.c.kind.in_(("map", "map_export"))
        made = [job for job in self.store.jobs(*mine) if job["arguments"].get("key") == key]
        if any(job["status"] not in FINISHED for job in made):
            raise UserError("These mapped cells are at work still: delete them when that is done.")
        dataset_folder.remove_folder(self.store.root / "runs" / run_id / "mapped" / key)
        for job in made:
            self.store.forget_job(job["id"])

    def mapped_file(self, run_id, key):
        """The path of the .h5ad with mapped cells; raises Missing where it was not made."""
        self.mapping(run_id, key)
        path = self.store.root / "runs" / run_id / "mapped" / key / "mapped.h5ad"
        if not path.exists():
            raise Missing("This file has not been made yet.")
        return path

    def export_mapped(self, run_id, key, threshold, token):
        """Queue mapped.h5ad of a mapping, its labels unknown below a confidence; returns the job's id."""
        about, _ = self.mapping(run_id, key)
        if self.readable("dataset", about["dataset"]) is None:
            raise UserError(
                f"The data set {about['name']} was deleted, so its file cannot be made again: the CSV has all that was "
                "mapped."
            )
        return self.ask("map_export", run_id, {"key": key, "threshold": threshold}, token)

    def _sees(self, about):
        if self.readable("dataset", about["dataset"]) is not None:
            return True
        try:
            self.store.row("dataset", about["dataset"])
        except Missing:  # deleted since: who mapped it has its names already
            return about["owner"] == self.user
        return False
