"""Undo a log transform: back to normalised values and, where these are multiples of a unit, to whole counts."""

import numpy as np
import pandas as pd
from anndata import AnnData

from core.data.checks.context import COUNT_COLUMNS
from core.data.matrix_kind import what_is
from core.data.standalone.unlog import SURE, are_whole, back, counts_or_values
from core.errors import UserError
from core.preprocessing.recipe.step_parameters import UndoLog

WAYS = {
    "": "expm1",
    "twice": "expm1 twice",
    "log2": "base 2",
    "log10": "base 10",
    "log base": "",
    "log counts": "",
}
SAME_LIBRARY = 0.01


def settle_way(adata: AnnData, params: UndoLog) -> UndoLog:
    """The parameters with the inverse found from the values. Raises UserError where X is not log-transformed."""
    kind = what_is(adata.X)
    if kind.kind != "lognorm" or kind.form not in WAYS:
        raise UserError(f"X holds {kind.words}: there is no log transform to undo.")
    if params.way:
        return params
    if kind.base:
        return UndoLog(way="expm1" if abs(kind.base - np.e) < 1e-6 else f"base {kind.base:.10g}")
    if kind.form not in ("", "log counts") or kind.target_sum:
        return UndoLog(way=WAYS[kind.form])
    # Without sums that all cells share, the base is the one that leads back to whole numbers.
    undone = {way: back(adata.X, way) for way in ("expm1", "base 2", "base 10")}
    return UndoLog(way=max(undone, key=lambda way: (are_whole(undone[way].values), undone[way].share)))


def undo_log(adata: AnnData, way: str) -> tuple[AnnData, str]:
    """X before its log transform: whole counts where possible, else normalised values; and a sentence on the result.

    `way` is one of core.data.standalone.unlog.UNLOGS, or "base" and a number. The other layers and .raw stay as they are.
    """
    undone, made = back(adata.X, way), adata.copy()
    made.X = counts_or_values(undone)
    if undone.share < SURE:
        sentence = (
            "The log transform was undone. The values are normalised and could not be restored to counts:"
        )
        return (
            made,
            f"{sentence} in only {undone.share:.0%} of the cells all values are multiples of one unit.",
        )
    sentence = "The log transform was undone and the counts were restored:"
    sentence = f"{sentence} in {undone.share:.1%} of the cells all values are whole numbers."
    return made, f"{sentence} {_confirmed(adata, made.X)}"


def _confirmed(adata, counts) -> str:
    """How an obs column with the original counts of cells agrees with the restored ones."""
    library = np.asarray(counts.sum(axis=1)).ravel()
    for column in COUNT_COLUMNS:
        if column in adata.obs:
            sums = pd.to_numeric(adata.obs[column], errors="coerce").to_numpy(dtype=float)
            agree = float(np.mean(np.abs(library / np.where(sums > 0, sums, np.nan) - 1) <= SAME_LIBRARY))
            if agree > 0.5:
                return f"The obs column '{column}' confirms the sums of {agree:.0%} of the cells."
    if library.max(initial=0) <= 0:
        return ""
    return "No obs column has the original sums, so cells whose smallest count was not 1 may have too low counts."
