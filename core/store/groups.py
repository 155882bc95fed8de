"""Groups of cells that a person asks about: the cells of each, kept with the run under a name made of their content."""

import hashlib
import json
import re
from typing import NamedTuple

import numpy as np

from core.errors import UserError
from core.store import dataset_folder
from core.store.schema import jobs

MOST = 100  # groups whose markers are looked for at once: beyond, the tables outgrow memory and any reader
KEY = re.compile(r"[0-9a-f]{24}")


class Groups(NamedTuple):
    """Which group each cell is in: `codes` (cells,) int32 into `names`, -1 for none; `words` say what they are."""

    names: list
    codes: np.ndarray
    words: str

    def renamed(self, rows, name):
        """The same with the cells `rows` (bool) in the group `name`, be it new or there already: this splits and merges."""
        names, codes = [*self.names], np.array(self.codes, dtype=np.int32)
        if name not in names:
            names.append(name)
        codes[rows] = names.index(name)
        return Groups(names, codes, self.words).without_empty()

    def ahead(self, rows, name):
        """The same with the cells `rows` (bool) in a group of their own before all others."""
        codes = np.asarray(self.codes)
        return Groups([name, *self.names], np.where(rows, 0, np.where(codes < 0, -1, codes + 1)), self.words)

    def without_empty(self):
        """The same without groups that no cell is in."""
        codes = np.asarray(self.codes)
        kept = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(self.names)))
        place = np.full(len(self.names) + 1, -1, dtype=np.int32)  # the last for cells in none
        place[kept] = np.arange(len(kept))
        return Groups([self.names[i] for i in kept], place[codes], self.words)


def write(folder, groups):
    """Keep Groups below the folder of a run; returns their key, the same for the same groups."""
    codes = np.ascontiguousarray(groups.codes, dtype=np.int32)
    names = [str(name) for name in groups.names]
    content = json.dumps([names, groups.words]).encode() + codes.tobytes()
    key = hashlib.sha256(content).hexdigest()[:24]
    if not _path(folder, key).exists():
        dataset_folder.write_json(folder / "groups" / f"{key}.json", {"names": names, "words": groups.words})
        dataset_folder.write_array(_path(folder, key), codes)
    return key


def read(folder, key):
    """The Groups of a key; raises UserError where there are none."""
    if not KEY.fullmatch(str(key)) or not _path(folder, key).exists():
        raise UserError("These groups of cells are not there (any more): choose them again.")
    about = dataset_folder.read_json(folder / "groups" / f"{key}.json")
    return Groups(about["names"], dataset_folder.read_array(_path(folder, key)), about["words"])


def _path(folder, key):
    return folder / "groups" / f"{key}.npy"


class Grouping:
    """The part of a View that knows the groups of a run's cells and what was found out about them."""

    def keep_groups(self, run_id, groups):
        """Keep Groups with a run; returns their key."""
        self.run(run_id)
        return write(self.store.run_folder(run_id), groups)

    def groups(self, run_id, key):
        """The Groups of a key; raises UserError where there are none."""
        self.run(run_id)
        return read(self.store.run_folder(run_id), key)

    def find_markers(self, run_id, groups):
        """Queue the markers of Groups of a run's cells, once; returns the job. Raises UserError where none can be told."""
        n_groups = int((np.bincount(groups.codes[groups.codes >= 0], minlength=1) > 0).sum())
        if not n_groups:
            raise UserError("No cell has a value here, so there are no groups: choose others.")
        if n_groups == 1:
            raise UserError("All cells are in one group, so there is nothing to compare it with.")
        if n_groups > MOST:
            raise UserError(
                f"These are {n_groups:,} groups; markers are told of up to {MOST}: choose coarser ones."
            )
        key = self.keep_groups(run_id, groups)
        return self.once("markers", run_id, {"groups": key})

    def my_last_job(self, run_id, kind):
        """One's newest job of a kind for a run, or None: what a page goes on with after a reload."""
        self.run(run_id)
        mine = (jobs.c.target == run_id, jobs.c.kind == kind, jobs.c.owner == self.user)
        return max(self.store.jobs(*mine), key=lambda job: job["created"], default=None)

    def once(self, kind, run_id, arguments, lane="short"):
        """Work on a run that is done once for the same arguments, and again where it failed; returns the job."""
        text = json.dumps(arguments, sort_keys=True)
        which = hashlib.sha256(text.encode()).hexdigest()[:24]
        token = f"{kind}:{self.user}:{run_id}:{which}"
        id = self.store.submit(self.user, lane, kind, run_id, arguments, token)
        self.store.move_job(id, "failed", "queued", message="", pid=None)
        return self.job(id)
