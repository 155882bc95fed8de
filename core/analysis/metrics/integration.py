"""Scores of batch integration as scIB has them (Luecken 2022, doi:10.1038/s41592-021-01336-8), beside iLISI.

Each is a mean over cells, or a mean over labels of means over cells, so that cells can be resampled for its error.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from core.analysis.metrics.intervals import UNKNOWN, Score, of_groups, of_mean, resampled

ALPHA = 0.05  # of kBET's test in each neighbourhood, as in Büttner 2019
K_TESTED = 50  # neighbours in that test
BLOCK = 500  # cells whose distances to all others are held at once


def is_connected(neighbors, labels):
    """(cells,) bool: is a cell in the largest connected part of the neighbour graph of the cells of its label?

    `neighbors`: the Neighbors of all cells; an edge counts in both directions, as in scanpy's graph.
    """
    n, k = neighbors.indices.shape
    rows = np.repeat(np.arange(n), k)
    graph = sparse.csr_matrix((np.ones(n * k, bool), (rows, neighbors.indices.ravel())), (n, n))
    inside = np.zeros(n, dtype=bool)
    for label in np.unique(labels):
        of_label = np.flatnonzero(labels == label)
        _, parts = connected_components(graph[of_label][:, of_label], directed=False)
        inside[of_label] = parts == np.bincount(parts).argmax()
    return inside


def graph_connectivity(neighbors, labels, seed=0):
    """The Score of how connected each label is: the mean over labels of the share of cells in its largest part."""
    return of_groups(is_connected(neighbors, labels), labels, seed)


def accepted(indices, batches):
    """(cells,) bool: kBET (Büttner 2019, doi:10.1038/s41592-018-0254-1): are the batches of a cell's neighbours as those of all?

    `indices` (cells, k) of the neighbours, without the cell; `batches` (all cells,). Pearson's chi-square test of the counts
    of batches among the k neighbours against the shares over all cells, with as many degrees of freedom as batches less one.
    """
    from scipy.stats import chi2

    names, codes = np.unique(batches, return_inverse=True)
    expected = np.bincount(codes) / len(codes) * indices.shape[1]
    counts = np.stack([(codes[indices] == i).sum(axis=1) for i in range(len(names))], axis=1)
    statistic = (np.square(counts - expected) / expected).sum(axis=1)
    return chi2.sf(statistic, len(names) - 1) >= ALPHA


def kbet(indices, batches, seed=0):
    """The Score of the share of cells whose neighbourhood kBET accepts."""
    return of_mean(accepted(indices, batches), seed) if len(np.unique(batches)) > 1 else UNKNOWN


def free_of_batch(points, batches, seed=0):
    """The Score of 1 - PCR: the share of the variance of a space that is not between its batches.

    Principal component regression (Büttner 2019) weighs the R^2 of each component on the batch by the component's variance.
    Over all components that is the sum of squares between batches over the whole, whatever the axes, so none are computed.
    """
    codes = np.unique(batches, return_inverse=True)[1]
    points = np.asarray(points, dtype=np.float64)

    def share(rows):
        chosen, of = points[rows], codes[rows]
        centred = chosen - chosen.mean(axis=0)
        sums = np.stack([np.bincount(of, column) for column in centred.T], axis=1)
        sizes = np.maximum(np.bincount(of), 1)[:, None]
        whole = np.square(centred).sum()
        return 1 - (np.square(sums) / sizes).sum() / whole if whole > 0 else np.nan

    rows = np.arange(len(points))
    return Score(float(share(rows)), np.array([share(chosen) for chosen in resampled(len(points), seed)]))


def isolated(labels, batches):
    """The labels that are in the fewest batches; none where every label is in every batch."""
    n_batches = {label: len(np.unique(batches[labels == label])) for label in np.unique(labels)}
    fewest = min(n_batches.values(), default=0)
    if fewest == len(np.unique(batches)):
        return []
    return [label for label, n in n_batches.items() if n == fewest]


def isolated_labels(points, labels, batches, seed=0):
    """The Score of how well labels that few batches have keep apart: their mean silhouette against all others, from 0 to 1.

    A silhouette s counts as (s + 1) / 2. NaN where every label is in every batch.
    """
    values, of = [], []
    for label in isolated(labels, batches):
        inside = labels == label
        if 1 < inside.sum() < len(labels):
            values.append((_silhouettes(points, inside) + 1) / 2)
            of.append(np.full(inside.sum(), label))
    if not values:
        return UNKNOWN
    return of_groups(np.concatenate(values), np.concatenate(of), seed)


def _silhouettes(points, inside):
    """(cells inside,) the silhouette of each cell of one group against all cells outside it (Rousseeuw 1987)."""
    from scipy.spatial.distance import cdist

    own, n_inside, values = points[inside], int(inside.sum()), []
    for first in range(0, n_inside, BLOCK):
        distances = cdist(own[first : first + BLOCK], points)
        near = distances[:, inside].sum(axis=1) / (n_inside - 1)
        far = distances[:, ~inside].mean(axis=1)
        values.append((far - near) / np.maximum(np.maximum(near, far), 1e-300))
    return np.concatenate(values)
