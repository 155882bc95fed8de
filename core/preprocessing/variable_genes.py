"""The most variable genes, by the methods of Seurat and Cell Ranger as scanpy has them, over blocks of cells.

scanpy itself wants the whole matrix at hand. The equations, their constants and the order of ties are those of scanpy
1.11, and the tests hold the choice against it, with and without batches.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from core.sparse.moments import clipped_sums, mean_and_variance, sums_of

SPAN = 0.3  # of the genes, in each local fit of seurat_v3
LEAST = 10  # genes: of fewer the curve is never found, and of fewer than 4 the library's process dies
BINS = 20  # of genes with like means, in seurat
PERCENTILES = np.arange(10, 105, 5)  # of the means, which part the bins of cell_ranger


class Variable(NamedTuple):
    """The selected genes, with the mean and spread of each; arrays over the genes in question."""

    chosen: np.ndarray  # bool
    mean: np.ndarray
    spread: np.ndarray


class Unfit(ValueError):
    """The method does not work on some of the groups, mostly for too few cells; `groups` says on which."""

    def __init__(self, groups, why):
        super().__init__(why)
        self.groups = tuple(groups)


def seurat_v3(matrix, groups, genes, usable, seen, n_top_genes):
    """The Variable genes of `genes` (indices): `n_top_genes` of the `usable` (genes,) bool, by counts of the cells in `groups`.

    The genes with the largest variance of counts that were standardised by the variance expected of their mean and
    clipped (Stuart 2019); of several groups, those with the best median of their ranks. `seen` is the Survey of
    `matrix`, whose training cells are all that `groups` may name; mean and variance are over these. Raises Unfit where
    too few cells or genes of a group carry the curve.
    """
    each = (seen.sums[None], seen.squares[None]) if groups.n == 1 else sums_of(matrix, groups, _as_is)
    tested, sizes = genes[usable], groups.sizes
    means, sds, unfit = [], [], {}
    for group, n in enumerate(sizes):
        mean, variance = mean_and_variance(*(part[group, tested] for part in each), n)
        try:
            sds.append(_expected_sd(mean, variance))
        except ValueError as error:  # skmisc's: "reciprocal condition number", "span is too small"
            unfit[group] = error
        means.append(mean)
    if unfit:
        raise Unfit(unfit, _first_line(next(iter(unfit.values()))))
    highest = np.zeros((groups.n, matrix.shape[1]))
    highest[:, tested] = [sd * np.sqrt(n) + mean for sd, n, mean in zip(sds, sizes, means, strict=True)]
    clipped = clipped_sums(matrix, groups, highest)
    spread = np.array(
        [
            (1 / ((n - 1) * np.square(sd))) * (n * np.square(mean) + squares - 2 * sums * mean)
            for sd, n, mean, sums, squares in zip(
                sds, sizes, means, *(part[:, tested] for part in clipped), strict=True
            )
        ]
    )
    chosen = np.zeros(len(genes), bool)
    chosen[np.flatnonzero(usable)[_best_ranked(spread, n_top_genes)]] = True
    return Variable(chosen, *mean_and_variance(*(part.sum(axis=0)[genes] for part in each), sizes.sum()))


def _as_is(values, cells):
    return values


def _expected_sd(mean, variance):
    """(genes,) the standard deviation of counts that goes with each mean, by a curve through all of them."""
    from skmisc.loess import loess

    varies, expected = variance > 0, np.zeros(len(mean))
    if varies.sum() < LEAST:
        raise ValueError(f"only {varies.sum()} genes vary")
    with np.errstate(divide="ignore", invalid="ignore"):
        curve = loess(np.log10(mean[varies]), np.log10(variance[varies]), span=SPAN, degree=2)
    curve.fit()
    expected[varies] = curve.outputs.fitted_values
    return np.sqrt(10**expected)


def _best_ranked(spread, n):
    """Where the `n` genes stand whose median rank by `spread` (groups, genes) is best, then those ranked most often.

    Only ranks below `n` count, as in SelectIntegrationFeatures of Seurat.
    """
    ranks = np.argsort(np.argsort(-spread, axis=1), axis=1).astype(np.float32)
    among = ranks < n
    ranks[~among] = np.nan
    median = np.ma.median(np.ma.masked_invalid(ranks), axis=0).filled(np.inf)
    return np.lexsort((-among.sum(axis=0), median))[:n]


def by_dispersion(flavor, matrix, groups, genes, usable, change, n_top_genes, names):
    """The Variable genes of `genes` (indices): `n_top_genes` of the `usable` (genes,) bool, by logged values of the cells in `groups`.

    `change(values, cells)` gives the logged values, `names` are those of `genes`. Chosen are the genes whose
    dispersion stands out most from that of genes with like means: for "seurat" (Satija 2015) of values before the
    log, beside the mean and deviation of a bin; for "cell_ranger" (Zheng 2017) of logged values, beside the median
    and its absolute deviation. In one group ties at the border are all chosen; of several, the genes chosen in most,
    then by the mean over groups, then by name. Raises Unfit where a group has too few different means to part.
    """
    before = (lambda values, cells: np.expm1(change(values, cells))) if flavor == "seurat" else change
    sums, squares = (part[:, genes] for part in sums_of(matrix, groups, before))
    means, spreads, beside = np.zeros((3, groups.n, len(genes)))
    picked, unfit = np.zeros((groups.n, len(genes)), bool), {}
    for group, n in enumerate(groups.sizes):
        expressed = sums[group] > 0
        mean, spread = _dispersion(
            flavor, *mean_and_variance(sums[group, expressed], squares[group, expressed], n)
        )
        means[group, expressed], spreads[group, expressed] = mean, spread
        tested = np.flatnonzero(expressed & usable)
        candidates = usable[expressed]
        try:
            beside[group, tested] = _beside_like_genes(flavor, mean[candidates], spread[candidates])
            picked[group, tested] = _highest(beside[group, tested], n_top_genes)
        except ValueError as error:  # pandas': "Bin edges must be unique"
            unfit[group] = error
    if unfit:
        raise Unfit(unfit, _first_line(next(iter(unfit.values()))))
    if groups.n == 1:
        return Variable(picked[0], means[0], spreads[0])
    return Variable(
        _chosen_most(picked, beside, usable, n_top_genes, names), means.mean(axis=0), _mean(spreads)
    )


def _dispersion(flavor, mean, variance):
    """(mean, dispersion) of genes as the flavor looks at them."""
    mean[mean == 0] = 1e-12
    dispersion = variance / mean
    if flavor == "cell_ranger":
        return mean, dispersion
    dispersion[dispersion <= 0] = np.nan  # below 0 by rounding alone
    return np.log1p(mean), np.log(dispersion)


def _beside_like_genes(flavor, mean, dispersion):
    """(genes,) how far each dispersion is from that of the genes in its bin of means, in deviations of the bin."""
    if not len(mean):
        raise ValueError("no gene is above 0")
    seurat = flavor == "seurat"
    edges = BINS if seurat else np.r_[-np.inf, np.percentile(mean, PERCENTILES), np.inf]
    table = pd.DataFrame({"dispersion": dispersion, "bin": pd.cut(pd.Series(mean), bins=edges)})
    bins = table.groupby("bin", observed=True)["dispersion"]
    if seurat:
        like = bins.agg(middle="mean", deviation="std")
        alone = like["deviation"].isnull()  # the only gene of its bin counts as 1, whatever its dispersion
        like.loc[alone, "deviation"], like.loc[alone, "middle"] = like.loc[alone, "middle"], 0
    else:
        from scipy.stats import median_abs_deviation  # a second to import

        like = bins.agg(
            middle="median", deviation=lambda dispersions: median_abs_deviation(dispersions, scale="normal")
        )
    like = like.loc[table["bin"]].set_index(table.index)
    with np.errstate(divide="ignore", invalid="ignore"):
        return ((table["dispersion"] - like["middle"]) / like["deviation"]).to_numpy()


def _highest(values, n):
    """(genes,) bool: the `n` highest and all that tie with the last of them; a NaN is never chosen."""
    known = np.sort(values[~np.isnan(values)])[::-1]
    if not len(known):
        raise ValueError("no gene varies")
    return np.nan_to_num(values, nan=-np.inf) >= known[min(n, len(known)) - 1]


def _chosen_most(picked, beside, usable, n, names):
    """(genes,) bool: the `n` usable genes that most groups have picked, then by the mean of `beside` (groups, genes)."""
    mean = _mean(beside)
    by_name = np.argsort(
        np.argsort(names, kind="stable")
    )  # pandas groups by name, so scanpy's ties follow it
    last = np.isnan(mean)
    order = np.lexsort((by_name, -np.where(last, 0, mean), last, -picked.sum(axis=0), ~usable))
    chosen = np.zeros(len(usable), bool)
    chosen[order[: min(n, usable.sum())]] = True
    return chosen


def _mean(values):
    """(genes,) mean over groups of the values that are numbers; NaN where none is."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=0) / known.sum(axis=0)


def _first_line(error):
    text = error.args[0] if error.args else type(error).__name__
    text = text.decode() if isinstance(text, bytes) else str(text)
    return text.strip().splitlines()[0][:80] if text.strip() else type(error).__name__
