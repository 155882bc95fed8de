"""Rows of a matrix in blocks, so that statistics and copies are made without a second whole matrix."""

import numpy as np
from scipy import sparse

BLOCK_VALUES = (
    1 << 21
)  # in one go: 16 MB of float32 values and int32 columns, whatever the size of the matrix


def blocks(matrix, n_values=BLOCK_VALUES):
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


def pieces(matrix, n_values=BLOCK_VALUES):
    """Pairs (first row, rows as they are), about `n_values` values each.

    `matrix` (cells, genes): scipy CSR or an array, of which a piece is a view; or what anndata and h5py give of a
    file (sparse by row, or dense), which is read as the pieces are asked for.
    """
    for first, last in borders(matrix, n_values):
        if not sparse.issparse(matrix):
            yield first, matrix[first:last]
            continue
        part = slice(int(matrix.indptr[first]), int(matrix.indptr[last]))
        pointer = matrix.indptr[first : last + 1] - matrix.indptr[first]
        shape = last - first, matrix.shape[1]
        yield first, sparse.csr_matrix((matrix.data[part], matrix.indices[part], pointer), shape=shape)


def borders(matrix, n_values):
    """Pairs (first, last) of row numbers that cut `matrix` into pieces of about `n_values` values, a row at least."""
    n_rows, n_columns = matrix.shape
    indptr = _indptr(matrix)
    first = 0
    while first < n_rows:
        if indptr is None:
            last = first + n_values // max(n_columns, 1)
        else:
            last = int(np.searchsorted(indptr, indptr[first] + n_values, side="right")) - 1
        last = min(max(last, first + 1), n_rows)
        yield first, last
        first = last


def _indptr(matrix):
    if sparse.issparse(matrix):
        return matrix.indptr
    return matrix.group["indptr"][:] if is_sparse(matrix) else None


def is_sparse(matrix):
    """Whether only some values are stored: by scipy, or by anndata in a file."""
    return sparse.issparse(matrix) or hasattr(matrix, "group")


def in_memory(matrix):
    """Whether it is an array or a scipy matrix, and not one in a file."""
    return sparse.issparse(matrix) or isinstance(matrix, np.ndarray)
