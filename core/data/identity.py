"""A fingerprint of what a data set holds, the same however its file stores it."""

import hashlib

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.data.sources import counts_of, genes_of

BLOCK_CELLS = 1024


def data_hash(adata: AnnData) -> str:
    """sha256 (hex) of counts, or of X where there are none, with protein values and all names.

    Cells and features are taken in the order of their names, zeros are left out and numbers hashed as
    little-endian float64, so neither the order nor sparse or dense nor the file format changes it.
    """
    counts = counts_of(adata)
    matrix = counts.matrix if counts else adata.X
    genes = genes_of(adata, counts.where) if counts else adata.var_names
    cells = np.argsort(adata.obs_names.to_numpy(dtype=str), kind="stable")
    total = hashlib.sha256(b"nuwa data 1\n")
    total.update(_names(adata.obs_names[cells]))
    total.update(_matrix(matrix, cells, genes))
    if "protein" in adata.obsm:
        table = adata.obsm["protein"]
        total.update(_matrix(np.asarray(table, dtype=np.float32), cells, pd.Index(table.columns)))
    return total.hexdigest()


def _matrix(matrix, cells: np.ndarray, columns: pd.Index) -> bytes:
    """Digest of (cells, columns) in canonical order; three streams, so that block borders leave no trace."""
    order = np.argsort(columns.to_numpy(dtype=str), kind="stable")
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    lengths, indices, values = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
    if sparse.issparse(matrix):
        matrix = matrix.tocsr()
    for low in range(0, len(cells), BLOCK_CELLS):
        block = sparse.csr_matrix(matrix[cells[low : low + BLOCK_CELLS]])  # fancy rows: our own copy
        block.sum_duplicates()
        block.eliminate_zeros()
        block = sparse.csr_matrix((block.data, place[block.indices], block.indptr), shape=block.shape)
        block.sort_indices()
        lengths.update(np.diff(block.indptr).astype("<i8").tobytes())
        indices.update(block.indices.astype("<i4").tobytes())
        values.update(block.data.astype("<f8").tobytes())
    streams = (lengths.digest(), indices.digest(), values.digest())
    return _names(columns[order]) + b"".join(streams)


def _names(names: pd.Index) -> bytes:
    # A zero byte parts the names, so that ("ab", "c") and ("a", "bc") differ.
    return hashlib.sha256("\0".join(map(str, names)).encode()).digest()
