"""The values that colour genes on plots, by gene: gathered from blocks of cells, in as much memory whatever their number."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import sparse

from core.data.count_sources import size_factors
from core.data.highest_genes import HighestGenes
from core.data.value_scan import Sweep
from core.sparse.access import n_stored
from core.sparse.blocks import canonical, pieces
from core.sparse.rows import smallest_type
from core.sparse.transpose import Transpose


class ValuesByGene:
    """Takes in blocks of cells, then gives the genes in their order, once; scratch files lie in `folder`.

    Counts are given as they are, with the `size` (cells,) that each cell is multiplied by before log1p.
    """

    def __init__(self, matrix, names: pd.Index, folder=None):
        self.matrix, self.names = matrix, names
        self.transpose = Transpose(matrix.shape[1], n_stored(matrix), folder)
        self.highest = HighestGenes(matrix.shape[0], names)
        self.size: np.ndarray | None = None

    def add(self, first, block) -> None:
        """Take in cells from `first` on, as CSR with one entry a place."""
        block = block.astype(np.float32, copy=False)
        self.transpose.add(first, block)
        self.highest.add(first, block)

    def add_all(self) -> None:
        """Take in all cells of the matrix."""
        for first, block in pieces(self.matrix):
            self.add(first, canonical(block))

    def settle(self, seen: Sweep, counts: bool) -> None:
        """What a sweep of the same matrix says of the type that its values are kept in; `counts`: whether they are."""
        whole = seen.whole == seen.nonzero and not seen.not_finite
        self.dtype = smallest_type(min(seen.lowest, 0.0), max(seen.highest, 0.0), whole)
        self.size = size_factors(seen.cell_sums) if counts else None

    @property
    def indptr(self) -> np.ndarray:
        """(genes + 1,) where each gene begins among the values."""
        return np.concatenate([[0], np.cumsum(self.transpose.stored, dtype=np.int64)])

    def genes(self) -> Iterator[sparse.csr_matrix]:
        """The genes as the rows of CSR matrices, all in their order."""
        for first, genes in self.transpose.columns():
            if self.size is not None:
                self.highest.add_genes(first, genes)
            yield genes

    def highest_genes(self) -> list[dict]:
        """As HighestGenes.record, after `genes`; [] where the values are not counts."""
        return self.highest.record() if self.size is not None else []
