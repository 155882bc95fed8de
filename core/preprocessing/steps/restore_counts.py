"""Repairs that lead back to counts: from multiples of a unit, from corrected counts, and where only some cells were logged."""

import numpy as np
from anndata import AnnData
from scipy import sparse

from core.data.backed import part_of
from core.data.matrix_kind import what_is
from core.data.standalone.unlog import SURE, back, find_grid, on_grid
from core.data.value_scan import sweep
from core.errors import UserError

WAYS = ("expm1", "base 2", "base 10")  # one log; of two, nobody has logged a part


def restore_counts(adata: AnnData) -> tuple[AnnData, str]:
    """X times a factor for each cell that makes all of its values whole; raises UserError where there is none."""
    kind = what_is(adata.X)
    if kind.kind != "normalized":
        raise UserError(f"X holds {kind.words}: counts are restored from normalised values without a log.")
    values = sparse.csr_matrix(adata.X, dtype=np.float64, copy=True)
    values.eliminate_zeros()
    filled, grid = np.diff(values.indptr) > 0, find_grid(values)
    share = float(np.mean(grid.fits[filled]))
    if share < SURE:
        raise UserError(
            f"In {share:.0%} of the cells all values are multiples of one unit, and {SURE:.0%} are needed to restore"
            " counts: bring the counts."
        )
    made = adata.copy()
    made.X = on_grid(values, grid)
    return (
        made,
        f"The counts were restored: in {share:.1%} of the cells all values are multiples of one unit.",
    )


def round_counts(adata: AnnData) -> tuple[AnnData, str]:
    """X rounded to whole numbers, of counts that were corrected or estimated."""
    kind = what_is(adata.X)
    if kind.form != "corrected":
        raise UserError(f"X holds {kind.words}, not corrected counts: there is nothing to round.")
    made = adata.copy()
    values = sparse.csr_matrix(adata.X, dtype=np.float32, copy=True)
    before = values.sum(dtype=np.float64)
    values.data = np.rint(values.data)
    values.eliminate_zeros()
    made.X = values
    change = values.sum(dtype=np.float64) / before - 1
    return made, f"The values were rounded to whole numbers, which changes their sum by {change:+.2%}."


def undo_log_in_some_cells(adata: AnnData) -> tuple[AnnData, str]:
    """X with the log undone in the cells that hold fractions, where that gives counts as in the other cells."""
    logged = _cells_with_fractions(adata)
    part = sparse.csr_matrix(adata.X)[logged]
    results = {way: back(part, way) for way in WAYS if part.max() < 40}
    way = max(results, key=lambda way: results[way].share, default=None)
    if way is None or results[way].share < SURE:
        raise UserError(
            "The fractions of these cells do not lead back to counts: remove the cells with fractions instead."
        )
    order = np.argsort(np.concatenate([np.flatnonzero(~logged), np.flatnonzero(logged)]), kind="stable")
    counts = on_grid(results[way].values, results[way].grid)
    made = adata.copy()
    made.X = sparse.vstack([sparse.csr_matrix(adata.X, dtype=np.float32)[~logged], counts], format="csr")[
        order
    ]
    return made, f"The log was undone in {int(logged.sum()):,} of {adata.n_obs:,} cells; all hold counts now."


def drop_cells_with_fractions(adata: AnnData) -> tuple[AnnData, str]:
    """The cells whose values are whole numbers."""
    logged = _cells_with_fractions(adata)
    made = part_of(adata, ~logged)
    return made, f"{int(logged.sum()):,} cells with fractions were removed; {made.n_obs:,} remain."


def _cells_with_fractions(adata):
    """(cells,) bool; raises UserError where X does not hold whole numbers in some cells and fractions in others."""
    kind = what_is(adata.X)
    if kind.form != "mixed":
        raise UserError(f"X holds {kind.words} in all cells alike: there is nothing to part.")
    return ~sweep(adata.X).whole_cells
