"""Which cells express a protein: those above its background, as an antibody binds a little to every cell."""

from typing import NamedTuple

import numpy as np

SDS = 3.0  # above the mean of the background: of values that scatter like a bell, one in 740 lies higher by chance
MOST_CELLS = 5000  # to which two Gaussians are fitted
APART = 2.0  # Ashman's D: two Gaussians whose means are closer are one group (Ashman 1994)
PSEUDOCOUNT = 10  # of log_counts, as DSB has it


class Limits(NamedTuple):
    """The highest count of the background of each protein, and where it comes from."""

    counts: np.ndarray  # (proteins,) float64
    words: str


def limits(counts, names, isotypes=(), droplets=None) -> Limits:
    """The Limits of (cells, proteins) raw counts; of what is known the first.

    `droplets` (mean, sd: of log(count + 10) in empty droplets, by protein): mean and 3 standard deviations, the step of
    DSB that centres on droplets (Mulè 2022). `isotypes`, names of the isotype controls: mean and 3 standard deviations
    of log1p of all their counts. Else each protein by itself: where the posteriors of two Gaussians in log1p of its
    counts are equal, after the lower of the two as background (Mulè 2022, step 2). A protein without two groups (Ashman's
    D below 2) has the median of the others; without any, the background is 0.
    """
    counts = np.maximum(np.asarray(counts, dtype=np.float64), 0)
    if droplets is not None and set(names) <= set(droplets.names):
        place = {name: i for i, name in enumerate(droplets.names)}
        at = [place[name] for name in names]
        mean, sd = (np.asarray(values, dtype=np.float64)[at] for values in (droplets.mean, droplets.sd))
        return Limits(
            np.maximum(np.exp(mean + SDS * sd) - PSEUDOCOUNT, 0),
            "mean and 3 standard deviations of empty droplets",
        )
    if controls := [i for i, name in enumerate(names) if name in set(isotypes)]:
        logged = np.log1p(counts[:, controls])
        level = np.expm1(logged.mean() + SDS * logged.std(ddof=1))
        return Limits(np.full(len(names), level), "mean and 3 standard deviations of the isotype controls")
    found = np.array([_between(np.log1p(counts[:, i])) for i in range(len(names))], dtype=np.float64)
    others = np.nanmedian(found) if np.isfinite(found).any() else 0.0
    return Limits(
        np.expm1(np.where(np.isfinite(found), found, others)), "two Gaussians in the logarithm of its counts"
    )


def _between(values):
    """The value between two Gaussians, NaN where there is one group."""
    from sklearn.mixture import GaussianMixture

    values = values[np.isfinite(values)]
    if len(values) > MOST_CELLS:
        values = np.random.default_rng(0).choice(values, MOST_CELLS, replace=False)
    if len(np.unique(values)) < 4:
        return np.nan
    spread = np.quantile(values, [0.25, 0.99])
    fit = GaussianMixture(2, means_init=spread[:, None], reg_covar=1e-3).fit(values[:, None])
    means, sds = fit.means_[:, 0], np.sqrt(fit.covariances_[:, 0, 0])
    low, high = np.argsort(means)
    if np.sqrt(2) * (means[high] - means[low]) / np.sqrt(sds[low] ** 2 + sds[high] ** 2) < APART:
        return np.nan
    grid = np.linspace(means[low], means[high], 400)
    is_high = fit.predict(grid[:, None]) == high
    return grid[is_high.argmax()] if is_high.any() else np.nan


def shares(counts, limits, codes, n_groups):
    """(share, share of the others), each (groups, proteins): cells with more than the Limits.

    `codes` (cells,) is the group of a cell, -1 for none; a group without cells, or without others, has NaN.
    """
    known = codes >= 0
    above = np.asarray(counts)[known] > limits.counts
    sizes = np.bincount(codes[known], minlength=n_groups)[:, None].astype(float)
    of_group = np.zeros((n_groups, above.shape[1]))
    np.add.at(of_group, codes[known], above)
    with np.errstate(divide="ignore", invalid="ignore"):
        return of_group / sizes, (of_group.sum(axis=0) - of_group) / (sizes.sum() - sizes)
