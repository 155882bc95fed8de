"""The data loader: minibatches of a Matrix for a model, by a path that follows a rule on shapes, never a timing."""

import numpy as np
import torch

from core.preprocessing.matrix import Cells, block_size
from core.sparse.linear import pays
from core.sparse.prefetch import ahead
from core.sparse.split_counts import Draw
from core.training.gpu_matrix import form_of, resident

MANY = 30_000  # values in a minibatch, above which a thread that fills the next one saves more than it costs
# The first two are for the CPU; on a GPU the values are in its memory in one of two forms, or sent minibatch by minibatch.
PATHS = ("sparse", "dense", "resident dense", "resident sparse", "streamed")


class Feed:
    """Gives the Cells of rows as tensors on a device; two minibatches share their memory in turns."""

    def __init__(self, matrix, device="cpu", config=None, splitter=None):
        """Without a config every minibatch is dense. With a core.sparse.split_counts.SplitCounts the genes of `x` are one
        part of the counts and the encoder sees the other."""
        self.matrix, self.config, self.device, self.splitter = matrix, config, device, splitter
        self._rooms = [None, None]  # of sparse minibatches: one in use, one that is filled meanwhile

    @property
    def path(self):
        """The name in PATHS of the way that minibatches take.

        The sparse path needs genes, a model that reads them sparse, and enough zeros (core.sparse.linear.pays); Pearson
        residuals are dense.
        """
        if self.device != "cpu":
            form = form_of(self.matrix, self.splitter is not None)
            return f"resident {form}" if form else "streamed"
        able = self.config is not None and self.config.model_record.sparse_ends and self.matrix.n_genes > 0
        able = able and self.matrix.pearson is None  # residuals of zeros differ from cell to cell
        return "sparse" if able and pays(self.matrix.rna.density) else "dense"

    def minibatches(self, rows, size, hide=0.0, seed=0, draw=0):
        """Pairs (part, Cells) of `rows`, in this order and `size` at a time; other arguments as in `cells`."""
        minibatches = self.matrix.rna.minibatches(rows, size)
        if self.device == "cpu":
            learns, sparse = torch.is_grad_enabled(), self.path == "sparse"

            def filled(minibatch):
                cells = self.cells(minibatch[0], hide, seed, minibatch[1], draw)
                if learns and sparse:
                    cells.rna.by_gene()  # the backward pass needs it
                return minibatch[0], cells

            many = self.matrix.rna.density * self.matrix.n_genes * size >= MANY
            yield from ahead(filled, minibatches) if many and sparse else map(filled, minibatches)
            return
        fixed = self.splitter and not draw  # made on the host, so that it is the split that baselines have
        if not fixed and (on_device := resident(self.matrix, self.device, splitter=self.splitter)):
            yield from on_device.minibatches(rows, size, hide, seed, draw if self.splitter else None)
            return

        def pinned(minibatch):
            return minibatch[0], _each(
                lambda x: x.pin_memory(), self.cells(minibatch[0], hide, seed, minibatch[1], draw)
            )

        for part, cells in ahead(
            pinned, minibatches
        ):  # the host prepares the next one while the device works on this one
            yield part, _each(lambda x: x.to(self.device, non_blocking=True), cells)

    def blocks(self, rows):
        """Pairs (part, Cells) over `rows`, at most 2,048 cells at once, in the fastest order of reading."""
        return self.minibatches(self.matrix.rna.in_order(rows), block_size(self.matrix.n_features))

    def cells(self, rows, hide=0.0, seed=0, held=None, draw=0):
        """The Cells of `rows` on the host; on the sparse path `x` holds the proteins alone and `rna` the genes.

        With probability `hide` the encoder reads a zero in place of a count, the same ones on either path for the same
        `seed` (a number or a numpy Generator). `held`: the rows as core.sparse.rows.Held, if they are in memory. The
        `rna` of a call is valid until the second next call. `draw`: the number of the split of the counts; 0 is that of
        every evaluation.
        """
        matrix = self.matrix
        held = held or matrix.rna.held(rows)
        source, draw = (self.splitter, Draw(rows, draw)) if self.splitter else (matrix.standardised, None)
        minibatch = source.minibatch(held, hide, seed, self._rooms.pop(0), draw)
        self._rooms.append(minibatch)
        others = _each(_tensor, matrix.beside(rows, held))
        if (
            self.device == "cpu" and self.path == "sparse"
        ):  # checked first, so that a GPU is not asked for its free memory
            return others._replace(rna=minibatch)
        genes = minibatch.dense()
        if hide or self.splitter:
            others = others._replace(seen=minibatch.dense_seen())
        return others._replace(x=torch.cat([genes, others.x], dim=1) if matrix.n_proteins else genes)


def _each(work, cells):
    return Cells(*(None if part is None else work(part) for part in cells))


def _tensor(part):
    return torch.from_numpy(np.ascontiguousarray(part, dtype=np.float32))
