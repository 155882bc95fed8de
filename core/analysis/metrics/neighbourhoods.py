"""How well a space keeps the neighbourhoods of the input: shared neighbours, trustworthiness and continuity."""

from typing import NamedTuple

import numba
import numpy as np

from core.sparse.rows import FAST

PART = 500  # cells at a time: their distances to 20,000 others are 80 MB


class Kept(NamedTuple):
    """Of each scored cell, (cells,): `shares` by number of neighbours, and the two measures of Venna and Kaski (2001)."""

    shares: dict  # k -> share of the k nearest neighbours kept
    trustworthiness: np.ndarray
    continuity: np.ndarray


class Neighbourhoods:
    """The input's neighbourhoods of some cells, computed once and then compared with any number of spaces."""

    def __init__(self, matrix, weights, cells, queries, ks=(15, 50)):
        """Of the `cells` (their rows in `matrix`), those at the places `queries` among them, by Euclidean distance in
        the weighted input, exactly; `ks`: numbers of neighbours, at most half of the cells (as scikit-learn has it).
        """
        self.queries, n = queries, len(cells)
        self.ks = [min(k, max(1, (n - 1) // 2)) for k in ks]
        self._names = ks
        self._before = _to_input(matrix, weights, cells, queries)
        self._nearest = _nearest(self._before, max(self.ks))

    def kept_by(self, points, near=None):
        """The Kept of `points` (cells, dimensions), trustworthiness and continuity with the first number of `ks`.

        `near`: (queries, at least the largest of `ks`) the nearest cells of the queries, themselves left out, if known.
        """
        points = np.asarray(points, dtype=np.float64)
        k, n = self.ks[0], len(points)
        shares = np.zeros((len(self.ks), len(self.queries)))
        false_neighbours, lost = np.zeros((2, len(self.queries)))
        for start in range(0, len(self.queries), PART):
            part = slice(start, start + PART)
            after = _squares(points[self.queries[part]], points)
            after[np.arange(len(after)), self.queries[part]] = -1
            here, there = self._nearest[part], _nearest(after, max(self.ks)) if near is None else near[part]
            for i, size in enumerate(self.ks):
                shares[i, part] = (here[:, :size, None] == there[:, None, :size]).sum(axis=(1, 2)) / size
            false_neighbours[part] = _beyond(self._before[part], there[:, :k], k)
            lost[part] = _beyond(after, here[:, :k], k)
        most = k * (2 * n - 3 * k - 1) / 2  # what a cell costs if all of them are the farthest
        shares = dict(zip(self._names, shares, strict=True))
        return Kept(shares, 1 - false_neighbours / most, 1 - lost / most)


def _squares(some, points):
    """(some, points) squared distances."""
    if (
        points.shape[1] <= 3
    ):  # where cells are near each other and far from the middle, the product would cancel
        from scipy.spatial.distance import cdist

        return cdist(some, points, "sqeuclidean")
    found = -2 * some @ points.T
    found += (some**2).sum(axis=1)[:, None]
    found += (points**2).sum(axis=1)
    return np.maximum(found, 0, out=found)


def nearest_in_input(matrix, weights, cells, queries, k):
    """(queries, k) the nearest of `cells` for those at the places `queries` among them, in the weighted input, exactly."""
    return _nearest(_to_input(matrix, weights, cells, queries), k)


def _to_input(matrix, weights, cells, queries):
    """(queries, cells) squared distances in the weighted input, float32, a block of cells dense at a time; -1 to the cell itself."""
    values = (matrix.dense(cells[queries]) * weights).astype(np.float32)
    size = (values**2).sum(axis=1)[:, None]
    values *= -2
    place = np.full(matrix.n_cells, -1)
    place[cells] = np.arange(len(cells))
    distances = np.empty((len(queries), len(cells)), dtype=np.float32)
    for part, x in matrix.blocks(cells):
        x = (x * weights).astype(np.float32)
        distance = values @ x.T
        distance += size
        distance += (x**2).sum(axis=1)
        distances[:, place[part]] = distance
    np.maximum(distances, 0, out=distances)
    distances[np.arange(len(queries)), queries] = -1
    return distances


def _nearest(distance, k):
    """(rows, k) the nearest, in order, the cell itself (at -1) left out; ties go to the first."""
    some = np.argpartition(distance, k, axis=1)[:, : k + 1]
    order = np.argsort(np.take_along_axis(distance, some, 1), axis=1, kind="stable")
    return np.take_along_axis(some, order, 1)[:, 1:]


def _beyond(distance, chosen, k):
    """(cells,) how many ranks beyond k the chosen cells lie, added up: rank 1 is the nearest, rank 0 the cell itself."""
    return np.maximum(_ranks(distance, np.ascontiguousarray(chosen, dtype=np.int64)) - k, 0).sum(axis=1)


@numba.njit(**FAST)
def _ranks(distance, chosen):
    """(rows, k) how many cells are nearer than each of those chosen: counting is quicker than to sort 20,000 for 15."""
    found = np.empty(chosen.shape, dtype=np.int64)
    for i in range(len(distance)):
        for c in range(chosen.shape[1]):
            limit, nearer = distance[i, chosen[i, c]], 0
            for j in range(distance.shape[1]):
                nearer += distance[i, j] < limit
            found[i, c] = nearer
    return found
