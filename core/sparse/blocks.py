"""A matrix in blocks of rows, wherever it lies: in memory, or in a file of which it is read a block at a time."""

import tempfile

import numpy as np
from scipy import sparse

from core.sparse.access import borders, by_column, indptr_of, stored_values

# Of one block, whatever the size of the matrix: 16 MB of float32 values and int32 columns.
BLOCK_VALUES = 1 << 21


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
    of a file, which is read as the pieces are asked for. A sparse matrix that lies there by column is transposed on
    the way, through scratch files in the system's temporary folder where it is large.
    """
    n_values = n_values or BLOCK_VALUES
    if sparse.issparse(matrix) and matrix.format != "csr":
        matrix = matrix.tocsr()
    if by_column(matrix):
        from core.sparse.transpose import by_row  # compiled, and rarely needed

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
