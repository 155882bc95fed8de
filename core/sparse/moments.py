"""What preparing needs to know of a matrix, gathered over blocks of its rows."""

from typing import NamedTuple

import numba
import numpy as np

from core.sparse.blocks import blocks
from core.sparse.rows import FAST


class Survey(NamedTuple):
    """One look at every value. Sums over cells are those of the training cells."""

    totals: np.ndarray  # (cells,) float64 sum of each cell
    stored: np.ndarray  # (genes,) how many values all cells store
    low: np.ndarray  # (genes,) of all cells, and never above 0
    high: np.ndarray  # (genes,) of all cells, and never below 0
    whole: np.ndarray  # (genes,) bool: whole numbers in all cells
    seen: np.ndarray  # (genes,) training cells with a value that is not 0
    sums: np.ndarray  # (genes,) float64
    squares: np.ndarray  # (genes,) float64, sum of squares


def mean_and_variance(sums, squares, n):
    """(genes,) twice, the variance with n - 1, by the sums and the equation that scanpy has, so the same to the bit."""
    mean = sums / n
    return mean, (squares / n - mean**2) * (n / max(1, n - 1))


def survey(matrix, train):
    """The Survey of `matrix` (cells, genes), see core.sparse.blocks; `train` are the rows that teach."""
    n_cells, n_genes = matrix.shape
    teaches = mask(train, n_cells)
    totals, whole = np.zeros(n_cells), np.ones(n_genes, bool)
    stored, seen = np.zeros((2, n_genes), np.int64)
    low, high, sums, squares = np.zeros((4, n_genes))
    for first, block in blocks(matrix):
        rows = slice(first, first + block.shape[0])
        parts = block.indptr, block.indices, block.data, teaches[rows]
        _look(*parts, totals[rows], stored, low, high, whole, seen, sums, squares)
    return Survey(totals, stored, low, high, whole, seen, sums, squares)


class Moments:
    """Mean and standard deviation of columns, a block of rows at a time (Chan, Golub and LeVeque 1979).

    Not from sums of squares, which lose the digits of a variance that is small beside the mean.
    """

    def __init__(self, n_columns):
        self.n = 0
        self.mean, self.deviation = np.zeros((2, n_columns))  # the second: sum of squares about the mean

    def add(self, indptr, indices, values):
        """Take in the rows of a CSR block."""
        if n := len(indptr) - 1:
            self._join(n, *_about_mean(indices, values, n, len(self.mean)))

    def add_dense(self, values):
        """Take in the rows of an array."""
        mean = values.mean(axis=0, dtype=np.float64)
        self._join(len(values), mean, ((values - mean) ** 2).sum(axis=0))

    def _join(self, n, mean, deviation):
        apart, both = mean - self.mean, self.n + n
        self.deviation += deviation + apart**2 * (self.n * n / both)
        self.mean += apart * (n / both)
        self.n = both

    @property
    def variance(self):
        """(columns,) with n - 1, as scanpy has it."""
        return self.deviation / max(1, self.n - 1)

    def scaling(self, exponent=1.0):
        """Mean of each column, and its standard deviation to the power of `exponent`; a constant column gets 1."""
        sd = np.where(self.constant, 1.0, np.sqrt(self.variance))
        return self.mean, sd if exponent == 1 else sd**exponent

    @property
    def constant(self):
        """(columns,) bool: no spread, but for what rounding leaves of none."""
        return np.sqrt(self.variance) < 1e-6 * np.maximum(1, np.abs(self.mean))


class CellBatches(NamedTuple):
    """The batch of each cell whose values are summed: statistics are made for each batch."""

    codes: np.ndarray  # (cells,) int32: the batch of each cell, -1 for a cell that is left out
    n: int

    @property
    def sizes(self):
        """(batches,) number of cells in each."""
        return np.bincount(self.codes[self.codes >= 0], minlength=self.n)


def one_batch(rows, n_cells):
    """The CellBatches with the cells `rows`, of `n_cells`, in one batch."""
    return CellBatches(np.where(mask(rows, n_cells), 0, -1).astype(np.int32), 1)


def sums_of(matrix, groups, change):
    """(groups, genes) twice: sums and sums of squares, each value as `change(values, cells)` makes it of it."""
    wanted = groups.codes >= 0
    sums, squares = np.zeros((2, groups.n, matrix.shape[1]))
    for first, block in blocks(matrix):
        part, cells = of_rows(block, first, wanted)
        _add(part.indices, change(part.data, cells), groups.codes[cells], sums, squares)
    return sums, squares


def of_rows(block, first, wanted):
    """(the rows of a block that begins at row `first` which `wanted` (cells,) names, the cell of each value)."""
    rows = np.flatnonzero(wanted[first : first + block.shape[0]])
    part = block if len(rows) == block.shape[0] else block[rows]
    return part, np.repeat(first + rows, np.diff(part.indptr))


def clipped_sums(matrix, groups, highest):
    """(groups, genes) twice: sums and sums of squares, each value cut at `highest` (groups, genes)."""
    sums, squares = np.zeros((2, groups.n, matrix.shape[1]))
    for first, block in blocks(matrix):
        _add_clipped(block.indptr, block.indices, block.data, groups.codes[first:], highest, sums, squares)
    return sums, squares


def mask(rows, n):
    """(n,) bool: which of n rows are in `rows`."""
    chosen = np.zeros(n, bool)
    chosen[rows] = True
    return chosen


@numba.njit(**FAST)
def _look(indptr, indices, data, teaches, totals, stored, low, high, whole, seen, sums, squares):
    for row in range(len(indptr) - 1):
        total = 0.0
        for k in range(indptr[row], indptr[row + 1]):
            gene, value = indices[k], data[k]
            total += value
            stored[gene] += 1
            low[gene], high[gene] = min(low[gene], value), max(high[gene], value)
            if value != np.rint(value):
                whole[gene] = False
            if teaches[row] and value != 0:
                seen[gene] += 1
                sums[gene] += value
                squares[gene] += value * value  # in float32, as scanpy multiplies
        totals[row] = total


@numba.njit(**FAST)
def _about_mean(indices, values, n, n_columns):
    mean, deviation, zeros = np.zeros(n_columns), np.zeros(n_columns), np.full(n_columns, n)
    for k in range(len(indices)):
        mean[indices[k]] += values[k]
        zeros[indices[k]] -= 1
    mean /= n
    for k in range(len(indices)):
        deviation[indices[k]] += (values[k] - mean[indices[k]]) ** 2
    for j in range(n_columns):
        deviation[j] += zeros[j] * mean[j] ** 2
    return mean, deviation


@numba.njit(**FAST)
def _add(indices, values, groups, sums, squares):
    for k in range(len(values)):
        sums[groups[k], indices[k]] += values[k]
        squares[groups[k], indices[k]] += values[k] * values[k]  # as above


@numba.njit(**FAST)
def _add_clipped(indptr, indices, data, groups, highest, sums, squares):
    for row in range(len(indptr) - 1):
        group = groups[row]
        if group >= 0:
            for k in range(indptr[row], indptr[row + 1]):
                value = min(np.float64(data[k]), highest[group, indices[k]])
                sums[group, indices[k]] += value
                squares[group, indices[k]] += value * value
