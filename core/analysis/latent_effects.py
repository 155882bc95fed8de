"""Effect of each latent dimension on each feature: the decoder's Jacobian, averaged over cells."""

from typing import NamedTuple

import numpy as np
import torch

from core.training.dataloader import Feed

CELLS = 4000  # at most that the Jacobian is averaged over; the mean of more differs in the third digit
BLOCK_VALUES = 1 << 23  # of one output and one tangent at a time: 32 MB each


class Effects(NamedTuple):
    """The effect of one standard deviation of each latent dimension on each feature, (latent, features) float32 both.

    `mean` over the cells, and `size`, the mean of its absolute value: where that is much larger, the effect has
    another sign in other cells.
    """

    mean: np.ndarray
    size: np.ndarray
    n_cells: int


def effects(model, matrix, latent, seed=0):
    """Yield the share done, then the Effects of a trained model, from at most 4,000 cells drawn by `seed`.

    The derivative of `model.response` at the latent of each cell, in the direction of each
    dimension, by forward-mode differentiation; times the dimension's standard deviation over all cells, since the
    dimensions have no unit of their own. Of a linear decoder these are its loadings.
    """
    model.eval()
    n, k = latent.shape
    random = np.random.default_rng(seed)
    rows = np.sort(random.choice(n, min(n, CELLS), replace=False))
    spread = torch.from_numpy(latent.std(axis=0).astype(np.float32))
    mean, size = torch.zeros(k, matrix.n_features), torch.zeros(k, matrix.n_features)
    block, done = max(1, BLOCK_VALUES // matrix.n_features), 0
    for part, cells in Feed(matrix).minibatches(matrix.rna.in_order(rows), min(block, 1024)):
        z = torch.from_numpy(np.asarray(latent[part], dtype=np.float32))
        for i in range(k):
            yield (done + len(part) * i / k) / len(rows)
            direction = torch.zeros_like(z)
            direction[:, i] = spread[i]
            _, moved = torch.func.jvp(lambda at, here=cells: model.response(at, here), (z,), (direction,))
            moved = moved.detach()
            mean[i] += moved.sum(dim=0)
            size[i] += moved.abs().sum(dim=0)
        done += len(part)
    yield Effects(mean.numpy() / len(rows), size.numpy() / len(rows), len(rows))
