"""A matrix in blocks of rows, wherever it lies: in memory, or in a file of which it is read a block at a time."""

import os
import tempfile

import numpy as np
from scipy import sparse

BLOCK_VALUES = (
    1 << 21
)  # in one go: 16 MB of float32 values and int32 columns, whatever the size of the matrix


def blocks(matrix, n_values=None):
    """Pairs (first row, rows as CSR float32 with one entry a place), about `n_values` values each."""
    for first, block in pieces(matrix, n_values):
        yield first, canonical(block).astype(np.float32, copy=False)


def canonical(matrix):
    """`matrix` as CSR with one entry a place: of several the sum, as a clip or a logarithm asks for."""
    matrix = sparse.csr_matrix(matrix)
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    return matrix


def pieces(matrix, n_values=None):
    """Pairs (first row, rows as they are: CSR or an array), about `n_values` values each (None: BLOCK_VALUES).

    `matrix` (cells, genes): scipy sparse or an array, of which a piece is a view; or what anndata, h5py and zarr give
    of a file, which is read as the pieces are asked for. A sparse matrix that lies there by column is turned on the
    way, through scratch files in the system's temporary folder where it is large.
    """
    n_values = n_values or BLOCK_VALUES
    if sparse.issparse(matrix) and matrix.format != "csr":
        matrix = matrix.tocsr()
    if by_column(matrix):
        from core.sparse.transpose import by_row  # which is compiled, and rarely asked for

        yield from by_row(matrix, n_values, tempfile.gettempdir())
        return
    indptr = indptr_of(matrix)
    for first, last in borders(matrix.shape, n_values, indptr):
        yield first, _rows(matrix, indptr, first, last)


def _rows(matrix, indptr, first, last):
    if indptr is None:
        return np.asarray(matrix[first:last])
    part = slice(int(indptr[first]), int(indptr[last]))
    pointer = indptr[first : last + 1] - indptr[first]
    if sparse.issparse(matrix):
        data, indices = matrix.data[part], matrix.indices[part]
    else:
        data, indices = stored_values(matrix, part), matrix.group["indices"][part]
    return sparse.csr_matrix((data, indices, pointer), shape=(last - first, matrix.shape[1]))


def stored_values(matrix, part):
    """The values at `part`, a slice, of a sparse matrix in a file; float16 as float32, as scipy has no sparse float16."""
    values = matrix.group["data"][part]
    return values.astype(np.float32) if values.dtype == np.float16 else values


def borders(shape, n_values, indptr=None):
    """Pairs (first, last) of rows that cut a matrix into pieces of about `n_values` values, a row at least.

    `indptr`: where its rows begin among the values it stores; None where it is dense.
    """
    n_rows, n_columns = shape
    first = 0
    while first < n_rows:
        if indptr is None:
            last = first + n_values // max(n_columns, 1)
        else:
            last = int(np.searchsorted(indptr, indptr[first] + n_values, side="right")) - 1
        last = min(max(last, first + 1), n_rows)
        yield first, last
        first = last


def indptr_of(matrix):
    """Where the rows (or columns) of a sparse matrix begin, read where it lies in a file; None of a dense one."""
    if sparse.issparse(matrix):
        return matrix.indptr
    return matrix.group["indptr"][:] if is_sparse(matrix) else None


def is_sparse(matrix):
    """Whether only some values are stored: by scipy, or by anndata in a file."""
    return sparse.issparse(matrix) or hasattr(matrix, "group")


def by_column(matrix):
    """Whether it is a sparse matrix in a file that lies there by column, so that its rows are all over the file."""
    return not in_memory(matrix) and getattr(matrix, "format", "csr") == "csc"


def in_memory(matrix):
    """Whether it is an array or a scipy matrix, and not one in a file."""
    return sparse.issparse(matrix) or isinstance(matrix, np.ndarray)


def place_of(matrix):
    """What tells a matrix in an HDF5 file from every other, for as long as that file stays as it is; else None."""
    file = getattr(getattr(matrix, "group", matrix), "file", None)
    if in_memory(matrix) or file is None:
        return None
    found = os.fstat(file.id.get_vfd_handle())
    return found.st_dev, found.st_ino, found.st_mtime_ns, getattr(matrix, "group", matrix).name
