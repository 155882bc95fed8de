"""How to reach a matrix wherever it lies: in memory, or in a file as anndata, h5py and zarr give it."""

import os

import numpy as np
from scipy import sparse


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


def n_stored(matrix):
    """How many values are stored: all places of a dense matrix, and of a sparse one those that it names."""
    if sparse.issparse(matrix):
        return int(matrix.nnz)
    if is_sparse(matrix):
        return int(matrix.group["data"].shape[0])
    return int(np.prod(matrix.shape))


def place_of(matrix):
    """What distinguishes a matrix in an HDF5 file from every other, as long as that file stays as it is; else None."""
    file = getattr(getattr(matrix, "group", matrix), "file", None)
    if in_memory(matrix) or file is None:
        return None
    status = os.fstat(file.id.get_vfd_handle())
    return status.st_dev, status.st_ino, status.st_mtime_ns, getattr(matrix, "group", matrix).name
