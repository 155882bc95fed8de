"""Clusters without circularity: found by one half of the molecules, their markers tested by the other (Neufeld 2023).

p values of markers on the molecules that made the clusters are too small: clusters of pure noise have markers there
(Zhang 2019). The halves are independent given the expression of the cell, so the other half knows nothing of that noise.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from core.analysis import leiden, markers
from core.analysis.marker_measures import MEASURES
from core.analysis.metrics import count_split
from core.analysis.metrics.benchmark import some_cells
from core.analysis.metrics.seed_stability import overlap
from core.analysis.neighbors import find_neighbors
from core.training.inference import encode

LEVEL = 0.05  # of the adjusted p
FOUND = (
    0.5  # Jaccard index: above it a cluster shares most of its cells with one of the half, and with one alone
)
SHOWN = 5  # names of markers of a cluster


class Tested(NamedTuple):
    """Markers of each cluster of the half: how many by the other half, how many by its own, and the names of the first."""

    n_other: np.ndarray
    n_own: np.ndarray
    names: list


def support(model, matrix, config, clusters, resolution):
    """A record of each cluster of `clusters` (cells,): is there a cluster of one half like it that has markers in the other?

    {"cluster", "cells", "jaccard", "markers", "markers_same", "names", "result"}, result one of "supported", "no marker" and
    "not found". At most 20,000 cells, training and test cells; the genes are those that the model reads. Raises UserError
    for values that are not counts.
    """
    cells = some_cells(matrix.n_cells, config.seed)
    halves = count_split.split(matrix, cells, cells[:0], config.seed, most=len(cells))
    latent = encode(model, halves.seen)
    near = find_neighbors(latent, seed=config.seed, device=config.device, metric=config.metric)
    of_half = leiden.leiden(leiden.graph(near), resolution, config.seed)
    counts = [half.rna for half in (halves.seen, halves.target)]
    tested = test(*map(_csr, counts), of_half, halves.seen.genes)
    return records(np.asarray(clusters)[halves.cells], of_half, tested)


def _csr(rows):
    return sparse.csr_matrix(
        (rows.values.astype(np.float32), rows.indices.astype(np.int32), rows.indptr), rows.shape
    )


def test(own, other, clusters, names):
    """The Tested of `clusters` (cells,), which were found by the counts `own`; `other` are independent, (cells, genes) CSR."""
    n = int(clusters.max()) + 1
    higher = [_markers(counts, clusters, n) for counts in (own, other)]
    tables = [found for found, _ in higher]
    auc = higher[1][1]
    first = [
        [
            str(names[j])
            for j in np.argsort(-np.where(row, auc[i], -1), kind="stable")[: min(SHOWN, row.sum())]
        ]
        for i, row in enumerate(tables[1])
    ]
    return Tested(tables[1].sum(axis=1), tables[0].sum(axis=1), first)


def _markers(counts, clusters, n):
    """((clusters, genes) bool: higher in the cluster at an adjusted p below LEVEL, (clusters, genes) AUC)."""
    totals = np.asarray(counts.sum(axis=1)).ravel()
    size = np.median(totals) / np.maximum(
        totals, 1
    )  # of this half alone: that of the whole would tell of the other
    values = sparse.diags(size.astype(np.float32)) @ counts
    values.data = np.log1p(values.data)
    table = markers.markers([sparse.csc_matrix(values)], clusters, n)
    auc, p = (table.values[MEASURES.index(name)] for name in ("auc", "p_adjusted"))
    return (auc > 0.5) & (p < LEVEL), np.nan_to_num(auc)


def records(clusters, of_half, tested):
    """The record of each of `clusters` (cells,), from those `of_half` of the same cells and their Tested."""
    shared = overlap(clusters, of_half)
    sizes = shared.sum(axis=1)
    either = sizes[:, None] + shared.sum(axis=0)[None, :] - shared
    jaccard, lines = shared / np.maximum(either, 1), []
    for cluster, row in enumerate(jaccard):
        like = int(row.argmax())
        n = int(tested.n_other[like])
        result = "not found" if row[like] <= FOUND else "supported" if n else "no marker"
        lines.append(
            {
                "cluster": cluster,
                "cells": int(sizes[cluster]),
                "jaccard": round(float(row[like]), 4),
                "markers": n,
                "markers_same": int(tested.n_own[like]),
                "names": tested.names[like],
                "result": result,
            }
        )
    return lines
