"""Groups of cells of a run: the cells of each, saved with the run under a key that is a hash of their content."""

import hashlib
import json
import re
from typing import NamedTuple

import numpy as np

from core.config.job_arguments import MarkersArguments
from core.errors import UserError
from core.files import read_array, read_json, write_array, write_json

MOST = 100  # groups whose markers are computed at once: the tables of more outgrow memory and any reader
KEY = re.compile(r"[0-9a-f]{24}")


class Groups(NamedTuple):
    """Which group each cell is in: `codes` (cells,) int32 into `names`, -1 for none; `words` say what they are."""

    names: list
    codes: np.ndarray
    words: str

    def renamed(self, rows, name):
        """The same with the cells `rows` (bool) in the group `name`, new or existing: this splits and merges groups.

        Every group keeps its place; a merged one has that of its largest part, and one that was split off is the last.
        """
        names, codes = [*self.names], np.array(self.codes, dtype=np.int32)
        if name not in names:
            names.append(name)
        codes[rows] = names.index(name)
        after = Groups(names, codes, self.words).without_empty()
        before = after.predecessors(self)
        order = np.argsort(np.where(before < 0, len(self.names), before), kind="stable")
        place = np.append(np.argsort(order), -1).astype(np.int32)  # the last for cells in none
        return Groups([after.names[i] for i in order], place[after.codes], self.words)

    def predecessors(self, before):
        """(groups,) int: for each group the one of the Groups `before`, of the same cells, whose place and colour it keeps.

        That is the one with which it shares most cells, among those of its own name and those whose name is gone. Each is
        kept once; -1 for a new group.
        """
        codes, former = np.asarray(self.codes, dtype=np.int64), np.asarray(before.codes, dtype=np.int64)
        both = (codes >= 0) & (former >= 0)
        pairs, n_shared = np.unique(codes[both] * len(before.names) + former[both], return_counts=True)
        predecessors, names, kept = np.full(len(self.names), -1), set(self.names), set()
        for i in np.argsort(-n_shared, kind="stable"):
            group, old = divmod(int(pairs[i]), len(before.names))
            is_free = before.names[old] == self.names[group] or before.names[old] not in names
            if is_free and predecessors[group] < 0 and old not in kept:
                predecessors[group] = old
                kept.add(old)
        return predecessors

    def ahead(self, rows, name):
        """The same with the cells `rows` (bool) in a group of their own before all others."""
        codes = np.asarray(self.codes)
        return Groups([name, *self.names], np.where(rows, 0, np.where(codes < 0, -1, codes + 1)), self.words)

    def without_empty(self):
        """The same without groups that no cell is in."""
        codes = np.asarray(self.codes)
        filled = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(self.names)))
        place = np.full(len(self.names) + 1, -1, dtype=np.int32)  # the last for cells in none
        place[filled] = np.arange(len(filled))
        return Groups([self.names[i] for i in filled], place[codes], self.words)


def write(folder, groups):
    """Save Groups below the folder of a run; returns their key, the same for the same groups."""
    codes = np.ascontiguousarray(groups.codes, dtype=np.int32)
    names = [str(name) for name in groups.names]
    content = json.dumps([names, groups.words]).encode() + codes.tobytes()
    key = hashlib.sha256(content).hexdigest()[:24]
    if not _path(folder, key).exists():
        write_json(folder / "groups" / f"{key}.json", {"names": names, "words": groups.words})
        write_array(_path(folder, key), codes)
    return key


def read(folder, key):
    """The Groups of a key; raises UserError where there are none."""
    if not KEY.fullmatch(str(key)) or not _path(folder, key).exists():
        raise UserError("These groups of cells no longer exist: choose them again.")
    record = read_json(folder / "groups" / f"{key}.json")
    return Groups(record["names"], read_array(_path(folder, key)), record["words"])


def _path(folder, key):
    return folder / "groups" / f"{key}.npy"


class CellGroups:
    """Groups of the cells of runs, and their markers."""

    def __init__(self, access):
        self.access, self.database = access, access.database

    def keep(self, run_id, groups):
        """Save Groups with a run; returns their key."""
        self.database.check()
        self.access.one("run", run_id)
        return write(self.database.run_folder(run_id), groups)

    def one(self, run_id, key):
        """The Groups of a key; raises UserError where there are none."""
        self.access.one("run", run_id)
        return read(self.database.run_folder(run_id), key)

    def find_markers(self, run_id, groups, samples=None, **order):
        """Queue the markers of Groups of a run's cells, once; returns the job. Raises UserError where they have none.

        `samples`: an obs column, over whose values groups are compared as well. `order`: lane and priority, where they
        are not those of a pressed button.
        """
        n_groups = int((np.bincount(groups.codes[groups.codes >= 0], minlength=1) > 0).sum())
        if not n_groups:
            raise UserError("No cell has a value here, so there are no groups: choose others.")
        if n_groups == 1:
            raise UserError("All cells are in one group, so there is nothing to compare it with.")
        if n_groups > MOST:
            raise UserError(
                f"These are {n_groups:,} groups, and markers are computed for at most {MOST}: choose coarser ones."
            )
        arguments = MarkersArguments(groups=self.keep(run_id, groups), samples=samples)
        return self.access.once("markers", run_id, arguments, **order)
