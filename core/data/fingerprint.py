"""A fingerprint of what a dataset holds, the same however its file stores it."""

import hashlib

import numpy as np
import pandas as pd
from anndata import AnnData

from core.data.count_sources import counts_of, genes_of, matrix_at
from core.sparse.blocks import canonical, pieces


def data_hash(adata: AnnData) -> str:
    """A fingerprint (64 hex digits) of counts, or of X where there are none, with protein values and all names.

    Neither the order of cells or features, nor sparse or dense, nor the file format changes it: each value other than
    0 is mixed as float64 with a hash of its feature's name, a cell is the sum of its mixed values (128 bits), and
    cells go into a sha256 in the order of their names. So a matrix is read once, a block of cells at a time. It tells
    datasets apart, and is no seal: who tries can make two that share it.
    """
    counts = counts_of(adata)
    where = counts.where if counts else "X"
    sums = ValueSums(adata.n_obs, genes_of(adata, where))
    sums.add_all(matrix_at(adata, where))
    return fingerprint_of(adata, sums)


class ValueSums:
    """A matrix as two sums a cell, which any change of a value changes, and no order of values."""

    def __init__(self, n_cells: int, columns: pd.Index):
        self.columns, self.sums = columns, np.zeros((n_cells, 2), np.uint64)
        self.keys = np.array([_key(name) for name in columns], dtype=np.uint64).reshape(len(columns), 2)

    def add(self, first, block) -> None:
        """Take in cells from `first` on, as CSR with one entry a place."""
        # Compiled, and not needed by the process that reads files.
        from core.data.value_kernels import add_mixed

        bits = block.data.astype(np.float64).view(np.uint64)
        add_mixed(block.indptr, block.indices, bits, self.keys, self.sums[first:])

    def add_all(self, matrix) -> None:
        """Take in all cells of a matrix in memory or on disk."""
        for first, block in pieces(matrix):
            self.add(first, canonical(block))

    def digest(self, cells: np.ndarray) -> bytes:
        """Of the sums in the order of `cells`, and of the names of the columns in their own."""
        names = _digest_of_names(self.columns.astype(str).sort_values())
        return names + hashlib.sha256(self.sums[cells].astype("<u8").tobytes()).digest()


def fingerprint_of(adata: AnnData, sums: ValueSums) -> str:
    """As `data_hash`, from the sums of the matrix that is trained on."""
    cells = np.argsort(adata.obs_names.to_numpy(dtype=str), kind="stable")
    total = hashlib.sha256(b"nuwa data 2\n")
    total.update(_digest_of_names(adata.obs_names[cells]))
    total.update(sums.digest(cells))
    if "protein" in adata.obsm:
        table = adata.obsm["protein"]
        proteins = ValueSums(adata.n_obs, pd.Index(table.columns))
        proteins.add_all(np.asarray(table, dtype=np.float32))
        total.update(proteins.digest(cells))
    return total.hexdigest()


def _key(name) -> tuple[int, int]:
    digest = hashlib.sha256(str(name).encode()).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:16], "little")


def _digest_of_names(names: pd.Index) -> bytes:
    # A zero byte parts the names, so that ("ab", "c") and ("a", "bc") differ.
    return hashlib.sha256("\0".join(map(str, names)).encode()).digest()
