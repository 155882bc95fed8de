"""How faithfully a space keeps the neighbourhoods of the input: whom a cell kept near it, who left, who came."""

from typing import NamedTuple

import numpy as np

PART = 500  # cells asked at a time: their distances to 20,000 others are 80 MB


class Kept(NamedTuple):
    """Means over the cells asked: `shares` by number of neighbours, and the two measures of Venna and Kaski (2001)."""

    shares: dict  # k -> share of the k nearest neighbours kept
    trustworthiness: float
    continuity: float


class Neighbourhoods:
    """The input's neighbourhoods of some cells, worked out once and then compared with any number of spaces."""

    def __init__(self, matrix, weights, cells, asked, ks=(15, 50)):
        """Of the `cells` (their rows in `matrix`), those at the places `asked` among them, by Euclidean distance in
        the weighted input, exactly; `ks`: numbers of neighbours, at most half of the cells (as scikit-learn has it).
        """
        self.asked, n = asked, len(cells)
        self.ks = [min(k, max(1, (n - 1) // 2)) for k in ks]
        self._names = ks
        self._before = _to_input(matrix, weights, cells, asked)
        self._nearest = _nearest(self._before, max(self.ks))

    def kept_by(self, points):
        """The Kept of `points` (cells, dimensions), trustworthiness and continuity with the first number of `ks`."""
        from scipy.spatial.distance import cdist

        points = np.asarray(points, dtype=np.float64)
        k, n = self.ks[0], len(points)
        shares, strangers, left = np.zeros(len(self.ks)), 0.0, 0.0
        for start in range(0, len(self.asked), PART):
            part = slice(start, start + PART)
            after = cdist(points[self.asked[part]], points, "sqeuclidean")
            after[np.arange(len(after)), self.asked[part]] = -1
            there = _nearest(after, max(self.ks))
            here, before = self._nearest[part], self._before[part]
            for i, size in enumerate(self.ks):
                shares[i] += (
                    sum(len(np.intersect1d(a[:size], b[:size])) for a, b in zip(here, there, strict=True))
                    / size
                )
            strangers += _beyond(before, there[:, :k], k)
            left += _beyond(after, here[:, :k], k)
        most = len(self.asked) * k * (2 * n - 3 * k - 1) / 2  # what it costs if all of them are the farthest
        shares = dict(zip(self._names, (shares / len(self.asked)).tolist(), strict=True))
        return Kept(shares, float(1 - strangers / most), float(1 - left / most))


def _to_input(matrix, weights, cells, asked):
    """(asked, cells) squared distances in the weighted input, a block of cells dense at a time; -1 to the cell itself."""
    queries = matrix.batch(cells[asked]).astype(np.float64) * weights
    size = (queries**2).sum(axis=1)[:, None]
    place = np.full(matrix.n_cells, -1)
    place[cells] = np.arange(len(cells))
    found = np.empty((len(asked), len(cells)))
    for part, x in matrix.blocks(cells):
        x = x.astype(np.float64) * weights
        found[:, place[part]] = size + (x**2).sum(axis=1) - 2 * queries @ x.T
    np.maximum(found, 0, out=found)
    found[np.arange(len(asked)), asked] = -1
    return found


def _nearest(distance, k):
    """(rows, k) the nearest, in order, the cell itself (at -1) left out; ties go to the first."""
    some = np.argpartition(distance, k, axis=1)[:, : k + 1]
    order = np.argsort(np.take_along_axis(distance, some, 1), axis=1, kind="stable")
    return np.take_along_axis(some, order, 1)[:, 1:]


def _beyond(distance, chosen, k):
    """How many ranks beyond k the chosen cells lie, added up: rank 1 is the nearest, rank 0 the cell itself."""
    total = 0
    for row, cells in zip(
        distance, chosen, strict=True
    ):  # counting is quicker than to sort 20,000 for 15 ranks
        rank = np.count_nonzero(row < row[cells][:, None], axis=1)
        total += np.maximum(rank - k, 0).sum()
    return float(total)
