"""Sparse rows in as little memory as holds them exactly; they are normalised, logged and scaled on the way out."""

from typing import NamedTuple

import numba
import numpy as np

from core.sparse.blocks import canonical

# Sums may be reordered and fused; a NaN must stay one, for a training that has gone wrong is known by it.
FAST = {"cache": True, "nogil": True, "fastmath": {"reassoc", "contract", "nsz", "arcp"}}
WHOLE = (np.uint8, np.uint16, np.int32)  # types for whole numbers, the smallest first


class Held(NamedTuple):
    """Some rows in memory, and where in them those stand that were asked for."""

    rows: "Rows"
    at: np.ndarray


class Rows:
    """A sparse matrix (cells, genes) in memory: columns as uint16 where they fit, values as small as they go."""

    def __init__(self, indptr, indices, values, size, n_genes):
        """`size` (cells,) is what the library-size normalisation multiplies each cell by on the way out."""
        self.indptr, self.indices, self.values, self.size = indptr, indices, values, size
        self.shape = len(indptr) - 1, n_genes

    @classmethod
    def of(cls, matrix):
        """The Rows of an array or scipy matrix."""
        matrix = canonical(matrix)
        values, (n_cells, n_genes) = matrix.data, matrix.shape
        low, high = (float(values.min()), float(values.max())) if len(values) else (0, 0)
        kind = smallest_type(low, high, bool((values == np.rint(values)).all()))
        indptr, size = matrix.indptr.astype(np.int64), np.ones(n_cells, np.float32)
        return cls(indptr, matrix.indices.astype(column_type(n_genes)), values.astype(kind), size, n_genes)

    @property
    def n_values(self):
        """How many values are stored."""
        return int(self.indptr[-1])

    @property
    def density(self):
        """The share of values that are not zero."""
        return self.n_values / max(1, self.shape[0] * self.shape[1])

    def held(self, rows):
        """These rows as Held. Raises IndexError for rows that do not exist."""
        rows = np.asarray(rows, np.int64)
        if len(rows) and not 0 <= rows.min() <= rows.max() < self.shape[0]:  # compiled code would follow
            raise IndexError(f"Rows are numbered from 0 to {self.shape[0] - 1}.")
        return Held(self, rows)

    def in_order(self, rows):
        """The same rows in the order that is fastest to read: here, unchanged."""
        return rows

    def shuffled(self, rows, batch_size, random):
        """The rows in an order to train by, drawn from the numpy Generator `random`: here, any order is as likely."""
        return random.permutation(rows)

    def some(self, rows, n, random):
        """`n` of `rows` by chance, in an order in which they are read well."""
        return np.sort(random.permutation(rows)[:n])

    def minibatches(self, rows, size):
        """Pairs (part, Held) of `rows`, in this order and `size` at a time."""
        for start in range(0, len(rows), size):
            yield rows[start : start + size], self.held(rows[start : start + size])

    def take(self, rows):
        """New Rows of these rows alone."""
        indptr = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(self.indptr[rows + 1] - self.indptr[rows], out=indptr[1:])
        indices, values = np.empty(indptr[-1], self.indices.dtype), np.empty(indptr[-1], self.values.dtype)
        _copy(self.indptr, self.indices, self.values, rows, indices, values)
        return Rows(indptr, indices, values, self.size[rows], self.shape[1])

    def dense(self, rows):
        """(len(rows), genes) float32: the values as they are stored."""
        out = np.zeros((len(rows), self.shape[1]), np.float32)
        _spread(self.indptr, self.indices, self.values, self.held(rows).at, out)
        return out


class Writer:
    """Puts blocks of rows together, in memory that is asked for once."""

    def __init__(self, size, types, n_values, n_genes):
        """`size` (cells,) as Rows has it; `types` of columns and values."""
        self.indptr = np.zeros(len(size) + 1, np.int64)
        self.indices, self.values = (np.empty(n_values, kind) for kind in types)
        self.size, self.n_genes = size, n_genes

    def add(self, first, block):
        """Take in a CSR block of the source that begins at row `first`; blocks come in order."""
        begin = self.indptr[first]
        part = slice(begin, begin + block.nnz)
        self.indptr[first + 1 : first + block.shape[0] + 1] = begin + block.indptr[1:]
        self.indices[part], self.values[part] = block.indices, block.data

    def finish(self):
        """The Rows."""
        return Rows(self.indptr, self.indices, self.values, self.size, self.n_genes)


def column_type(n_genes):
    """The smallest type for the number of a gene."""
    return np.uint16 if n_genes <= 65_536 else np.int32


def smallest_type(low, high, whole):
    """The smallest type that holds values from `low` to `high` exactly: float32 unless they are `whole`."""
    if whole:
        for kind in WHOLE:
            if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
                return kind
    return np.float32


class Normalisation(NamedTuple):
    """What becomes of the values of a source before they are scaled."""

    size: np.ndarray  # (cells,) float32: what each cell is multiplied by
    logged: bool  # log1p is taken of that

    def __call__(self, values, cells):
        """float32: the values, each of the cell beside it."""
        return values_of(values, self.size[cells], self.logged)


def normalisation(totals, target_sum, logged):
    """The Normalisation that brings each cell to the target sum, where there is one; an empty cell stays empty."""
    size = target_sum / np.maximum(totals, 1) if target_sum else np.ones(len(totals))
    return Normalisation(size.astype(np.float32), bool(logged))


def values_of(values, size, logged):
    """float32: values times the `size` of their cell, and log1p of that where `logged`."""
    normalised = np.asarray(values, np.float32) * size
    return np.log1p(normalised, out=normalised) if logged else normalised


def gather(rows, at, logged, indices, data):
    """Writes the columns and the normalised values of the rows `at` to `indices` and `data`, one row after another."""
    _copy_times(rows.indptr, rows.indices, rows.values, rows.size, at, indices, data)
    if logged:
        np.log1p(data, out=data)  # numpy's, which takes sixteen at a time where the machine can


def gather_raw(rows, at, indices, data):
    """As `gather`, with the values as they are stored."""
    _copy_times(rows.indptr, rows.indices, rows.values, np.ones_like(rows.size), at, indices, data)


@numba.njit(**FAST)
def standardise(indices, data, slope, shift, clip, base, sums):
    """Makes each value clip(base + shift + slope * value) - base, adds up each column, returns the sum of squares.

    `slope`, `shift`, `base` and `sums`, which is overwritten, are by gene; `shift` is what the clip takes off `base`.
    """
    sums[:] = 0
    squares = 0.0
    for k in range(len(indices)):
        gene = indices[k]
        low, high = -clip - base[gene], clip - base[gene]
        data[k] = min(max(data[k] * slope[gene] + shift[gene], low), high)
        value = np.float64(data[k])
        sums[gene] += value
        squares += value * value
    return squares


@numba.njit(**FAST)
def standardise_alone(indices, data, slope, shift, clip, base):
    """As `standardise`, without the sums."""
    for k in range(len(indices)):
        gene = indices[k]
        low, high = -clip - base[gene], clip - base[gene]
        data[k] = min(max(data[k] * slope[gene] + shift[gene], low), high)


@numba.njit(**FAST)
def _copy_times(indptr, indices, values, size, rows, out_indices, out_data):
    place = 0
    for row in rows:
        begin, end = indptr[row], indptr[row + 1]
        source, target, factor = values[begin:end], out_data[place : place + end - begin], size[row]
        out_indices[place : place + end - begin] = indices[begin:end]
        for k in range(len(source)):  # slices, so that the compiler sees that many can go at a time
            target[k] = np.float32(source[k]) * factor
        place += end - begin


@numba.njit(**FAST)
def _copy(indptr, indices, values, rows, out_indices, out_values):
    place = 0
    for row in rows:
        for k in range(indptr[row], indptr[row + 1]):
            out_indices[place], out_values[place] = indices[k], values[k]
            place += 1


@numba.njit(**FAST)
def _spread(indptr, indices, values, rows, out):
    for i in range(len(rows)):
        for k in range(indptr[rows[i]], indptr[rows[i] + 1]):
            out[i, indices[k]] = values[k]
