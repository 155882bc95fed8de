"""Which sample each cell comes from, by the counts of hashtags: one, none (negative) or two (a doublet).

The three hypotheses of a cell are those of HashSolo (Bernstein 2020, doi:10.1016/j.cels.2020.05.010). Background and
signal of each hashtag are a mixture of two normal distributions of log counts, as in GMM-Demux (Xin 2020,
doi:10.1186/s13059-020-02084-2), after the cell's own background is taken off. HashSolo in scanpy takes them from ranks
instead: then cells without a hashtag count as signal, and where these are a fifth of the cells it calls them singlets.
"""

from typing import NamedTuple

import numpy as np

NEGATIVE, SINGLET, DOUBLET = "negative", "singlet", "doublet"
CLASSES = (NEGATIVE, SINGLET, DOUBLET)
CLASS_SHARES = (0.05, 0.8, 0.15)  # shares of the three classes that the fit starts from
LEAST_SD = 0.25  # of log counts: with less, one count more or less would decide
LEAST_FOLD, LEAST_SDS = (
    np.log(3),
    2.2,
)  # from background to signal: a hashtag with less was not in the experiment
MOST_SIGNAL = 0.95  # of the cells: with more, the background is a few outliers
MOST_RATIO = 100.0  # natural log of a likelihood ratio: beyond it no cell changes its class
FIT_ROUNDS = 200


class Assigned(NamedTuple):
    """What the counts of hashtags say of each cell."""

    classes: np.ndarray  # (cells,) indices into CLASSES
    hashtag: np.ndarray  # (cells,) the likeliest hashtag of each cell, an index into the columns
    probability: np.ndarray  # (cells,) of the class
    used: np.ndarray  # (hashtags,) bool: those with cells above their background


def assigned(counts) -> Assigned:
    """The class and hashtag of each cell, from (cells, hashtags) counts; a cell without any count is negative."""
    counts = np.nan_to_num(np.asarray(counts, dtype=np.float64))
    n, k = counts.shape
    stained = np.flatnonzero(counts.sum(axis=1) > 0)
    ratios = np.full((n, k), -MOST_RATIO)
    if len(stained):
        values = above_background(np.log1p(counts[stained]))
        highest = values.argmax(axis=1)
        for j in range(k):
            ratios[stained, j] = log_ratio(values[:, j], half_way(values[:, j], highest == j))
    used = (ratios > -MOST_RATIO).any(axis=0)
    shares = np.array(CLASS_SHARES)
    for _ in range(FIT_ROUNDS):
        probabilities, of_hashtag = posterior(ratios[:, used], shares)
        before, shares = shares, probabilities.mean(axis=0)
        if np.abs(shares - before).max() < 1e-5:
            break
    classes = probabilities.argmax(axis=1)
    classes[counts.sum(axis=1) == 0] = CLASSES.index(NEGATIVE)
    hashtag = np.flatnonzero(used)[of_hashtag.argmax(axis=1)] if used.any() else np.zeros(n, dtype=int)
    return Assigned(classes, hashtag, probabilities[np.arange(n), classes], used)


def above_background(values):
    """(cells, hashtags) log counts above the background of each hashtag and of each cell.

    A cell's background for a hashtag is the mean of its other hashtags without the highest of them, which may be signal;
    with two hashtags it is unknown.
    """
    n, k = values.shape
    background = np.quantile(values, 0.1, axis=0)  # most values may be signal: one sample may have most cells
    values = values - background
    if k < 3:
        return values
    second, first = np.sort(values, axis=1)[:, -2:].T[:, :, None]
    highest_other = np.where(np.arange(k) == values.argmax(axis=1)[:, None], second, first)
    of_cell = (values.sum(axis=1, keepdims=True) - values - highest_other) / (k - 2)
    # Below one count the background of a single cell says nothing.
    weight = 1 - np.exp(-background.mean())
    return values - weight * (of_cell - np.median(of_cell, axis=0))


def half_way(values, highest):
    """The log count half way from background to signal; `highest` (cells,) bool: this hashtag is that cell's highest."""
    if highest.all() or not highest.any():
        return np.inf
    return (np.median(values[~highest]) + np.quantile(values[highest], 0.75)) / 2


def log_ratio(values, start):
    """(cells,) natural log of the likelihood of signal against background, from (cells,) log counts of one hashtag.

    Values above `start` are signal at first. All are -MOST_RATIO where no signal stands out of the background. Both have one
    standard deviation, or the wider of them would win at both ends.
    """
    weights, means = np.where(values > start, 1.0, 0.0), np.zeros(2)
    nothing = np.full(len(values), -MOST_RATIO)
    for _ in range(FIT_ROUNDS):
        sizes = np.array([(1 - weights).sum(), weights.sum()])
        if sizes.min() < 1e-6:
            return nothing
        before, means = means, np.array([(1 - weights) @ values, weights @ values]) / sizes
        spread = (1 - weights) @ (values - means[0]) ** 2 + weights @ (values - means[1]) ** 2
        variance = max(spread / len(values), LEAST_SD**2)
        ratios = (means[1] - means[0]) * (values - means.mean()) / variance
        ratios = np.clip(ratios, -MOST_RATIO + 1, MOST_RATIO)
        weights = 1 / (1 + sizes[0] / sizes[1] * np.exp(-ratios))
        if np.abs(means - before).max() < 1e-5:
            break
    fold = means[1] - means[0]
    apart = fold >= max(LEAST_FOLD, LEAST_SDS * np.sqrt(variance))
    return ratios if apart and sizes[1] <= MOST_SIGNAL * len(values) else nothing


def posterior(ratios, shares):
    """((cells, 3) probabilities of CLASSES, (cells, hashtags) of each hashtag alone), from log ratios and class shares.

    The share of singlets is spread evenly over the hashtags, that of doublets over pairs of hashtags.
    """
    n, k = ratios.shape
    if k == 0:
        return np.tile([1.0, 0.0, 0.0], (n, 1)), np.zeros((n, 0))
    highest = np.maximum(ratios.max(axis=1, keepdims=True), 0)  # so that no exponential is infinite
    each, none = np.exp(ratios - highest), np.exp(-highest)
    pairs = np.maximum(each.sum(axis=1) ** 2 - (each**2).sum(axis=1), 0) / 2
    single = shares[1] / k * each * none
    double = shares[2] * pairs / max(k * (k - 1) / 2, 1)
    joint = np.column_stack([shares[0] * none[:, 0] ** 2, single.sum(axis=1), double])
    total = joint.sum(axis=1, keepdims=True)
    return joint / total, single / total
