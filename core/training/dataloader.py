"""Cells of a Matrix on their way to a model: by the path that a rule on shapes chooses, never a timing."""

import numpy as np
import torch

from core.preprocessing.matrix import Cells, block_size
from core.sparse.linear import pays
from core.sparse.prefetch import ahead
from core.training.gpu_matrix import form_of, resident

MANY = 30_000  # values in a batch, from which on a thread that fills the next one saves more than it costs
# The first two are for the CPU; on a GPU the values lie there, in one of two forms, or come a batch at a time.
PATHS = ("sparse", "dense", "resident dense", "resident sparse", "streamed")


class Feed:
    """Gives the Cells of rows as tensors on a device; the memory of one batch is used again for the next but one."""

    def __init__(self, matrix, device="cpu", config=None):
        """Without a config every batch is dense."""
        self.matrix, self.config, self.device = matrix, config, device
        self._rooms = [None, None]  # of sparse batches: one in use, one that may be filled meanwhile

    @property
    def path(self):
        """The name in PATHS by which batches go.

        Sparse ends need genes, and a model with squared error and linear ends; and they have to pay (core.sparse.linear.pays).
        """
        if self.device != "cpu":
            form = form_of(self.matrix)
            return f"resident {form}" if form else "streamed"
        able = self.config is not None and self.config.model_record.sparse_ends and self.matrix.n_genes > 0
        return "sparse" if able and pays(self.matrix.rna.density) else "dense"

    def batches(self, rows, size, hide=0.0, seed=0):
        """Pairs (part, Cells) of `rows`, in this order and `size` at a time; the arguments are those of `cells`."""
        batches = self.matrix.rna.batches(rows, size)
        if self.device == "cpu":
            learns, sparse = torch.is_grad_enabled(), self.path == "sparse"

            def filled(batch):
                cells = self.cells(batch[0], hide, seed, batch[1])
                if learns and sparse:
                    cells.rna.by_gene()  # what the backward pass will ask for
                return batch[0], cells

            many = self.matrix.rna.density * self.matrix.n_genes * size >= MANY
            yield from ahead(filled, batches) if many and sparse else map(filled, batches)
            return
        if there := resident(self.matrix, self.device):
            yield from there.batches(rows, size, hide, seed)
            return

        def pinned(batch):
            return batch[0], _each(lambda x: x.pin_memory(), self.cells(batch[0], hide, seed, batch[1]))

        for part, cells in ahead(
            pinned, batches
        ):  # the host makes the next batch while the device has this one
            yield part, _each(lambda x: x.to(self.device, non_blocking=True), cells)

    def blocks(self, rows):
        """Pairs (part, Cells) over `rows`, never more than 2,048 cells at once, in the order they are read best."""
        return self.batches(self.matrix.rna.in_order(rows), block_size(self.matrix.n_features))

    def cells(self, rows, hide=0.0, seed=0, held=None):
        """The Cells of `rows` on the host; where the path is sparse, `x` holds the proteins alone and `rna` the genes.

        With probability `hide` the encoder sees a zero in place of a count, by either path the same ones for the
        same `seed` (a number or a numpy Generator). `held`: the rows as core.sparse.rows.Held, where they are in memory
        already. The `rna` of one call is good until the next but one.
        """
        matrix = self.matrix
        held = held or matrix.rna.held(rows)
        batch = matrix.standardised.batch(held, hide, seed, into=self._rooms.pop(0))
        self._rooms.append(batch)
        others = _each(_tensor, matrix.beside(rows, held))
        if self.device == "cpu" and self.path == "sparse":  # a GPU need not be asked for its free memory
            return others._replace(rna=batch)
        genes = batch.dense()
        if hide:
            others = others._replace(seen=batch.dense_seen())
        return others._replace(x=torch.cat([genes, others.x], dim=1) if matrix.n_proteins else genes)


def _each(work, cells):
    return Cells(*(None if part is None else work(part) for part in cells))


def _tensor(part):
    return torch.from_numpy(np.ascontiguousarray(part, dtype=np.float32))
