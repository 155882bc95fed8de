"""A block of rows, sparse or dense, and its sums."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse

N_HASHES = 12
_MIX = np.random.default_rng(20).integers(1, 2**31, N_HASHES, dtype=np.uint32) * np.uint32(2) + np.uint32(1)


class Statistics(NamedTuple):
    """Numbers and sums of a block of rows; sums are float64."""

    nonzero: int
    whole: int  # of the values that are not 0
    negative: int
    least: float  # the smallest value above 0, infinite where there is none
    by_cell: np.ndarray  # (rows,) values other than 0
    whole_cells: np.ndarray  # (rows,) bool: with whole numbers alone
    by_gene: np.ndarray  # (genes,) the same
    cell_sums: np.ndarray  # (rows,)
    gene_sums: np.ndarray  # (genes,)
    gene_squares: np.ndarray  # (genes,)
    set_sums: np.ndarray | None  # (rows, sets)


class Block:
    """Rows of a matrix, sparse or dense, and sums of it by row, by column and by set of columns."""

    def __init__(self, block):
        self.shape, self.sparse = block.shape, sparse.issparse(block)
        if self.sparse:
            self.values, self.indices, self.indptr = block.data, block.indices, block.indptr
        else:
            self.values = block.reshape(-1)

    @cached_property
    def rows(self):
        """(values,) the row of each value of a sparse block."""
        return np.repeat(np.arange(self.shape[0]), np.diff(self.indptr))

    def with_values(self, values):
        if not self.sparse:
            return Block(values.reshape(self.shape))
        return Block(sparse.csr_matrix((values, self.indices, self.indptr), shape=self.shape))

    def statistics(self, sets):
        """The Statistics of the block; its values are finite. `sets` (genes, sets) float64 or None."""
        if not self.sparse:
            return self._dense_statistics(sets)
        from core.data.value_kernels import add_statistics

        (n_rows, n_genes), n_sets = self.shape, 0 if sets is None else sets.shape[1]
        by_cell, cell_sums = np.zeros(n_rows, np.int64), np.zeros(n_rows)
        whole_cells = np.zeros(n_rows, np.bool_)
        set_sums, genes = np.zeros((n_rows, n_sets)), np.zeros((n_genes, 3))
        sets = np.zeros((n_genes, 0)) if sets is None else sets
        parts = self.indptr, self.indices, plain_floats(self.values)
        by_row = by_cell, whole_cells, cell_sums, set_sums
        counted = add_statistics(*parts, sets, sets.any(axis=1), *by_row, genes)
        by_gene = genes[:, 2].astype(np.int64)
        return Statistics(
            *counted, by_cell, whole_cells, by_gene, cell_sums, genes[:, 0], genes[:, 1], set_sums
        )

    def _dense_statistics(self, sets):
        values, wide = self.values, self.values.astype(np.float64)
        nonzero = values != 0
        filled, whole = int(np.count_nonzero(nonzero)), np.rint(values) == values
        return Statistics(
            nonzero=filled,
            whole=int(np.count_nonzero(whole)) - (values.size - filled),
            negative=int(np.count_nonzero(values < 0)),
            least=float(np.min(wide, initial=np.inf, where=wide > 0)),
            by_cell=self.by_row(nonzero).astype(np.int64),
            whole_cells=whole.reshape(self.shape).all(axis=1),
            by_gene=self.by_column(nonzero).astype(np.int64),
            cell_sums=self.by_row(wide),
            gene_sums=self.by_column(wide),
            gene_squares=self.by_column(wide * wide),
            set_sums=None if sets is None else wide.reshape(self.shape) @ sets,
        )

    def top_sums(self, n):
        """(rows,) float64: the sum of the `n` largest values of each row, which are not negative."""
        from core.data.value_kernels import top_sums

        if not self.sparse:
            values = self.values.reshape(self.shape).astype(np.float64)
            return np.sort(values, axis=1)[:, -n:].sum(axis=1) if self.shape[1] else np.zeros(self.shape[0])
        sums = np.zeros(self.shape[0])
        top_sums(self.indptr, plain_floats(self.values), n, sums)
        return sums

    def by_row(self, values):
        if self.sparse:
            return np.bincount(self.rows, values, minlength=self.shape[0])
        return values.reshape(self.shape).sum(axis=1)

    def by_column(self, values):
        if self.sparse:
            return np.bincount(self.indices, values, minlength=self.shape[1])
        return values.reshape(self.shape).sum(axis=0)

    def places(self, some):
        """(rows, columns) of some of the values, chosen by a mask, in their order."""
        at = np.flatnonzero(some)
        return (self.rows[at], self.indices[at]) if self.sparse else np.divmod(at, self.shape[1])

    def csr(self):
        if self.sparse:
            return sparse.csr_matrix((self.values, self.indices, self.indptr), shape=self.shape)
        return sparse.csr_matrix(self.values.reshape(self.shape))

    def signatures(self):
        """(rows, N_HASHES) MinHash of a row's (gene, value) pairs (Broder 1997): the share of equal entries of two
        rows estimates the Jaccard similarity of their pairs. An empty row has zeros."""
        from core.data.value_kernels import add_signatures

        rows, out = self.csr(), np.zeros((self.shape[0], N_HASHES), np.uint32)
        add_signatures(rows.indptr, rows.indices, plain_floats(rows.data), _MIX, out)
        return out


def plain_floats(values):
    """`values` as they are where they are float32 or float64, else as float64: the kinds that kernels are compiled for."""
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)
