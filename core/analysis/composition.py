"""What groups of cells are made of, and two groups from two selections; light enough for the web process."""

import numpy as np

UNKNOWN = "not known"


def composition(codes, n_groups, parts=(), part_codes=None):
    """((groups, parts) numbers of cells, the names of the parts) from (cells,) codes of the group, -1 for none.

    `part_codes` (cells,) are codes into the names `parts`; cells with -1 there are a part of their own, the last one.
    Without them all cells are one part.
    """
    codes = np.asarray(codes)
    inside = codes >= 0
    if part_codes is None:
        return np.bincount(codes[inside], minlength=n_groups)[:, None], ["cells"]
    parts, part_codes = list(parts), np.asarray(part_codes)
    if (part_codes < 0).any():
        parts, part_codes = [*parts, UNKNOWN], np.where(part_codes < 0, len(parts), part_codes)
    counts = np.zeros((n_groups, len(parts)), dtype=int)
    np.add.at(counts, (codes[inside], part_codes[inside]), 1)
    return counts, parts


def two_groups(a, b=None):
    """((cells,) int32 codes, number of cells in both) of two selections, (cells,) bool: 0 is A and 1 is B.

    Cells in neither or in both have -1. Without `b`, the second group has all other cells.
    """
    codes = np.full(len(a), -1, dtype=np.int32)
    codes[~a if b is None else b] = 1
    codes[a] = 0
    both = np.zeros(len(a), dtype=bool) if b is None else a & b
    codes[both] = -1
    return codes, int(both.sum())
