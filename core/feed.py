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

    def path(self, n_cells):
        """The name in PATHS by which a batch of `n_cells` goes.

        Sparse ends need sparse values, a model with squared error and linear ends, and no input dropout, which is
        of the scaled values; and they have to pay (core.sparse.pays).
        """
        config, matrix = self.config, self.matrix
        able = config is not None and self.device == "cpu" and sparse.issparse(matrix.rna)
        able = able and config.model in SPARSE_ENDS and not config.input_dropout
        return "sparse" if able and pays(n_cells, config.n_hidden, matrix.standardised.density) else "dense"

    def cells(self, rows):
        """The Cells of `rows`; where the path is sparse, `x` holds the proteins alone and `rna` the genes.

        The `rna` of one call is good until the next.
        """
        if not sparse.issparse(self.matrix.rna):
            return self._placed(self.matrix.cells(rows))
        self._batch = self.matrix.standardised.batch(rows, into=self._batch)
        others = self.matrix.beside(rows)
        if self.path(len(rows)) == "sparse":
            return self._placed(others)._replace(rna=self._batch)
        others = self._placed(others)
        genes = self._batch.dense().to(self.device)
        return others._replace(x=torch.cat([genes, others.x], dim=1) if self.matrix.n_proteins else genes)

    def blocks(self, rows, size=2048):
        """Pairs (rows, Cells) over `rows`, never more than `size` cells at once."""
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            yield part, self.cells(part)

    def _placed(self, arrays):
        return Cells(*(None if part is None else _tensor(part, self.device) for part in arrays))


def _tensor(part, device):
    return torch.from_numpy(np.ascontiguousarray(part, dtype=np.float32)).to(device, non_blocking=True)
