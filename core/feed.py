"""Cells of a Matrix on their way to a model: by the path that a rule on shapes chooses, never a timing."""

import numpy as np
import torch
from scipy import sparse

from core.models import SPARSE_ENDS, Cells
from core.sparse import pays

PATHS = ("sparse", "dense")


class Feed:
    """Gives the Cells of rows as tensors on a device; the memory of one batch is used again for the next."""

    def __init__(self, matrix, device="cpu", config=None):
        """Without a config every batch is dense."""
        self.matrix, self.config, self.device = matrix, config, device
        self._batch = None

    @property
    def path(self):
        """The name in PATHS by which batches go.

        Sparse ends need sparse values and a model with squared error and linear ends; and they have to pay
        (core.sparse.pays).
        """
        config, matrix = self.config, self.matrix
        able = config is not None and self.device == "cpu" and sparse.issparse(matrix.rna)
        able = able and config.model in SPARSE_ENDS
        return "sparse" if able and pays(matrix.standardised.density) else "dense"

    def cells(self, rows, hide=0.0, seed=0):
        """The Cells of `rows`; where the path is sparse, `x` holds the proteins alone and `rna` the genes.

        With probability `hide` the encoder sees a zero in place of a count, by either path the same ones for the
        same `seed` (a number or a numpy Generator). The `rna` of one call is good until the next.
        """
        if not sparse.issparse(self.matrix.rna):
            return self._placed(self._dense(rows, hide, seed))
        self._batch = batch = self.matrix.standardised.batch(rows, hide, seed, into=self._batch)
        others = self._placed(self.matrix.beside(rows))
        if self.path == "sparse":
            return others._replace(rna=batch)
        genes = batch.dense().to(self.device)
        if hide:
            others = others._replace(seen=batch.dense_seen().to(self.device))
        return others._replace(x=torch.cat([genes, others.x], dim=1) if self.matrix.n_proteins else genes)

    def _dense(self, rows, hide, seed):
        cells = self.matrix.cells(rows)
        if not hide:
            return cells
        genes = cells.x[:, : self.matrix.n_genes]
        kept = np.random.default_rng(seed).random(genes.shape, np.float32) >= hide
        return cells._replace(seen=np.where(kept, genes, self.matrix.at_zero))

    def blocks(self, rows, size=2048):
        """Pairs (rows, Cells) over `rows`, never more than `size` cells at once."""
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            yield part, self.cells(part)

    def _placed(self, arrays):
        return Cells(*(None if part is None else _tensor(part, self.device) for part in arrays))


def _tensor(part, device):
    return torch.from_numpy(np.ascontiguousarray(part, dtype=np.float32)).to(device, non_blocking=True)
