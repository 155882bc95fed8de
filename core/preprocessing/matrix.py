"""Matrix: what a model trains on; compact values of the source, normalised and scaled on the way into a minibatch."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from core.data.gene_matching import GeneNames
from core.preprocessing.protein_transforms import AsTheyAre
from core.sparse.disk_rows import Stored
from core.sparse.rows import Rows, values_of

BLOCK = 2048  # cells made dense at a time while statistics are gathered
BLOCK_VALUES = 1 << 23  # and of many genes fewer cells: 32 MB


class Cells(NamedTuple):
    """The input of a model, a row a cell: arrays of a Matrix, or tensors."""

    x: object  # (cells, features) preprocessed values: genes, then proteins
    batch: object = None  # (cells, batches) one-hot: the batch covariate of each cell, where the run has one
    counts: object = None  # (cells, features) raw counts of the same features, for models that read them
    seen: object = (
        None  # (cells, genes) input of the encoder in training, where input dropout hides some counts
    )
    rna: object = None  # core.sparse.minibatch.Minibatch of the genes where they come sparse; `x` then holds the proteins alone
    measured: object = None  # (cells, proteins) 1 where a protein was measured, else 0; None where all were


@dataclass(frozen=True, eq=False)
class Matrix:
    """Cells x (used genes, then used proteins), scaled on the way into a minibatch from the training cells' statistics."""

    rna: Rows | Stored  # (cells, genes) the values of the source, and each cell's size factor
    protein: np.ndarray | None  # (cells, proteins) transformed, not scaled; proteins are few
    mean: np.ndarray  # (features,) 0 where scaling is off
    sd: np.ndarray  # (features,) what values are divided by; 1 where scaling is off or a feature is constant
    clip: float  # of scaled values; infinite where scaling is off
    genes: np.ndarray  # names
    proteins: np.ndarray  # names
    gene_index: np.ndarray  # where the used genes stand in the source
    cell_names: np.ndarray
    where: str = "X"  # the matrix of the file that was used, as Source has it
    kind: str = "counts"  # what it held
    notes: list[str] = field(default_factory=list)
    batch_codes: np.ndarray | None = None  # (cells,) codes into `batch_names`: the batch covariate of the run
    batch_names: tuple = ()
    logged: bool = False  # log1p is taken
    protein_change: AsTheyAre = field(default_factory=AsTheyAre)  # how counts of proteins became `protein`
    protein_counts: np.ndarray | None = None  # (cells, proteins) raw
    measured: np.ndarray | None = (
        None  # (cells, proteins) bool; None where every protein was measured in every cell
    )
    unseen_proteins: np.ndarray | None = (
        None  # (cells, proteins) of a run on RNA alone, as a model would see them
    )
    reads_counts: bool = False  # the model is given the raw counts, too
    file_genes: GeneNames | None = None  # what all genes of the source are called, used or not
    count_share: np.ndarray | None = None  # (genes of the source,) of all that the training cells hold
    target_sum: float | None = None  # what each cell is brought to; None where it is not
    exponent: float = 1.0  # genes are divided by their standard deviation to this power
    gene_variance: float = 1.0  # the mean variance of genes as the model sees them, over training cells
    pearson: object = (
        None  # core.sparse.pearson.Pearson, where genes are its residuals; `mean` is then 0, `sd` 1
    )

    @property
    def n_cells(self):
        return self.rna.shape[0]

    @property
    def n_genes(self):
        return len(self.genes)

    @property
    def n_proteins(self):
        return len(self.proteins)

    @property
    def n_features(self):
        return self.n_genes + self.n_proteins

    def dense(self, rows):
        """(len(rows), features) float32 dense: what the model sees of these cells."""
        return self._dense(rows, self.rna.held(rows))

    def _dense(self, rows, held):
        genes = self.standardised.minibatch(held).dense().numpy()
        return np.hstack([genes, self.seen_proteins(rows)]) if self.n_proteins else genes

    def seen_proteins(self, rows):
        """(len(rows), proteins) float32 as the model sees them."""
        if not self.n_proteins:
            return np.empty((len(rows), 0), np.float32)
        n = self.n_genes
        return np.clip((self.protein[rows] - self.mean[n:]) / self.sd[n:], -self.clip, self.clip)

    def protein_space(self, rows=slice(None)):
        """(len(rows), proteins) float32: what a latent space is held against, the proteins as a model sees them.

        Those that were left out of the training score it as well, and better; None where there are none, or where cells
        lack some: their neighbours would be those that lack the same.
        """
        if self.measured is not None:
            return None
        if self.n_proteins:
            return self.seen_proteins(np.arange(self.n_cells)[rows])
        return None if self.unseen_proteins is None else self.unseen_proteins[rows]

    def _scaled(self, x):  # in place
        x -= self.mean
        x /= self.sd
        clipped = x if self.pearson is None else x[:, self.n_genes :]  # residuals have a limit of their own
        if np.isfinite(self.clip):
            np.clip(clipped, -self.clip, self.clip, out=clipped)
        return x

    @cached_property
    def standardised(self):
        """The genes as core.sparse.minibatch has them: normalised, logged, centred, scaled and clipped, and still sparse.

        Pearson residuals have no sparse form; they come from sparse counts, a minibatch at a time.
        """
        n = self.n_genes
        if self.pearson is not None:
            from core.sparse.pearson_residuals import PearsonResiduals

            return PearsonResiduals(self.rna, self.pearson)
        from core.sparse.minibatch import Standardised

        return Standardised(self.rna, self.mean[:n], self.sd[:n], self.clip, self.logged)

    def beside(self, rows, held):
        """The Cells of `rows` as arrays, without their genes: `x` holds the proteins alone.

        `held`: the same rows in memory, as `rna.minibatches` gives them.
        """
        counts = self._raw(rows, held) if self.reads_counts else None
        measured = None if self.measured is None else self.measured[rows]
        return Cells(self.seen_proteins(rows), self._batch(rows), counts, measured=measured)

    def cells(self, rows):
        """The Cells of `rows` as arrays: all that a model is given of them."""
        held = self.rna.held(rows)
        return self.beside(rows, held)._replace(x=self._dense(rows, held))

    def _batch(self, rows):
        if self.batch_codes is None:
            return None
        return np.eye(len(self.batch_names), dtype=np.float32)[self.batch_codes[rows]]

    def raw(self, rows):
        """(len(rows), features) float32 dense: the raw counts of a few cells."""
        return self._raw(rows, self.rna.held(rows))

    def _raw(self, rows, held):
        genes = held.rows.dense(held.at)
        return np.hstack([genes, self.protein_counts[rows]]) if self.n_proteins else genes

    def normalised(self, counts, rows):
        """(len(rows), features) float32: counts of these cells normalised, logged and transformed, but not scaled."""
        genes = counts[:, : self.n_genes]
        if self.pearson is None:
            x = [values_of(genes, self._size(rows), self.logged)]
        else:
            x = [self.pearson.residuals(genes, self._depth(rows))]
        if self.n_proteins:
            x.append(self.protein_change.forward(counts[:, self.n_genes :], rows))
        return np.hstack(x).astype(np.float32)

    def as_seen(self, counts, rows):
        """(len(rows), features): what counts of these cells would look like to the model, as `dense` gives it."""
        return self._scaled(self.normalised(counts, rows))

    def to_counts(self, x, rows):
        """(len(rows), features): the counts that would be seen as `x`, the way back; never negative."""
        x = x * self.sd + self.mean
        genes = x[:, : self.n_genes]
        if self.pearson is None:
            parts = [(np.expm1(genes) if self.logged else genes) / self._size(rows)]
        else:
            parts = [self.pearson.counts(genes, self._depth(rows))]
        if self.n_proteins:
            parts.append(self.protein_change.backward(x[:, self.n_genes :], rows))
        return np.maximum(np.hstack(parts), 0)

    def log_scales(self, rows):
        """{"rna", "protein"}: what counts of these cells are multiplied by before log1p, (cells, 1) or (proteins,).

        None where no logarithm is taken.
        """
        return {
            "rna": self._size(rows) if self.logged else None,
            "protein": self.protein_change.log_scale(rows),
        }

    def _size(self, rows):
        return self.rna.size[rows][:, None]

    def _depth(self, rows):
        """(len(rows),) float64: the counts of the used genes in each cell."""
        held = self.rna.held(rows)
        return held.rows.dense(held.at).sum(axis=1, dtype=np.float64)

    def blocks(self, rows):
        """Pairs (rows, values) over `rows`, never more than 2,048 cells dense at once, in the order they are read best."""
        size = block_size(self.n_features)
        for part, held in self.rna.minibatches(self.rna.in_order(rows), size):
            yield part, self._dense(part, held)

    def mean_of(self, rows):
        """(features,) float32: the mean of `dense` over `rows`, a minibatch at a time."""
        total, minibatch = np.zeros(self.n_features), None
        for part, held in self.rna.minibatches(self.rna.in_order(rows), BLOCK):
            minibatch = self.standardised.minibatch(held, into=minibatch)
            total[: self.n_genes] += minibatch.column_sums
            total[self.n_genes :] += self.seen_proteins(part).sum(axis=0, dtype=np.float64)
        total /= len(rows)
        total[: self.n_genes] += self.standardised.base.numpy()
        return total.astype(np.float32)

    def measured_alone(self, values, rows):
        """`values` (len(rows), features) of these cells with 0 for the proteins that were not measured in them; in place."""
        if self.measured is not None:
            values[:, self.n_genes :][~self.measured[rows]] = 0
        return values

    def weights(self, config):
        """(features,) so that a squared distance over weighted columns is the loss: sqrt(weight / features)."""
        w = np.empty(self.n_features, dtype=np.float32)
        w[: self.n_genes] = np.sqrt(config.weight_of("rna") / max(1, self.n_genes))
        w[self.n_genes :] = np.sqrt(config.weight_of("protein") / max(1, self.n_proteins))
        return w


def block_size(n_features):
    """How many cells are made dense at a time."""
    return max(1, min(BLOCK, BLOCK_VALUES // n_features))
