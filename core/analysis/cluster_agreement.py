"""How two clusterings of the same cells agree, and which clusters split or merge; light enough for the web process."""

from typing import NamedTuple

import numpy as np

LEAST = 0.2  # of a cluster: a smaller part is no split and no merger
KEPT = 0.75  # Jaccard index from which a cluster is the same in both (Hennig 2007, doi:10.1016/j.csda.2006.11.025)


class Change(NamedTuple):
    """What becomes of a cluster: "kept", "split" or "merged"; `source` and `targets` are codes.

    Of "merged", `source` is a cluster of the second clustering and `targets` those of the first that it holds. `shares`
    are of `source`, one for each target, the largest first.
    """

    kind: str
    source: int
    targets: tuple[int, ...]
    shares: tuple[float, ...]


def shared_cells(first, second):
    """((n,), (n,)) rows of the cells whose names are in both, in the order of `first`; a name twice in one is left out."""
    first, second = np.asarray(first), np.asarray(second)
    if first.shape == second.shape and (first == second).all():
        return np.arange(len(first)), np.arange(len(first))
    (names_1, rows_1, n_1), (names_2, rows_2, n_2) = (
        np.unique(names, return_index=True, return_counts=True) for names in (first, second)
    )
    names_1, rows_1, names_2, rows_2 = (
        names_1[n_1 == 1],
        rows_1[n_1 == 1],
        names_2[n_2 == 1],
        rows_2[n_2 == 1],
    )
    _, at_1, at_2 = np.intersect1d(names_1, names_2, assume_unique=True, return_indices=True)
    order = np.argsort(rows_1[at_1])
    return rows_1[at_1][order], rows_2[at_2][order]


def contingency(first, second, n_first=None, n_second=None):
    """(clusters, clusters) int64 numbers of cells, of two (cells,) arrays of codes; cells with -1 in one are left out."""
    first, second = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    known = (first >= 0) & (second >= 0)
    n_first = int(first.max(initial=-1)) + 1 if n_first is None else n_first
    n_second = int(second.max(initial=-1)) + 1 if n_second is None else n_second
    pairs = first[known] * n_second + second[known]
    return np.bincount(pairs, minlength=n_first * n_second).reshape(n_first, n_second)


def adjusted_rand_index(table):
    """The ARI of a contingency table: 1 is the same partition, 0 is agreement by chance (Hubert and Arabie 1985)."""
    table = np.asarray(table, dtype=float)

    def pairs(counts):
        return float((counts * (counts - 1) / 2).sum())

    both, first, second = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    n = table.sum()
    expected = first * second / max(n * (n - 1) / 2, 1)
    most = (first + second) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def changes(table):
    """The Changes between two clusterings, from their contingency table: clusters kept, split and merged, the largest first.

    A cluster is split where two or more clusters of the other clustering each take 20 % of its cells, and merged where two
    or more give 20 % of the cells of one.
    """
    table = np.asarray(table, dtype=float)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    out = []
    for i in np.argsort(-rows, kind="stable"):
        if not rows[i]:
            continue
        j = int(table[i].argmax())
        if table[i, j] / (rows[i] + columns[j] - table[i, j]) >= KEPT:
            out.append(Change("kept", int(i), (j,), (float(table[i, j] / rows[i]),)))
    for kind, counts, sizes in (("split", table, rows), ("merged", table.T, columns)):
        for i in np.argsort(-sizes, kind="stable"):
            shares = counts[i] / max(sizes[i], 1)
            parts = [int(j) for j in np.argsort(-shares, kind="stable") if shares[j] >= LEAST]
            if len(parts) > 1:
                out.append(Change(kind, int(i), tuple(parts), tuple(float(shares[j]) for j in parts)))
    return out
