"""Undo a logarithm: back to normalised values, and where they stand on a grid, to whole counts; says how sure."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.data.sweep import UNLOGS
from core.data.verdict import what_is
from core.errors import UserError

WAYS = {"": "expm1", "twice": "expm1 twice", "log2": "base 2", "log10": "base 10", "log counts": "expm1"}
SMALLEST = (1, 2, 3, 4, 5)  # what the smallest count of a cell may be; a cell that shows no 1 is rare
NEAR, FINE = (
    0.05,
    2e-3,
)  # a value is whole within 0.05, or within 0.2 % where float32 has lost the digits of its log
SURE = 0.95  # share of cells on a grid from which values are rounded to counts
SAME_LIBRARY = 0.01
LIBRARY_COLUMNS = ("total_counts", "n_counts", "nCount_RNA", "n_counts_all_genes", "nUMI", "n_umi")


class Grid(NamedTuple):
    """Counts found behind values: each cell's factor (cells,) from value to count, and which cells fit (cells,)."""

    factor: np.ndarray
    fits: np.ndarray


class Back(NamedTuple):
    """Values without their log, the grid behind them, and the share of filled cells that stand on it."""

    values: sparse.csr_matrix
    grid: Grid
    share: float


def undo_log(adata: AnnData) -> tuple[AnnData, str]:
    """X before its logarithm: whole counts where they can be told, else normalised values; and a sentence on it.

    The other layers and .raw stay as they are. Raises UserError where X is not logged.
    """
    verdict = what_is(adata.X)
    if verdict.kind != "lognorm" or verdict.form not in WAYS:
        raise UserError(f"X holds {verdict.words}, which no logarithm explains: there is nothing to undo.")
    told = verdict.form or verdict.target_sum  # where genes were left out, sums do not tell the base
    ways = [WAYS[verdict.form]] if told else ["expm1", "base 2", "base 10"]
    back = max((_back(adata.X, way) for way in ways), key=lambda one: one.share)
    made, values = adata.copy(), back.values
    if back.share < SURE:
        made.X = values.astype(np.float32)
        words = (
            "The log was undone. The values are normalised ones, which could not be brought back to counts:"
        )
        return made, f"{words} only {back.share:.0%} of the cells stand on a grid of whole numbers."
    values.data = np.rint(values.data * np.repeat(back.grid.factor, np.diff(values.indptr)))
    made.X = values.astype(np.float32)
    words = "The log was undone and the counts were found again:"
    words = f"{words} in {back.share:.1%} of the cells all values are whole numbers."
    return made, f"{words} {_confirmed(adata, values)}"


def _back(matrix, way) -> Back:
    values = sparse.csr_matrix(matrix, dtype=np.float64, copy=True)
    values.data = UNLOGS[way](values.data)
    values.eliminate_zeros()
    grid, filled = find_grid(values), np.diff(values.indptr) > 0
    return Back(values, grid, float(np.mean(grid.fits[filled])) if filled.any() else 0.0)


def find_grid(values: sparse.csr_matrix) -> Grid:
    """The factor that makes whole numbers of each cell's values: 1 / its smallest value, or 2 / it, up to 5 / it."""
    cells, lengths = values.shape[0], np.diff(values.indptr)
    factor, fits = np.zeros(cells), lengths == 0
    filled = np.flatnonzero(lengths)
    starts = values.indptr[filled]
    if not len(filled):
        return Grid(factor, fits)
    least = np.minimum.reduceat(values.data, starts)
    for smallest in SMALLEST:
        counts = values.data * np.repeat(smallest / least, lengths[filled])
        whole = np.abs(counts - np.rint(counts)) <= np.minimum(np.maximum(NEAR, FINE * counts), 0.25)
        good = np.logical_and.reduceat(whole, starts)
        new = filled[good & ~fits[filled]]
        factor[new] = (smallest / least)[good & ~fits[filled]]
        fits[new] = True
    left = filled[~fits[filled]]
    factor[left] = 1 / least[~fits[filled]]
    return Grid(factor, fits)


def _confirmed(adata, counts) -> str:
    """What a column with the cells' original counts says of those that were found."""
    library = np.asarray(counts.sum(axis=1)).ravel()
    for column in LIBRARY_COLUMNS:
        if column in adata.obs:
            told = pd.to_numeric(adata.obs[column], errors="coerce").to_numpy(dtype=float)
            agree = float(np.mean(np.abs(library / np.where(told > 0, told, np.nan) - 1) <= SAME_LIBRARY))
            if agree > 0.5:
                return f"The obs column '{column}' confirms the sums of {agree:.0%} of the cells."
    if library.max(initial=0) <= 0:
        return ""
    return (
        "No column of obs tells the original sums, so a cell whose smallest count was not 1 may be too small."
    )
