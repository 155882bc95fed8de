"""The genes with the highest mean share of a cell's counts, as scanpy.pl.highest_expr_genes has it."""

from functools import cached_property

import numpy as np
import pandas as pd

N_GENES = 20
QUANTILES = (5, 25, 50, 75, 95)


class HighestGenes:
    """Takes in counts by cell, then by gene, in two goes at most: shares are percent of a cell's sum."""

    def __init__(self, n_cells: int, names: pd.Index, n_genes: int = N_GENES):
        self.names, self.n_genes = names, n_genes
        self.sums, self.totals = np.zeros(len(names)), np.zeros(n_cells)
        self.quantiles: dict[int, np.ndarray] = {}

    def add(self, first, block) -> None:
        """Take in cells from `first` on, as CSR with one entry a place."""
        from core.data.value_kernels import add_shares

        sums, totals = np.zeros(len(self.names)), self.totals[first : first + block.shape[0]]
        add_shares(block.indptr, block.indices, block.data, totals, sums)
        self.sums += sums

    @cached_property
    def highest(self) -> np.ndarray:
        """(n_genes,) the genes, the highest first; known once all cells are in."""
        return np.argsort(-self.sums, kind="stable")[: self.n_genes]

    def add_genes(self, first, genes) -> None:
        """Take in genes from `first` on, as the rows of a CSR (genes, cells)."""
        filled = self.totals > 0
        for gene in self.highest[(self.highest >= first) & (self.highest < first + genes.shape[0])]:
            part = slice(*genes.indptr[gene - first : gene - first + 2])
            cells, shares = genes.indices[part], np.zeros(len(self.totals))
            shares[cells] = genes.data[part].astype(np.float64) * (
                100 / np.where(filled[cells], self.totals[cells], 1)
            )
            self.quantiles[gene] = np.percentile(shares[filled], QUANTILES)

    def record(self) -> list[dict]:
        """[{"gene", "mean", "shares": the five quantiles}], percent, the highest first."""
        means = self.sums / max(1, int((self.totals > 0).sum()))
        return [
            {
                "gene": str(self.names[gene]),
                "mean": float(f"{means[gene]:.4g}"),
                "shares": [float(f"{value:.4g}") for value in self.quantiles[gene]],
            }
            for gene in self.highest
        ]
