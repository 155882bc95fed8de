"""Counts split in two at each draw: the encoder sees one part, and the other is what it is to predict (core.sparse.thinning).

The two parts are independent given the expression of the cell (Batson 2019, doi:10.1101/786269; Neufeld 2023,
arXiv:2301.07276). Each is normalised by its own total, logged, and centred and scaled by its own statistics. Both have the
non-zeros of the whole.
"""

from typing import NamedTuple

import numba
import numpy as np

from core.sparse.minibatch import Standardised
from core.sparse.moments import Moments
from core.sparse.rows import FAST, gather_raw, standardise, standardise_alone
from core.sparse.thinning import thin

STATISTICS = (1 << 30, (1 << 30) + 1)  # draws that no training has: those that statistics come from
BLOCK = 2048  # cells at a time while statistics are gathered


class Draw(NamedTuple):
    """Which split of which rows."""

    rows: np.ndarray  # (cells,) numbers of the rows in the matrix
    number: int  # from 0; the same number gives the same split


class SplitCounts(Standardised):
    """As Standardised, of one part of the counts, with the other part as what the encoder sees.

    A count of zero in a part is its base, so s is zero there, and the sparse arithmetic stays exact.
    """

    def __init__(self, rows, share, seed, target_sum=None, logged=True):
        """`share` of the molecules are seen, drawn by `seed`; each part is brought to `target_sum`, or to the size of the
        whole where that is None. Statistics are those of `fit`; without it values are neither centred nor scaled."""
        self.share, self.seed, self.target_sum = float(share), int(seed), target_sum
        n = rows.shape[1]
        super().__init__(rows, np.zeros(n), np.ones(n), logged=logged)
        self.seen_scale, self.varies = self.scale, np.ones(n, bool)

    def fit(self, cells, clip, exponent=1.0):
        """Centre and scale each part by its own mean and standard deviation over two draws of `cells`; returns itself.

        Values are divided by the standard deviation to the power of `exponent`. A gene that is constant in a part is
        centred alone. `varies` (genes,) says which vary in both.
        """
        parts = Moments(self.rows.shape[1]), Moments(self.rows.shape[1])
        for number in STATISTICS:
            for part, held in self.rows.minibatches(self.rows.in_order(cells), BLOCK):
                indptr, indices, values = self.parts(held, Draw(part, number))
                for moments, of in zip(parts, values, strict=True):
                    moments.add(indptr, indices, of)
        seen, target = (Standardised(self.rows, *m.scaling(exponent), clip, self.logged) for m in parts)
        self.seen_base, self.seen_scale = seen.base, seen.scale
        self.base, self.scale = target.base, target.scale
        self.varies = ~(parts[0].constant | parts[1].constant)
        return self

    def parts(self, held, draw):
        """(indptr, indices, (seen, target)) of the rows of a Held: both parts normalised and logged, as float32."""
        indptr, indices, seen, target = _room(held)
        self._write(held, draw, indptr, indices, seen, target)
        return indptr, indices, (seen, target)

    def drawn(self, held, draw):
        """As `parts`, of the counts themselves."""
        indptr, indices, seen, target = _room(held)
        self._draw(held, draw, indptr, indices, seen, target)
        return indptr, indices, (seen, target - seen)

    def rest_of(self, size, whole):
        """(cells,) of all molecules of cells those in genes that are not used; zeros where cells are not normalised.

        `size` is what they are multiplied by to be normalised, `whole` their molecules in the genes that are used.
        """
        if not self.target_sum:
            return np.zeros(len(whole))
        return np.maximum(np.rint(self.target_sum / np.asarray(size, np.float64) - whole), 0)

    def _draw(self, held, draw, indptr, indices, seen, target):
        """Write the whole counts to `target` and those that are seen to `seen`; returns how many molecules each has."""
        rows, at = held
        gather_raw(rows, at, indices, target)
        whole = np.empty(len(at))
        _row_sums(indptr, target, whole)
        rest = self.rest_of(rows.size[at], whole)
        totals = thin(indptr, target, rest, draw.rows, self.share, self.seed, draw.number, seen)
        return totals, whole + rest - totals

    def _write(self, held, draw, indptr, indices, seen, target):
        molecules = self._draw(held, draw, indptr, indices, seen, target)
        if self.target_sum:
            sizes = [self.target_sum / np.maximum(units, 1) for units in molecules]
        else:
            sizes = [np.full(len(molecules[0]), 1 / share) for share in (self.share, 1 - self.share)]
        _take_apart(indptr, *(size.astype(np.float32) for size in sizes), seen, target)
        if self.logged:
            np.log1p(seen, out=seen)
            np.log1p(target, out=target)

    def gather(self, minibatch, held, at, draw):
        """As Standardised.gather: `data` of the minibatch is the target's part, and what it returns the one that is seen."""
        seen = minibatch.room_to_see()
        self._write((held, at), draw, minibatch.indptr, minibatch.indices, seen, minibatch.data)
        standardise_alone(minibatch.indices, seen, *self.seen_scale, self.seen_base.numpy())
        by_gene = *self.scale, self.base.numpy(), minibatch.column_sums
        minibatch.square_sum = standardise(minibatch.indices, minibatch.data, *by_gene)
        return seen


def _room(held):
    """(indptr, indices, and twice room for the values) of the rows of a Held."""
    rows, at = held
    indptr = np.zeros(len(at) + 1, np.int64)
    np.cumsum(rows.indptr[at + 1] - rows.indptr[at], out=indptr[1:])
    values = np.empty((2, indptr[-1]), np.float32)
    return indptr, np.empty(indptr[-1], rows.indices.dtype), *values


@numba.njit(**FAST)
def _row_sums(indptr, values, sums):
    """Sums of whole numbers: counts of some files are a little off, and are rounded in place."""
    for i in range(len(sums)):
        total, of_cell = 0.0, values[indptr[i] : indptr[i + 1]]
        for k in range(len(of_cell)):
            of_cell[k] = np.rint(of_cell[k])
            total += of_cell[k]
        sums[i] = total


@numba.njit(**FAST)
def _take_apart(indptr, seen_size, target_size, seen, target):
    """Both parts times the sizes of their cells; `target` comes in as the whole."""
    for i in range(len(seen_size)):
        begin, end = indptr[i], indptr[i + 1]
        one, other = seen[begin:end], target[begin:end]
        for k in range(len(one)):
            other[k] = (other[k] - one[k]) * target_size[i]
            one[k] *= seen_size[i]


def warm_up():
    """Compile what splitting takes, some seconds the first time on a machine."""
    from core.sparse.rows import Rows

    few = SplitCounts(Rows.of(100 * np.eye(3, dtype=np.float32)), 0.5, 0, 1.0)
    few.fit(np.arange(3), 10.0).minibatch(np.arange(2), draw=Draw(np.arange(2), 0))
