"""Differences between groups of cells over samples: counts summed by sample and group, and a moderated t-test.

Cells of one sample are no replicates; a test of cells calls hundreds of genes different between donors that were treated
alike (Squair 2021, doi:10.1038/s41467-021-25960-2). Here a sample is one observation. The test is limma's without a trend
(Smyth 2004, doi:10.2202/1544-6115.1027) on log2 counts per million as voom has them (Law 2014,
doi:10.1186/gb-2014-15-2-r29); library sizes are all counts of the sum.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

FEWEST_CELLS = 10  # of a sample in a group; the sum of fewer is mostly noise
FEWEST_SAMPLES = 2  # of each group
FEWEST_COUNTS = (
    10  # of a gene, in at least as many sums as the smaller group has (edgeR's filterByExpr, in short)
)


class Pseudobulk(NamedTuple):
    """Of each group against all others: `log_fold` (log2), `p`, `p_adjusted` (groups, genes), NaN where not tested.

    `n_samples` (groups,) and `paired` (groups,) bool say on how many samples of the group a test rests, and whether these
    are compared with the other cells of the same samples.
    """

    log_fold: np.ndarray
    p: np.ndarray
    p_adjusted: np.ndarray
    n_samples: np.ndarray
    paired: np.ndarray


def sums(blocks, codes, samples, n_groups, n_samples):
    """(groups, samples, genes) float64: counts added up, and (groups, samples): the cells.

    `blocks` gives CSC matrices (cells, genes of the block) of counts, in order; `codes` and `samples` (cells,) are int,
    -1 for cells that stay out.
    """
    unit = np.where((codes >= 0) & (samples >= 0), codes * n_samples + samples, -1)
    cells = np.flatnonzero(unit >= 0)
    n = n_groups * n_samples
    add = sparse.csr_matrix((np.ones(len(cells)), (unit[cells], cells)), shape=(n, len(codes)))
    parts = [np.asarray((add @ block.astype(np.float64)).todense()) for block in blocks]
    totals = np.concatenate(parts, axis=1) if parts else np.empty((n, 0))
    return totals.reshape(n_groups, n_samples, -1), np.bincount(unit[cells], minlength=n).reshape(
        n_groups, -1
    )


def compare(totals, cells):
    """The Pseudobulk of each group against all other cells in any group, from what `sums` gives.

    Samples with enough cells on both sides are compared within themselves (paired). Where fewer than two are, samples
    with enough cells on one side alone are compared between the groups.
    """
    n_groups, _, n_genes = totals.shape
    log_fold, p, adjusted = np.full((3, n_groups, n_genes), np.nan)
    n_samples, paired = np.zeros(n_groups, int), np.zeros(n_groups, bool)
    for group in range(n_groups):
        sides = totals[group], totals.sum(axis=0) - totals[group]
        enough = [n >= FEWEST_CELLS for n in (cells[group], cells.sum(axis=0) - cells[group])]
        both = enough[0] & enough[1]
        if both.sum() >= FEWEST_SAMPLES:
            here, paired[group] = (both, both), True
        else:
            here = enough[0] & ~enough[1], enough[1] & ~enough[0]
        if min(h.sum() for h in here) < FEWEST_SAMPLES:
            continue
        n_samples[group] = here[0].sum()
        a, b = (side[rows] for side, rows in zip(sides, here, strict=True))
        tested = (np.vstack([a, b]) >= FEWEST_COUNTS).sum(axis=0) >= min(len(a), len(b))
        if tested.sum() < 2:
            continue
        a, b = (log_cpm(x)[:, tested] for x in (a, b))
        log_fold[group, tested], p[group, tested] = t_test(a, b, bool(paired[group]))
        adjusted[group, tested] = _adjusted(p[group, tested])
    return Pseudobulk(log_fold, p, adjusted, n_samples, paired)


def log_cpm(counts):
    """(sums, genes) log2 of counts per million, with 0.5 added to a count and 1 to a library (voom)."""
    return np.log2((counts + 0.5) / (counts.sum(axis=1, keepdims=True) + 1) * 1e6)


def t_test(a, b, paired, moderate=True):
    """(log fold, p) of each gene, (genes,) each: the mean of `a` minus that of `b`, (samples, genes), by a t-test.

    `paired`: row i of both is the same sample. `moderate`: variances are drawn towards that of all genes (Smyth 2004);
    without it the p values are those of Student's test.
    """
    from scipy.stats import t as student

    if paired:
        difference = a - b
        effect, n = difference.mean(axis=0), len(a)
        variance, free, unscaled = difference.var(axis=0, ddof=1), n - 1, 1 / n
    else:
        effect, free = a.mean(axis=0) - b.mean(axis=0), len(a) + len(b) - 2
        squares = ((a - a.mean(axis=0)) ** 2).sum(axis=0) + ((b - b.mean(axis=0)) ** 2).sum(axis=0)
        variance, unscaled = squares / free, 1 / len(a) + 1 / len(b)
    prior_free, prior = prior_variance(variance, free) if moderate else (0.0, 0.0)
    if np.isinf(prior_free):
        variance, total_free = np.full(len(effect), prior), free * len(effect)
    else:
        variance = (prior_free * prior + free * variance) / (prior_free + free)
        total_free = min(prior_free + free, free * len(effect))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = effect / np.sqrt(variance * unscaled)
    return effect, np.where(np.isnan(t), 1.0, 2 * student.sf(np.abs(t), total_free))


def prior_variance(variance, free):
    """(degrees of freedom, variance) of the prior of variances (genes,) with `free` degrees each (limma's fitFDist).

    Infinite degrees where the variances differ no more than by chance.
    """
    from scipy.special import digamma, polygamma

    least = 1e-5 * np.median(variance)
    e = np.log(np.maximum(variance, max(least, 1e-300))) - digamma(free / 2) + np.log(free / 2)
    excess = e.var(ddof=1) - polygamma(1, free / 2)
    if excess <= 0:
        return np.inf, float(np.exp(e.mean()))
    prior_free = 2 * _trigamma_inverse(float(excess))
    return prior_free, float(np.exp(e.mean() + digamma(prior_free / 2) - np.log(prior_free / 2)))


def _trigamma_inverse(y):
    """x with trigamma(x) = y, by Newton's steps on 1 / trigamma, which is nearly linear (limma)."""
    from scipy.special import polygamma

    if y > 1e7:
        return 1 / np.sqrt(y)
    x = 0.5 + 1 / y
    for _ in range(50):
        value = polygamma(1, x)
        step = value * (1 - value / y) / polygamma(2, x)
        x += step
        if -step / x < 1e-8:
            break
    return float(x)


def _adjusted(p):
    from scipy.stats import false_discovery_control

    return false_discovery_control(np.minimum(p, 1.0))
