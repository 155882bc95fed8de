"""A fingerprint of what a data set holds, the same however its file stores it."""

import hashlib

import numpy as np
import pandas as pd
from anndata import AnnData

from core.data.count_sources import counts_of, genes_of
from core.sparse.blocks import canonical, pieces


def data_hash(adata: AnnData) -> str:
    """A fingerprint (64 hex digits) of counts, or of X where there are none, with protein values and all names.

    Neither the order of cells or features, nor sparse or dense, nor the file format changes it: each value other than
    0 is mixed as float64 with a hash of its feature's name, a cell is the sum of its mixed values (128 bits), and
    cells go into a sha256 in the order of their names. So a matrix is read once, a block of cells at a time. It tells
    data sets apart, and is no seal: who tries can make two that share it.
    """
    counts = counts_of(adata)
    matrix = counts.matrix if counts else adata.X
    genes = genes_of(adata, counts.where) if counts else adata.var_names
    cells = np.argsort(adata.obs_names.to_numpy(dtype=str), kind="stable")
    total = hashlib.sha256(b"nuwa data 2\n")
    total.update(_names(adata.obs_names[cells]))
    total.update(_matrix(matrix, cells, genes))
    if "protein" in adata.obsm:
        table = adata.obsm["protein"]
        total.update(_matrix(np.asarray(table, dtype=np.float32), cells, pd.Index(table.columns)))
    return total.hexdigest()


def _matrix(matrix, cells: np.ndarray, columns: pd.Index) -> bytes:
    """Digest of (cells, columns) that no order of either changes, `cells` being that of their names."""
    from core.data.fingerprint_sums import add  # compiled, which the process that reads files does without

    keys = np.array([_key(name) for name in columns], dtype=np.uint64).reshape(len(columns), 2)
    sums = np.zeros((matrix.shape[0], 2), np.uint64)
    for first, block in pieces(matrix):
        block = canonical(block)
        add(block.indptr, block.indices, block.data.astype(np.float64).view(np.uint64), keys, sums[first:])
    return (
        _names(columns.astype(str).sort_values())
        + hashlib.sha256(sums[cells].astype("<u8").tobytes()).digest()
    )


def _key(name) -> tuple[int, int]:
    digest = hashlib.sha256(str(name).encode()).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:16], "little")


def _names(names: pd.Index) -> bytes:
    # A zero byte parts the names, so that ("ab", "c") and ("a", "bc") differ.
    return hashlib.sha256("\0".join(map(str, names)).encode()).digest()
