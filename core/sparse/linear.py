"""Both ends of an autoencoder over standardised sparse values, without making a batch dense; CPU, float32.

The input is x[i, g] = clip((v[i, g] - mean[g]) / sd[g], -clip, clip) with v mostly zero. What x is at a zero
depends on the gene alone: base[g] = max(-mean[g] / sd[g], -clip). So x = base + s, with s nought wherever v
is, and every product with x is a product with s and a correction by base. The clip is part of s, and nothing
is approximated.
"""

import math

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from core.sparse import kernels
from core.sparse.rows import Held, Rows, column_type, gather, standardise

NEAR = 2**20  # bytes of weights that cells are looked up in at once: about what a core has to itself


class Standardised:
    """Sparse rows as base + s: `base` (genes,) is what a zero becomes, s what a value adds to it.

    s is worked out as a batch is filled, so that only the rows themselves are kept (core.sparse.rows, core.sparse.disk_rows).
    """

    def __init__(self, rows, mean, sd, clip=np.inf, logged=False):
        """From (cells, genes) `rows` and the `mean` and `sd` (genes,) of each gene; no sd may be 0.

        `logged`: log1p is taken of a value times its cell's size factor, before the rest.
        """
        self.rows = rows if hasattr(rows, "held") else Rows.of(rows)
        slope, self.logged = 1 / np.asarray(sd, np.float64), bool(logged)
        unclipped = -np.asarray(mean, np.float64) * slope
        base = np.clip(unclipped, -clip, clip)
        self.base = torch.from_numpy(base.astype(np.float32))
        self.scale = slope.astype(np.float32), (unclipped - base).astype(np.float32), np.float32(clip)

    @property
    def density(self):
        """The share of values that are not zero."""
        return self.rows.density

    def batch(self, rows, hide=0.0, seed=0, into=None):
        """The Batch of these rows (repeats allowed; numbers, or core.sparse.rows.Held), in the memory of the Batch `into`
        where one is given.

        With probability `hide` the encoder sees a zero in place of a count, and the others unchanged; `seed`
        is a number or a numpy Generator, and the same number hides the same counts of the same rows.
        """
        batch = Batch(self) if into is None else into
        return batch.fill(rows, hide, seed)


class Batch:
    """The cells of one step, by cell and by gene; filled again for the next one, to reuse memory."""

    def __init__(self, source):
        self.source, self.base = source, source.base
        self.column_sums = np.zeros(len(self.base))  # (genes,) float64, of s
        self.square_sum = 0.0  # float64, of s
        self.fills = 0
        self._room = torch.empty(0)
        self._grow(0)

    def _grow(self, size):
        self._indices = np.empty(size, column_type(len(self.base)))
        self._rows = np.empty(size, np.int32)
        self._data, self._seen, self._data_by_gene, self._seen_by_gene = np.empty((4, size), np.float32)

    def fill(self, rows, hide=0.0, seed=0):
        """Take these rows of the source instead; returns itself. Raises IndexError for rows there are not."""
        source = self.source
        held, rows = rows if isinstance(rows, Held) else source.rows.held(rows)
        self.indptr = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(held.indptr[rows + 1] - held.indptr[rows], out=self.indptr[1:])
        size = self.indptr[-1]
        if size > len(self._data):
            self._grow(size + size // 8)
        self.indices, self.data = self._indices[:size], self._data[:size]
        gather(held, rows, source.logged, self.indices, self.data)
        by_gene = *source.scale, self.base.numpy(), self.column_sums
        self.square_sum = standardise(self.indices, self.data, *by_gene)
        self.seen = self.data
        if hide:
            kept = np.random.default_rng(seed).random(size, np.float32) >= hide
            self.seen = np.multiply(self.data, kept, out=self._seen[:size])
        self.fills += 1
        self._by_gene, self._cuts = None, {}
        return self

    @property
    def n_cells(self):
        return len(self.indptr) - 1

    def room(self):
        """(cells, genes) float32 tensor for a residual, the same memory from batch to batch."""
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
            kernels.transpose(self.indptr, self.indices, self.data, indptr, rows, data)
            seen = data
            if self.seen is not self.data:
                seen = self._seen_by_gene[:size]
                kernels.transpose(self.indptr, self.indices, self.seen, np.zeros_like(indptr), rows, seen)
            self._by_gene = indptr[:-1], indptr[1:], rows, data, seen
        return self._by_gene

    def by_cell(self, data, weight, offset):
        """(cells, hidden) tensor: sparse `data` (either of this batch's) times weight (genes, hidden), and offset."""
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
        """(cells, genes) float32 tensor: what the decoder is to give back."""
        return self._dense(self.data)

    def dense_seen(self):
        """(cells, genes) float32 tensor: what the encoder sees, that is `dense` but for the hidden counts."""
        return self._dense(self.seen)

    def _dense(self, data):
        out = self.base.repeat(self.n_cells, 1)
        kernels.scatter(self.indptr, self.indices, data, np.float32(1), out.numpy())
        return out


def first_layer(batch, weight, bias, covariate=None):
    """(cells, hidden): what the encoder sees times weight, and bias; weight (genes, hidden).

    With `covariate`, a constant tensor (cells, batches), it follows the genes, and weight is (genes + batches, hidden).
    """
    return _FirstLayer.apply(weight, bias, batch, covariate)


def mse(batch, hidden, weight, bias):
    """Scalar: mean over cells and genes of (F.linear(hidden, weight, bias) - x)^2; weight (genes, hidden).

    By the Gram form where the batch is large beside the hidden width, else by the residual itself: both are exact.
    """
    form = _Gram if gram_pays(batch.n_cells, hidden.shape[1]) else _Residual
    return form.apply(hidden, weight, bias, batch)


def gram_pays(n_cells, n_hidden):
    """Whether the two products of (hidden, genes, hidden) cost less than the two of (cells, genes, hidden) they spare."""
    return n_cells >= n_hidden


def pays(density):
    """Whether both sparse ends are quicker than `batch.dense()` and dense layers; a rule on shapes alone.

    A value that is not zero costs three to four times what it costs in a dense product. Times the dense step, whole
    steps (2,000 genes, 20 latents, AdamW) on one thread of an AVX-512 machine:

    density, n_hidden   batch 64    128      256      1,024
    3 %      128        1.10        1.33     2.0      3.9
    8 %      64         1.13        1.52     1.8      2.6
    8 %      128        1.15        1.23     1.4      2.8
    8 %      512        1.14        1.24     1.3      1.8
    20 %     128        1.04        1.08     1.26     1.7
    35 %     128        1.01        0.94     0.91     1.21
    """
    return density <= 0.25


def warm_up():
    """Compile the kernels, which takes some seconds the first time on a machine."""
    few = Standardised(300 * np.eye(3, dtype=np.float32), np.zeros(3), np.ones(3), logged=True)
    batch = few.batch([0, 1])
    weight = torch.ones(3, 2, requires_grad=True)
    hidden = first_layer(batch, weight, torch.zeros(2))
    mse(batch, hidden, weight, torch.zeros(3)).backward()
    batch.dense()


class _FirstLayer(torch.autograd.Function):
    """x W + b = s W + (base W + b); x is constant, so that only weight and bias have gradients."""

    @staticmethod
    def forward(ctx, weight, bias, batch, covariate):
        ctx.batch, ctx.fills, ctx.covariate = batch, batch.fills, covariate
        n_genes = len(batch.base)
        offset = torch.addmv(bias, weight[:n_genes].t(), batch.base)
        out = batch.by_cell(batch.seen, weight, offset)
        return out if covariate is None else out.addmm_(covariate, weight[n_genes:])

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        begins, ends, rows, _, seen = _unchanged(ctx).by_gene()
        base, covariate, gradient = ctx.batch.base, ctx.covariate, gradient.contiguous()
        total = gradient.sum(0)
        by_weight = torch.empty(len(base) + (0 if covariate is None else covariate.shape[1]), len(total))
        of_genes, of_batches = by_weight[: len(base)].numpy(), by_weight[len(base) :]
        beside = base.numpy(), total.numpy()
        kernels.product(begins, ends, rows, seen, gradient.numpy(), *beside, of_genes, False)
        if covariate is not None:
            torch.mm(covariate.t(), gradient, out=of_batches)
        return by_weight, total, None, None


class _Residual(torch.autograd.Function):
    """The squares of r = (W h + c) - s with c = b - base: one dense (cells, genes) matrix, in memory that stays."""

    @staticmethod
    def forward(ctx, hidden, weight, bias, batch):
        ctx.batch, ctx.fills = batch, batch.fills
        r = batch.room()
        torch.addmm(bias - batch.base, hidden, weight.t(), out=r)
        kernels.scatter(batch.indptr, batch.indices, batch.data, np.float32(-1), r.numpy())
        ctx.save_for_backward(hidden, weight)
        return torch.dot(r.view(-1), r.view(-1)) / r.numel()

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        r = _unchanged(ctx).room()
        hidden, weight = ctx.saved_tensors
        scale = 2 * gradient.item() / r.numel()
        # numpy's products: with these shapes a tenth quicker than torch's on the CPU
        by_hidden = torch.from_numpy(r.numpy() @ weight.numpy()).mul_(scale)
        by_weight = torch.from_numpy(r.numpy().T @ (scale * hidden).numpy())
        return by_hidden, by_weight, r.sum(0).mul_(scale), None


class _Gram(torch.autograd.Function):
    """The squares of (W h + c) - s with c = b - base, summed through their Gram form.

    For each cell: h' (W'W) h + 2 h'W'c + c'c - 2 s'(W h) - 2 s'c + s's. Here W'W is (hidden, hidden), and W
    meets s only where s is not nought, so that no (cells, genes) matrix arises. The scalars add up in
    float64, because the six terms are each larger than what is left of them; where x is unclipped and reaches
    a hundred, gradients keep five digits, and six or more otherwise.
    """

    @staticmethod
    def forward(ctx, hidden, weight, bias, batch):
        ctx.batch, ctx.fills = batch, batch.fills
        n_cells, n_genes = batch.n_cells, len(weight)
        hidden, weight = hidden.contiguous(), weight.contiguous()
        shift = bias.double() - batch.base  # c
        given = batch.by_cell(batch.data, weight, torch.mv(weight.t(), -shift.float()))  # s W - W'c
        squared = torch.from_numpy(weight.numpy().T @ weight.numpy())  # numpy's, which works out one triangle
        made = hidden @ squared
        squares = torch.sub(made, given, alpha=2).mul_(hidden).sum(1).sum(dtype=torch.float64)
        sums = torch.from_numpy(batch.column_sums)
        total = squares + n_cells * (shift @ shift) - 2 * (sums @ shift) + batch.square_sum
        ctx.save_for_backward(hidden, weight, shift, made.sub_(given))
        return (total / (n_cells * n_genes)).float()

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        batch = _unchanged(ctx)
        hidden, weight, shift, slope = ctx.saved_tensors
        n_cells, n_genes = len(hidden), len(weight)
        scale = 2 * gradient.item() / (n_cells * n_genes)
        scaled = scale * hidden
        total = scaled.sum(0)
        by_weight = weight.numpy() @ (hidden.numpy().T @ scaled.numpy())
        begins, ends, rows, data, _ = batch.by_gene()
        beside = shift.float().numpy(), total.numpy()
        kernels.product(begins, ends, rows, data, (-scaled).numpy(), *beside, by_weight, True)
        by_bias = weight @ total + scale * (n_cells * shift - torch.from_numpy(batch.column_sums))
        return scale * slope, torch.from_numpy(by_weight), by_bias.float(), None


def _unchanged(ctx):
    """The batch of the forward pass; raises RuntimeError where it has been filled again since."""
    if ctx.batch.fills != ctx.fills:
        raise RuntimeError("The batch was filled again before the backward pass of its last step.")
    return ctx.batch
