"""The most variable genes, by the methods of Seurat as scanpy has them, over blocks of cells.

scanpy itself wants the whole matrix at hand. The equations, their constants and the order of ties are scanpy's, and
the tests hold the choice against it.
"""

import numpy as np
import pandas as pd

from core.statistics import clipped_sums, mean_and_variance, sums_of

SPAN = 0.3  # of the genes, in each local fit of seurat_v3
BINS = 20  # of genes with like means, in seurat


def seurat_v3(matrix, rows, genes, seen, n_top_genes):
    """`n_top_genes` of `genes` (indices) by counts of the cells `rows`: (chosen, mean, variance), over `genes`.

    `chosen` is bool. The genes with the largest variance of counts that were standardised by the variance expected
    of their mean and clipped (Stuart 2019). `seen` is the Survey of `matrix`. Raises ValueError where too few cells
    or genes carry the curve.
    """
    from skmisc.loess import loess

    n = len(rows)
    mean, variance = mean_and_variance(seen.sums[genes], seen.squares[genes], n)
    varies, expected = variance > 0, np.zeros(len(genes))
    with np.errstate(divide="ignore", invalid="ignore"):
        curve = loess(np.log10(mean[varies]), np.log10(variance[varies]), span=SPAN, degree=2)
    curve.fit()
    expected[varies] = curve.outputs.fitted_values
    sd = np.sqrt(10**expected)
    highest = np.zeros(matrix.shape[1])
    highest[genes] = sd * np.sqrt(n) + mean
    sums, squares = (values[genes] for values in clipped_sums(matrix, rows, highest))
    spread = (1 / ((n - 1) * np.square(sd))) * (n * np.square(mean) + squares - 2 * sums * mean)
    chosen = np.zeros(len(genes), bool)
    chosen[np.argsort(-spread)[:n_top_genes]] = True
    return chosen, mean, variance


def seurat(matrix, rows, genes, change, n_top_genes):
    """`n_top_genes` of `genes` (indices) by logged values of the cells `rows`: (chosen, mean, dispersion).

    `change(values, cells)` gives the logged values. The genes whose dispersion, before the log, is the largest
    beside that of genes with like means (Satija 2015); ties at the border are all chosen.
    """
    sums, squares = sums_of(matrix, rows, lambda values, cells: np.expm1(change(values, cells)))
    mean, variance = mean_and_variance(sums[genes], squares[genes], len(rows))
    mean[mean == 0] = 1e-12
    dispersion = variance / mean
    dispersion[dispersion == 0] = np.nan
    table = pd.DataFrame({"mean": np.log1p(mean), "dispersion": np.log(dispersion)})
    table["bin"] = pd.cut(table["mean"], bins=BINS)
    bins = table.groupby("bin", observed=True)["dispersion"].agg(["mean", "std"])
    alone = bins["std"].isnull()  # the only gene of its bin counts as 1, whatever its dispersion
    bins.loc[alone, "std"], bins.loc[alone, "mean"] = bins.loc[alone, "mean"], 0
    beside = bins.loc[table["bin"]].set_index(table.index)
    spread = ((table["dispersion"] - beside["mean"]) / beside["std"]).to_numpy()
    known = np.sort(spread[~np.isnan(spread)])[::-1]
    border = known[min(n_top_genes, len(known)) - 1] if len(known) else -np.inf
    chosen = np.nan_to_num(spread, nan=-np.inf) >= border
    return chosen, table["mean"].to_numpy(), table["dispersion"].to_numpy()
