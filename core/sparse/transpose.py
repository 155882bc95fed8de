"""A sparse matrix turned from rows to columns, in bounded memory: first roughly into files, then each file exactly."""

import math
import tempfile
from contextlib import ExitStack

import numba
import numpy as np
from scipy import sparse

from core.sparse.blocks import borders, indptr_of, stored_values

PIECE = 1 << 23  # values that are turned in one go: 64 MB, twice
FILE = 1 << 24  # values of a rough file, which is put in order in memory: 128 MB, twice
MOST_FILES = 200  # that are open at once
IN_MEMORY = 1 << 22  # bytes of a rough file that is none yet


def turned(parts, stored, folder=None):
    """Pairs (first column, columns of a matrix as the rows of a CSR, sorted), all columns in their order.

    `parts`: pairs (first row, CSR rows with one entry a place) of the matrix, in their order, of PIECE values at most;
    `stored` (columns,): how many values each column has. `folder`: where the scratch files go; they have no names.
    """
    at = np.concatenate([[0], np.cumsum(stored, dtype=np.int64)])
    size = max(FILE, math.ceil(at[-1] / MOST_FILES))
    ranges = list(borders((len(stored), 0), size, at))
    with ExitStack() as open_files:
        rough = [
            open_files.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY, dir=folder)) for _ in ranges
        ]
        n_rows, kind = 0, None
        for first, block in parts:
            by_column = block.tocsc()
            kind, n_rows = block.dtype, first + block.shape[0]
            rows = by_column.indices.astype(np.int32, copy=False) + np.int32(first)
            for file, (low, high) in zip(rough, ranges, strict=True):
                pointer = by_column.indptr[low : high + 1].astype(np.int64)
                values = slice(pointer[0], pointer[-1])
                for array in (pointer - pointer[0], rows[values], by_column.data[values]):
                    file.write(np.ascontiguousarray(array).view(np.uint8))
        for file, (low, high) in zip(rough, ranges, strict=True):
            if kind is not None:
                yield low, _in_order(file, at[low : high + 1] - at[low], n_rows, kind)
            file.close()


def _in_order(file, at, n_rows, kind):
    """The columns of one rough file, as the rows of a CSR."""
    file.seek(0)
    content, n, place = file.read(), len(at) - 1, 0
    indices, data, filled = np.empty(at[-1], np.int32), np.empty(at[-1], kind), at[:-1].copy()
    while place < len(content):
        pointer = np.frombuffer(content, np.int64, n + 1, place)
        place += pointer.nbytes
        rows = np.frombuffer(content, np.int32, pointer[-1], place)
        place += rows.nbytes
        values = np.frombuffer(content, kind, pointer[-1], place)
        place += values.nbytes
        _put(pointer, rows, values, filled, indices, data)
    return sparse.csr_matrix((data, indices, at), shape=(n, n_rows))


def by_row(matrix, n_values, folder):
    """As `core.sparse.blocks.pieces`, of a sparse matrix that lies in a file by column; through scratch files in `folder`."""
    indptr, (n_rows, n_columns) = indptr_of(matrix), matrix.shape
    indices = matrix.group["indices"]
    stored = np.zeros(n_rows, np.int64)
    for first, last in borders((n_columns, 0), PIECE, indptr):
        stored += np.bincount(indices[indptr[first] : indptr[last]], minlength=n_rows)

    def columns():
        for first, last in borders((n_columns, 0), PIECE, indptr):
            part = slice(indptr[first], indptr[last])
            pointer = indptr[first : last + 1] - indptr[first]
            values = stored_values(matrix, part), indices[part], pointer
            yield first, sparse.csr_matrix(values, shape=(last - first, n_rows))

    for first, rows in turned(columns(), stored, folder):
        for low, high in borders(rows.shape, n_values, rows.indptr):
            yield first + low, rows[low:high]


@numba.njit(cache=True, nogil=True)
def _put(pointer, rows, values, filled, out_rows, out_values):
    for column in range(len(pointer) - 1):
        place = filled[column]
        for k in range(pointer[column], pointer[column + 1]):
            out_rows[place], out_values[place] = rows[k], values[k]
            place += 1
        filled[column] = place
