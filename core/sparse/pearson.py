"""Analytic Pearson residuals (Lause, Berens and Kobak 2021, doi:10.1186/s13059-021-02451-7): what they are computed from."""

from typing import NamedTuple

import numpy as np

THETA = 100.0  # the overdispersion of Lause 2021 and of scanpy: that of technical replicates


class Pearson(NamedTuple):
    """What a residual is computed from, taken from the training cells."""

    share: np.ndarray  # (genes,) float64: of all counts of the used genes; 0 for a gene without a residual
    clip: float  # sqrt(training cells), as Lause 2021 has it
    theta: float = THETA

    @classmethod
    def fit(cls, sums, n_cells):
        """From the (genes,) `sums` of counts over `n_cells` training cells."""
        sums = np.asarray(sums, np.float64)
        return cls(sums / max(sums.sum(), 1), float(np.sqrt(n_cells)))

    def expected(self, totals):
        """((cells, genes) float32 expected count, its standard deviation) of cells with these `totals` of counts."""
        mean = np.multiply.outer(np.asarray(totals, np.float64), self.share).astype(np.float32)
        return mean, np.sqrt(mean + mean * mean / np.float32(self.theta))

    def residuals(self, counts, totals=None):
        """(cells, genes) float32: (count - mean) / sqrt(mean + mean^2 / theta), clipped; 0 where no count is expected.

        `totals` (cells,): the depth of each cell, by default the sum of its counts.
        """
        totals = counts.sum(axis=1, dtype=np.float64) if totals is None else totals
        mean, sd = self.expected(totals)
        out = np.divide(counts - mean, sd, out=np.zeros_like(mean), where=sd > 0)
        return np.clip(out, -self.clip, self.clip, out=out)

    def counts(self, residuals, totals):
        """(cells, genes) float32: the counts that have these residuals, the way back."""
        mean, sd = self.expected(totals)
        return residuals * sd + mean

    def of(self, genes):
        """The Pearson of some genes (bool): shares among these alone, 0 for the others."""
        share = np.where(genes, self.share, 0)
        return self._replace(share=share / (share.sum() or 1))
