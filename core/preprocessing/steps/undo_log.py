"""Undo a logarithm: back to normalised values, and where they stand on a grid, to whole counts; says how sure."""

import numpy as np
import pandas as pd
from anndata import AnnData

from core.data.checks.context import COUNT_COLUMNS
from core.data.matrix_kind import what_is
from core.data.standalone.unlog import SURE, back, counts_or_values
from core.errors import UserError
from core.preprocessing.recipe.steps import UndoLog

WAYS = {"": "expm1", "twice": "expm1 twice", "log2": "base 2", "log10": "base 10", "log counts": "expm1"}
SAME_LIBRARY = 0.01


def settle_way(adata: AnnData, params: UndoLog) -> UndoLog:
    """The same with the way back that the values tell. Raises UserError where X is not logged."""
    verdict = what_is(adata.X)
    if verdict.kind != "lognorm" or verdict.form not in WAYS:
        raise UserError(f"X holds {verdict.words}, which no logarithm explains: there is nothing to undo.")
    if params.way:
        return params
    if verdict.form or verdict.target_sum:
        return UndoLog(way=WAYS[verdict.form])
    # Where genes were left out, sums do not tell the base.
    return UndoLog(way=max(("expm1", "base 2", "base 10"), key=lambda way: back(adata.X, way).share))


def undo_log(adata: AnnData, way: str) -> tuple[AnnData, str]:
    """X before its logarithm: whole counts where they can be told, else normalised values; and a sentence on it.

    `way` is one of core.data.standalone.unlog.UNLOGS. The other layers and .raw stay as they are.
    """
    found, made = back(adata.X, way), adata.copy()
    made.X = counts_or_values(found)
    if found.share < SURE:
        words = (
            "The log was undone. The values are normalised ones, which could not be brought back to counts:"
        )
        return made, f"{words} only {found.share:.0%} of the cells stand on a grid of whole numbers."
    words = "The log was undone and the counts were found again:"
    words = f"{words} in {found.share:.1%} of the cells all values are whole numbers."
    return made, f"{words} {_confirmed(adata, made.X)}"


def _confirmed(adata, counts) -> str:
    """What a column with the cells' original counts says of those that were found."""
    library = np.asarray(counts.sum(axis=1)).ravel()
    for column in COUNT_COLUMNS:
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
