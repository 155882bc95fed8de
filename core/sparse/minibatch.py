"""Minibatches of standardised sparse values, by cell and by gene, for both ends of an autoencoder; CPU, float32.

The input is x[i, g] = clip((v[i, g] - mean[g]) / sd[g], -clip, clip) with v mostly zero. What x is at a zero
depends on the gene alone: base[g] = max(-mean[g] / sd[g], -clip). So x = base + s, with s zero wherever v
is. The clip is part of s, and nothing is approximated.
"""

import math

import numpy as np
import torch

from core.sparse import kernels
from core.sparse.rows import Held, Rows, column_type, gather, standardise

NEAR = 2**20  # bytes of weights that cells are looked up in at once: about what a core has to itself


class Standardised:
    """Sparse rows as base + s: `base` (genes,) is what a zero becomes, s what a value adds to it.

    s is computed as a minibatch is filled, so that only the rows themselves are kept (core.sparse.rows, core.sparse.disk_rows).
    """

    def __init__(self, rows, mean, sd, clip=np.inf, logged=False):
        """From (cells, genes) `rows` and the `mean` and `sd` (genes,) of each gene; no sd may be 0.

        `logged`: log1p is taken of a value times its cell's size factor, before the rest.
        """
        self.rows = rows if hasattr(rows, "held") else Rows.of(rows)
        slope, self.logged = 1 / np.asarray(sd, np.float64), bool(logged)
        unclipped = -np.asarray(mean, np.float64) * slope
        base = np.clip(unclipped, -clip, clip)
        self.base = self.seen_base = torch.from_numpy(base.astype(np.float32))
        self.scale = slope.astype(np.float32), (unclipped - base).astype(np.float32), np.float32(clip)

    @property
    def density(self):
        """The share of values that are not zero."""
        return self.rows.density

    def gather(self, minibatch, held, at, draw):
        """Write columns and s of the rows `at` of `held` into the arrays of a Minibatch; returns what the encoder sees."""
        gather(held, at, self.logged, minibatch.indices, minibatch.data)
        by_gene = *self.scale, self.base.numpy(), minibatch.column_sums
        minibatch.square_sum = standardise(minibatch.indices, minibatch.data, *by_gene)
        return minibatch.data

    def minibatch(self, rows, hide=0.0, seed=0, into=None, draw=None):
        """The Minibatch of these rows (repeats allowed; numbers, or core.sparse.rows.Held).

        It takes the memory of the Minibatch `into` where that is not None.

        With probability `hide` the encoder sees a zero in place of a count, and the others unchanged; `seed`
        is a number or a numpy Generator, and the same number hides the same counts of the same rows. `draw` is for
        `core.sparse.split_counts` alone.
        """
        minibatch = Minibatch(self) if into is None else into
        return minibatch.fill(rows, hide, seed, draw)


class Minibatch:
    """The cells of one training step, by cell and by gene; filled again for the next step, to reuse memory."""

    def __init__(self, source):
        self.source, self.base, self.seen_base = source, source.base, source.seen_base
        self.column_sums = np.zeros(len(self.base))  # (genes,) float64, of s
        self.square_sum = 0.0  # float64, of s
        self.fills = 0
        self._room = torch.empty(0)
        self._grow(0)

    def _grow(self, size):
        self._indices = np.empty(size, column_type(len(self.base)))
        self._rows = np.empty(size, np.int32)
        self._data, self._seen, self._data_by_gene, self._seen_by_gene = np.empty((4, size), np.float32)

    def fill(self, rows, hide=0.0, seed=0, draw=None):
        """Replace the content by these rows of the source; returns itself. Raises IndexError for rows that do not exist."""
        source = self.source
        held, rows = rows if isinstance(rows, Held) else source.rows.held(rows)
        self.indptr = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(held.indptr[rows + 1] - held.indptr[rows], out=self.indptr[1:])
        size = self.indptr[-1]
        if size > len(self._data):
            self._grow(size + size // 8)
        self.indices, self.data = self._indices[:size], self._data[:size]
        self.seen = source.gather(self, held, rows, draw)
        if hide:
            kept = np.random.default_rng(seed).random(size, np.float32) >= hide
            self.seen = np.multiply(self.seen, kept, out=self._seen[:size])
        self.fills += 1
        self._by_gene, self._cuts = None, {}
        return self

    def room_to_see(self):
        """(values,) float32: where what the encoder sees is written if it is not `data`."""
        return self._seen[: len(self.data)]

    @property
    def n_cells(self):
        return len(self.indptr) - 1

    def room(self):
        """(cells, genes) float32 tensor for a residual, the same memory from minibatch to minibatch."""
        size = self.n_cells * len(self.base)
        if size > len(self._room):
            self._room = torch.empty(size)
        return self._room[:size].view(self.n_cells, len(self.base))

    def by_gene(self):
        """The transposed s: (begins, ends, cells, data, seen), made once for both weight gradients of a step."""
        if self._by_gene is None:
            size = len(self.data)
            indptr = np.zeros(len(self.base) + 1, np.int64)
            rows, data = self._rows[:size], self._data_by_gene[:size]
            held = self.indptr, self.indices, self.data
            if self.seen is self.data:
                kernels.transpose(*held, indptr, rows, data)
                seen = data
            else:
                seen = self._seen_by_gene[:size]
                kernels.transpose_both(*held, self.seen, indptr, rows, data, seen)
            self._by_gene = indptr[:-1], indptr[1:], rows, data, seen
        return self._by_gene

    def by_cell(self, data, weight, offset):
        """(cells, hidden) tensor: sparse `data` (either of this minibatch's) times weight (genes, hidden), and offset."""
        out, times = torch.empty(self.n_cells, weight.shape[1]), np.ones(self.n_cells, np.float32)
        cuts = self.cuts(max(1, NEAR // (4 * weight.shape[1])))
        entries, table = (self.indices, data), (weight.numpy(), times, offset.numpy(), out.numpy())
        for i in range(len(cuts) - 1):
            kernels.product(*cuts[i : i + 2], *entries, *table, i > 0)
            times[:] = 0  # the offset is added once
        return out

    def cuts(self, step):
        """Where in each cell every `step`-th gene begins, and its end: (pieces + 1, cells), made once a step width."""
        n_pieces = math.ceil(len(self.base) / step)
        if n_pieces < 2:
            return self.indptr[:-1], self.indptr[1:]
        if step not in self._cuts:
            self._cuts[step] = np.empty((n_pieces + 1, self.n_cells), np.int64)
            kernels.cut(self.indptr, self.indices, step, self._cuts[step])
        return self._cuts[step]

    def dense(self):
        """(cells, genes) float32 tensor: what the decoder is to reconstruct."""
        return self._dense(self.data, self.base)

    def dense_seen(self):
        """(cells, genes) float32 tensor: what the encoder sees: `dense` without the hidden counts, or the other part."""
        return self._dense(self.seen, self.seen_base)

    def _dense(self, data, base):
        out = base.repeat(self.n_cells, 1)
        kernels.scatter(self.indptr, self.indices, data, np.float32(1), out.numpy())
        return out
