"""Analytic Pearson residuals of counts, a minibatch at a time, of whole counts and of counts that are split.

The residual of a count of zero depends on the depth of its cell as well as on the gene, so residuals have no sparse form.
The counts stay sparse, and the residuals of a block of cells are made where they are read (core.sparse.pearson).
"""

import numpy as np
import torch

from core.sparse.rows import Held, Rows
from core.sparse.split_counts import SplitCounts


class DenseMinibatch:
    """Residuals of the cells of a minibatch, with the part of core.sparse.minibatch.Minibatch that dense models read."""

    def __init__(self, target, seen):
        self._target, self._seen = target, seen

    @property
    def column_sums(self):
        """(genes,) float64."""
        return self._target.sum(axis=0, dtype=np.float64)

    def dense(self):
        """(cells, genes) float32 tensor: what the decoder is to reconstruct."""
        return torch.from_numpy(self._target)

    def dense_seen(self):
        """(cells, genes) float32 tensor: what the encoder sees."""
        return torch.from_numpy(self._seen)


class PearsonResiduals:
    """Counts as their residuals, with the interface of core.sparse.minibatch.Standardised."""

    def __init__(self, rows, pearson):
        self.rows, self.pearson = rows if hasattr(rows, "held") else Rows.of(rows), pearson
        self.base = torch.zeros(self.rows.shape[1])

    @property
    def density(self):
        """The share of counts that are not zero."""
        return self.rows.density

    def minibatch(self, rows, hide=0.0, seed=0, into=None, draw=None):
        """The DenseMinibatch of these rows; with probability `hide` the encoder sees a zero in place of a count."""
        held, at = rows if isinstance(rows, Held) else self.rows.held(rows)
        counts = held.dense(at)
        target = self.pearson.residuals(counts)
        seen = target
        if hide:
            seen = self.pearson.residuals(_hidden(counts, hide, seed), counts.sum(axis=1, dtype=np.float64))
        return DenseMinibatch(target, seen)


class SplitResiduals(SplitCounts):
    """As SplitCounts, of residuals: each part by its own depth, since a part of a cell has the same shares of genes."""

    def __init__(self, rows, share, seed, pearson):
        super().__init__(rows, share, seed, None, logged=False)
        self.pearson = pearson

    def fit(self, cells, clip):
        """Residuals need no further statistics; returns itself."""
        return self

    def minibatch(self, rows, hide=0.0, seed=0, into=None, draw=None):
        """The DenseMinibatch of these rows in the split `draw`."""
        held = rows if isinstance(rows, Held) else self.rows.held(rows)
        whole, seen = self.counts(held, draw)
        target = self.pearson.residuals(whole - seen)
        depth = seen.sum(axis=1, dtype=np.float64)
        return DenseMinibatch(
            target, self.pearson.residuals(_hidden(seen, hide, seed) if hide else seen, depth)
        )

    def counts(self, held, draw):
        """((cells, genes) float32 all counts, those that are seen)."""
        indptr, indices, (seen, rest) = self.drawn(held, draw)
        shape = len(held.at), self.rows.shape[1]
        whole, part = np.zeros((2, *shape), np.float32)
        cell = np.repeat(np.arange(shape[0]), np.diff(indptr))
        whole[cell, indices], part[cell, indices] = seen + rest, seen
        return whole, part


def _hidden(counts, hide, seed):
    """The counts with zeros in place of a share `hide` of those that are not zero, drawn by `seed`, in the order of rows."""
    kept, at = counts.copy(), np.nonzero(counts)
    kept[at] *= np.random.default_rng(seed).random(len(at[0]), np.float32) >= hide
    return kept
