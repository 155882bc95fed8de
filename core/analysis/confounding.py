"""Whether batches can be told from another grouping of the cells: where not, correcting one removes the other."""

from enum import StrEnum

import numpy as np

NEARLY = 0.9  # of the errors that a guess makes, the share that knowing the other column avoids


class Relation(StrEnum):
    """How the batches of a dataset lie to the groups of another column."""

    NONE = "none"  # they can be told apart
    SAME = "same"  # each batch is one group, and each group one batch
    WITHIN = "within"  # each batch lies within one group, such as donors within a treatment
    CONTAINS = "contains"  # each group lies within one batch
    NEARLY = "nearly"  # one of these three, for nearly all cells


def relation(batches, groups):
    """The Relation of (cells,) int codes of batches to those of groups; cells with a code of -1 are left out.

    "Nearly" is Goodman and Kruskal's lambda (1954) of at least 0.9, of the batches for the groups or the other way: the
    largest group of each batch is a much better guess than the largest group of all.
    """
    batches, groups = np.asarray(batches), np.asarray(groups)
    known = (batches >= 0) & (groups >= 0)
    if not known.any():
        return Relation.NONE
    width = int(groups[known].max()) + 1
    flat = batches[known].astype(np.int64) * width + groups[known]
    table = np.bincount(flat, minlength=(int(batches[known].max()) + 1) * width).reshape(-1, width)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    if min(table.shape) < 2:
        return Relation.NONE
    batch_tells, group_tells = _lambda(table), _lambda(table.T)
    if batch_tells == group_tells == 1:
        return Relation.SAME
    if batch_tells == 1:
        return Relation.WITHIN
    if group_tells == 1:
        return Relation.CONTAINS
    return Relation.NEARLY if max(batch_tells, group_tells) >= NEARLY else Relation.NONE


def _lambda(table):
    """Of the errors of guessing the largest column, the share that knowing the row avoids: 0 to 1."""
    n, largest = table.sum(), table.sum(axis=0).max()
    return (table.max(axis=1).sum() - largest) / (n - largest)
