"""First layer and squared error of an autoencoder on a sparse minibatch, without making it dense; CPU, float32.

The input is x = base + s (core.sparse.minibatch), so every product with x is a product with s and a correction
by base.
"""

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from core.sparse import kernels
from core.sparse.minibatch import Standardised


def first_layer(minibatch, weight, bias, covariate=None):
    """(cells, hidden): what the encoder sees times weight, and bias; weight (genes, hidden).

    With `covariate`, a constant tensor (cells, batches), it follows the genes, and weight is (genes + batches, hidden).
    """
    return _FirstLayer.apply(weight, bias, minibatch, covariate)


def mse(minibatch, hidden, weight, bias):
    """Scalar: mean over cells and genes of (F.linear(hidden, weight, bias) - x)^2; weight (genes, hidden).

    By the Gram form where the minibatch is large beside the hidden width, else by the residual itself: both are exact.
    """
    form = _Gram if gram_pays(minibatch.n_cells, hidden.shape[1]) else _Residual
    return form.apply(hidden, weight, bias, minibatch)


def gram_pays(n_cells, n_hidden):
    """Whether the two products of (hidden, genes, hidden) cost less than the two of (cells, genes, hidden) that they replace."""
    return n_cells >= n_hidden


def pays(density):
    """Whether both sparse ends are quicker than `minibatch.dense()` and dense layers; a rule on shapes alone.

    A value that is not zero costs three to four times what it costs in a dense product. Times the dense step, whole
    steps (2,000 genes, 20 latents, AdamW) on one thread of an AVX-512 machine, by the cells of a minibatch:

    density, n_hidden   64 cells    128      256      1,024
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
    minibatch = few.minibatch([0, 1])
    weight = torch.ones(3, 2, requires_grad=True)
    hidden = first_layer(minibatch, weight, torch.zeros(2))
    mse(minibatch, hidden, weight, torch.zeros(3)).backward()
    minibatch.dense()


class _FirstLayer(torch.autograd.Function):
    """x W + b = s W + (base W + b); x is constant, so that only weight and bias have gradients."""

    @staticmethod
    def forward(ctx, weight, bias, minibatch, covariate):
        ctx.minibatch, ctx.fills, ctx.covariate = minibatch, minibatch.fills, covariate
        n_genes = len(minibatch.base)
        offset = torch.addmv(bias, weight[:n_genes].t(), minibatch.seen_base)
        out = minibatch.by_cell(minibatch.seen, weight, offset)
        return out if covariate is None else out.addmm_(covariate, weight[n_genes:])

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        begins, ends, rows, _, seen = _unchanged(ctx).by_gene()
        base, covariate, gradient = ctx.minibatch.seen_base, ctx.covariate, gradient.contiguous()
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
    def forward(ctx, hidden, weight, bias, minibatch):
        ctx.minibatch, ctx.fills = minibatch, minibatch.fills
        r = minibatch.room()
        torch.addmm(bias - minibatch.base, hidden, weight.t(), out=r)
        kernels.scatter(minibatch.indptr, minibatch.indices, minibatch.data, np.float32(-1), r.numpy())
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
    meets s only where s is not zero, so that no (cells, genes) matrix arises. The scalars add up in
    float64, because the six terms are each larger than what is left of them; where x is unclipped and reaches
    a hundred, gradients keep five digits, and six or more otherwise.
    """

    @staticmethod
    def forward(ctx, hidden, weight, bias, minibatch):
        ctx.minibatch, ctx.fills = minibatch, minibatch.fills
        n_cells, n_genes = minibatch.n_cells, len(weight)
        hidden, weight = hidden.contiguous(), weight.contiguous()
        shift = bias.double() - minibatch.base  # c
        product = minibatch.by_cell(minibatch.data, weight, torch.mv(weight.t(), -shift.float()))  # s W - W'c
        squared = torch.from_numpy(weight.numpy().T @ weight.numpy())  # numpy computes one triangle only
        slope = hidden @ squared
        squares = torch.sub(slope, product, alpha=2).mul_(hidden).sum(1).sum(dtype=torch.float64)
        sums = torch.from_numpy(minibatch.column_sums)
        total = squares + n_cells * (shift @ shift) - 2 * (sums @ shift) + minibatch.square_sum
        ctx.save_for_backward(hidden, weight, shift, slope.sub_(product))
        return (total / (n_cells * n_genes)).float()

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        minibatch = _unchanged(ctx)
        hidden, weight, shift, slope = ctx.saved_tensors
        n_cells, n_genes = len(hidden), len(weight)
        scale = 2 * gradient.item() / (n_cells * n_genes)
        scaled = scale * hidden
        total = scaled.sum(0)
        by_weight = weight.numpy() @ (hidden.numpy().T @ scaled.numpy())
        begins, ends, rows, data, _ = minibatch.by_gene()
        beside = shift.float().numpy(), total.numpy()
        kernels.product(begins, ends, rows, data, (-scaled).numpy(), *beside, by_weight, True)
        by_bias = weight @ total + scale * (n_cells * shift - torch.from_numpy(minibatch.column_sums))
        return scale * slope, torch.from_numpy(by_weight), by_bias.float(), None


def _unchanged(ctx):
    """The minibatch of the forward pass; raises RuntimeError where it has been filled again since."""
    if ctx.minibatch.fills != ctx.fills:
        raise RuntimeError("The minibatch was filled again before the backward pass of its last step.")
    return ctx.minibatch
