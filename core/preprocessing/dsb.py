"""DSB (Mulè 2022): protein counts against the background of empty droplets, without what a cell gets by technique.

Step 1 takes each protein's mean and deviation of log(count + 10) over empty droplets for its zero and its unit. Step 2
finds how much background a cell has as a whole, from the lower of two Gaussians over its own proteins and from its
isotype controls, and takes a straight line on that out of every protein. As the R package dsb does it (its mclust
fits a cell's Gaussians from another start), but for what is fitted over cells: here over training cells alone.
"""

from typing import NamedTuple

import numpy as np

from core.data.standalone.log_counts import log_counts

ENOUGH = 4  # proteins of a cell; two Gaussians through fewer say nothing
ROUNDS = 200  # of expectation and maximisation, at most
BLOCK = 1024  # cells whose Gaussians are fitted at once
NARROW = 0.05  # of a cell's deviation: a Gaussian narrower than that has shut itself around one or two values


class Technical(NamedTuple):
    """How much background a cell has as a whole, from z-scores of its isotype controls and its own background mean."""

    means: np.ndarray  # (isotypes + 1,) over the training cells, the background mean the last
    sds: np.ndarray  # (isotypes + 1,)
    axis: np.ndarray  # (isotypes + 1,) the first principal component
    slopes: np.ndarray  # (proteins,) of each protein on the component

    def component(self, isotypes, background):
        """(cells,) of (cells, isotypes) and (cells,); 0 is the mean of the training cells."""
        noise = np.column_stack([isotypes, background])
        return ((noise - self.means) / self.sds) @ self.axis


def against_background(counts, mean, sd):
    """(cells, proteins): how many deviations of the empty droplets' log counts each count lies above their mean."""
    return (log_counts(counts) - mean) / sd


def fit(values, isotypes, background, train):
    """The Technical of (cells, proteins), (cells, isotypes) and (cells,) z-scores, from the cells `train` alone.

    An isotype control that is the same in all of them has no part in the component.
    """
    noise = np.column_stack([isotypes, background])[train].astype(np.float64)
    means, sds = noise.mean(axis=0), noise.std(axis=0, ddof=1)
    varies = sds > 1e-6
    sds = np.where(varies, sds, 1.0)
    axis = np.zeros(len(means))
    if varies.any():
        scaled = (noise - means) / sds
        axis = np.linalg.svd(scaled, full_matrices=False)[2][0]
        axis = np.where(varies, axis, 0.0)
        axis *= np.sign(axis[np.argmax(np.abs(axis))])  # more is more background
    along = ((noise - means) / sds) @ axis
    spread = float(along @ along)
    training_values = values[train].astype(np.float64)
    slopes = (
        along @ (training_values - training_values.mean(axis=0)) / spread
        if spread
        else np.zeros(values.shape[1])
    )
    return Technical(means, sds, axis, slopes)


def background_means(values):
    """(cells,) the mean of the lower of two Gaussians over each cell's values, of (cells, proteins).

    One spread for both or one each, whichever has the better BIC (Schwarz 1978), as mclust chooses.
    """
    means = [_lower_mean(values[i : i + BLOCK].astype(np.float64)) for i in range(0, len(values), BLOCK)]
    return np.concatenate(means) if means else np.zeros(0)


def _lower_mean(x):
    shared, apart = _mixture(x, shared=True), _mixture(x, shared=False)
    n = x.shape[1]
    bic_shared = 4 * np.log(n) - 2 * shared.likelihood  # two means, a share and one variance, or two
    bic_apart = 5 * np.log(n) - 2 * apart.likelihood
    floor = (NARROW * x.std(axis=1)) ** 2
    apart_wins = (bic_apart < bic_shared) & (apart.variances.min(axis=1) > floor)
    return np.where(apart_wins, apart.means.min(axis=1), shared.means.min(axis=1))


class Mixture(NamedTuple):
    """Two Gaussians for each cell: (cells, 2) means and variances, (cells,) log likelihood."""

    means: np.ndarray
    variances: np.ndarray
    likelihood: np.ndarray


def _mixture(x, shared):
    """The Mixture of each row of (cells, proteins), by expectation and maximisation from the best cut in two."""
    mixture = Mixture(np.empty((len(x), 2)), np.empty((len(x), 2)), np.full(len(x), -np.inf))
    least = np.maximum(1e-6 * x.var(axis=1), 1e-12)  # keeps the density finite
    high = (~_best_cut(x)).astype(
        np.float64
    )  # (cells, proteins) how much a value belongs to the second Gaussian
    moving = np.arange(len(x))  # cells whose Gaussians still move
    for _ in range(ROUNDS):
        part = x[moving]
        n = part.shape[1]
        size = np.stack([n - high.sum(axis=1), high.sum(axis=1)], axis=1).clip(1e-12)
        weighted = (high * part).sum(axis=1)
        means = np.stack([part.sum(axis=1) - weighted, weighted], axis=1) / size
        squared_distance = [(part - means[:, [k]]) ** 2 for k in (0, 1)]
        squares = np.stack(
            [((1 - high) * squared_distance[0]).sum(axis=1), (high * squared_distance[1]).sum(axis=1)], axis=1
        )
        variances = squares.sum(axis=1, keepdims=True).repeat(2, axis=1) / n if shared else squares / size
        variances = np.maximum(variances, least[moving, None])
        heights = np.log(size / n) - 0.5 * np.log(2 * np.pi * variances)
        low, top = (heights[:, [k]] - 0.5 * squared_distance[k] / variances[:, [k]] for k in (0, 1))
        gap = np.exp(-np.abs(top - low))
        likelihood = (np.maximum(low, top) + np.log1p(gap)).sum(axis=1)
        high = np.where(top > low, 1, gap) / (1 + gap)
        moves = likelihood - mixture.likelihood[moving] > 1e-6 * n
        for whole, fitted in zip(mixture, (means, variances, likelihood), strict=True):
            whole[moving] = fitted
        moving, high = moving[moves], high[moves]
        if not len(moving):
            break
    return mixture


def _best_cut(x):
    """(cells, proteins) bool: which values lie in the lower of the two groups with the least squares within."""
    order = np.argsort(x, axis=1, kind="stable")
    ranked = np.take_along_axis(x, order, 1)
    n = x.shape[1]
    below = np.cumsum(ranked, axis=1)[:, :-1]
    size = np.arange(1, n)
    between = below**2 / size + (ranked.sum(axis=1, keepdims=True) - below) ** 2 / (n - size)
    cut = np.argmax(between, axis=1) + 1  # least within is most between
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(n)[None], 1)
    return rank < cut[:, None]
