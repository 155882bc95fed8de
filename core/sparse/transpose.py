"""Out-of-core transpose of a sparse matrix: entries go to a scratch file for each range of columns, which are then sorted.

The scratch files have no names, so that nothing is left behind, even by a process that is killed.
"""

import math
import tempfile

import numba
import numpy as np
from scipy import sparse

from core.sparse.access import borders, indptr_of, stored_values

READ = 1 << 21  # values of a matrix in a file that are read at once
RANGE = 1 << 22  # values of a range of columns, which is sorted in memory: 32 MB, twice
MOST_FILES = 200  # that are open at once
IN_MEMORY = 1 << 20  # bytes of a scratch file before it goes to disk


class Transpose:
    """Takes in the blocks of rows of a matrix, and gives its columns."""

    def __init__(self, n_columns, n_values, folder=None):
        """`n_values`: about how many values will come, by which the ranges are chosen; `folder`: for the scratch files."""
        self.n_values, self.folder, self.kind, self.n_rows = n_values, folder, None, 0
        self.stored = np.zeros(n_columns, np.int64)  # (columns,) how many values each has so far
        self.files = []

    def add(self, first, block):
        """Take in CSR rows, one entry a place, that begin at row `first`; blocks come in their order."""
        if self.kind is None:
            self._begin(block)
        lengths = np.zeros(len(self.files), np.int64)
        _count(block.indices, self.range_of, self.stored, lengths)
        begins = np.concatenate([[0], np.cumsum(lengths)])
        rows, columns = np.empty((2, block.nnz), np.int32)
        values = np.empty(block.nnz, self.kind)
        parts = block.indptr, block.indices, block.data, self.range_of
        _partition(*parts, np.int32(first), begins[:-1].copy(), rows, columns, values)
        for file, begin, end in zip(self.files, begins[:-1], begins[1:], strict=True):
            if end > begin:
                for array in (np.array([end - begin]), *(a[begin:end] for a in (rows, columns, values))):
                    file.write(array.view(np.uint8))
        self.n_rows = first + block.shape[0]

    def _begin(self, block):
        """Choose the ranges, as if all rows were like those of the first block."""
        self.kind = block.dtype
        expected = np.bincount(block.indices, minlength=len(self.stored)) + 1.0
        expected *= self.n_values / expected.sum()
        size = max(RANGE, math.ceil(self.n_values / MOST_FILES))
        at = np.concatenate([[0], np.cumsum(expected)])
        self.ranges = list(borders((len(self.stored), 0), size, at))
        self.range_of = np.repeat(
            np.arange(len(self.ranges), dtype=np.int32), [high - low for low, high in self.ranges]
        )
        self.files = [
            tempfile.SpooledTemporaryFile(IN_MEMORY, dir=self.folder)  # noqa: SIM115 - `close` closes them
            for _ in self.ranges
        ]

    def columns(self):
        """Pairs (first column, columns as the rows of a CSR, sorted), all columns in their order, once."""
        at = np.concatenate([[0], np.cumsum(self.stored)])
        for file, (low, high) in zip(self.files, self.ranges if self.files else (), strict=True):
            # A range that came out larger than it was expected is sorted in several goes.
            size = max(2 * RANGE, 2 * math.ceil(self.n_values / MOST_FILES))
            for first, last in borders((high - low, 0), size, at[low : high + 1]):
                yield low + first, self._sorted(file, low + first, low + last, at)
            file.close()

    def _sorted(self, file, low, high, at):
        """The columns from `low` to `high`, as the rows of a CSR."""
        indptr = at[low : high + 1] - at[low]
        indices, data = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], self.kind)
        filled = indptr[:-1].copy()
        file.seek(0)
        while head := file.read(8):
            n = int(np.frombuffer(head, np.int64)[0])
            rows, columns, values = (
                np.frombuffer(file.read(n * np.dtype(kind).itemsize), kind)
                for kind in (np.int32, np.int32, self.kind)
            )
            _put(rows, columns, values, low, filled, indices, data)
        return sparse.csr_matrix((data, indices, indptr), shape=(high - low, self.n_rows))

    def close(self):
        """Give the scratch files up."""
        for file in self.files:
            file.close()


def by_row(matrix, n_values, folder):
    """As `core.sparse.blocks.pieces`, of a sparse matrix that lies in a file by column; through scratch files in `folder`."""
    indptr, (n_rows, n_columns) = indptr_of(matrix), matrix.shape
    transpose = Transpose(n_rows, int(indptr[-1]), folder)
    try:
        for first, last in borders((n_columns, 0), READ, indptr):
            part = slice(indptr[first], indptr[last])
            pointer = indptr[first : last + 1] - indptr[first]
            values = stored_values(matrix, part), matrix.group["indices"][part], pointer
            transpose.add(first, sparse.csr_matrix(values, shape=(last - first, n_rows)))
        for first, rows in transpose.columns():
            for low, high in borders(rows.shape, n_values, rows.indptr):
                yield first + low, rows[low:high]
    finally:
        transpose.close()


@numba.njit(cache=True, nogil=True)
def _count(indices, range_of, stored, lengths):
    for k in range(len(indices)):
        stored[indices[k]] += 1
        lengths[range_of[indices[k]]] += 1


@numba.njit(cache=True, nogil=True)
def _partition(indptr, indices, data, range_of, first, place, out_rows, out_columns, out_values):
    for row in range(len(indptr) - 1):
        for k in range(indptr[row], indptr[row + 1]):
            column = indices[k]
            at = place[range_of[column]]
            out_rows[at], out_columns[at], out_values[at] = first + row, column, data[k]
            place[range_of[column]] = at + 1


@numba.njit(cache=True, nogil=True)
def _put(rows, columns, values, low, filled, out_rows, out_values):
    """Puts the entries of the columns from `low` on, as many as `filled` has, where each column is filled to."""
    for k in range(len(rows)):
        column = columns[k] - low
        if 0 <= column < len(filled):
            place = filled[column]
            out_rows[place], out_values[place] = rows[k], values[k]
            filled[column] = place + 1
