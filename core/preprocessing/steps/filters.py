"""Filter cells by their quality measures and genes by the cells they are found in, as the Preprocess page shows."""

import numpy as np
from anndata import AnnData

from core.data.backed import part_of, raw_of
from core.data.checks.context import Case
from core.data.count_sources import counts_of, genes_of
from core.errors import UserError
from core.preprocessing.batches import groups_of
from core.preprocessing.recipe.qc_limits import (
    MEASURES,
    Limits,
    TissueName,
    mito_warning,
    suggested,
    within_by_batch,
)
from core.preprocessing.recipe.step_parameters import FilterCells
from core.sparse.blocks import blocks

SCORE, PREDICTED = "doublet_score", "predicted_doublet"  # scanpy's names in obs


def measured(adata: AnnData, columns: dict[str, str] | None = None) -> dict[str, np.ndarray]:
    """(cells,) float32 by measure, as the dataset folder stores them; "predicted" are Scrublet's doublets, where it has run.

    A measure that cannot be computed (counts of scaled values, MT without MT genes) is left out. `columns` are obs
    columns to read measures from; None: those found in the data. Raises UserError where there is no such column.
    """
    if missing := [name for name in (columns or {}).values() if name not in adata.obs]:
        raise UserError(
            f"Filter cells: there is no obs column '{missing[0]}' to read a measure from: remove it from the recipe."
        )
    return _measured(Case(adata, columns))


def _measured(case):
    obs = case.adata.obs
    measures = {"counts": case.n_counts(), "genes": case.n_genes(), **case.quality_shares()}
    if SCORE in obs:
        measures["doublet"] = obs[SCORE]
    if PREDICTED in obs:
        measures["predicted"] = obs[PREDICTED].astype(str) == "True"
    return {name: np.asarray(values, np.float32) for name, values in measures.items() if values is not None}


def settle_limits(adata: AnnData, params: FilterCells) -> FilterCells:
    """The same with numbers where limits are left to the data: for each batch its own where a column is named.

    And with the columns of obs that tell of a cell in place of the matrix.
    """
    open_limits = params.limits is None and not params.batches
    if not open_limits and params.columns is not None:
        return params
    if params.columns is None:
        case = Case(adata)
        params, values = params.model_copy(update={"columns": case.quality_columns}), _measured(case)
    else:
        values = measured(adata, params.columns)
    if not open_limits:
        return params
    if params.batch_key is None:
        return params.model_copy(update={"limits": suggested(values, params.tissue)})
    codes, names = groups_of(adata, params.batch_key, "limits by batch")
    own = {name: suggested(_rows(values, codes == code), params.tissue) for code, name in enumerate(names)}
    return params.model_copy(update={"batches": own})


def filter_cells(
    adata: AnnData,
    limits: Limits | None,
    batch_key: str | None,
    batches: dict[str, Limits],
    columns: dict[str, str] | None = None,
    tissue: TissueName = "any",
) -> tuple[AnnData, str]:
    """The cells within the limits of their batch, or within `limits` where it has none of its own.

    The sentence has the share that was removed, and the share that the MT limit alone removes where that is large.
    `tissue` is what the limits were suggested for, and changes none that is set.
    Raises UserError where a limit is on what the dataset does not tell, and where a batch or column does not exist.
    """
    values, limits = measured(adata, columns), limits or Limits()
    limited = [name for one in (limits, *batches.values()) for name in one.set()]
    if missing := [name for name in limited if name not in values]:
        label = MEASURES[missing[0]].label
        hint = "run Score doublets first" if missing[0] == "doublet" else "remove that limit"
        raise UserError(f"Filter cells: '{label}' is not known of these cells; {hint}.")
    if batches and not batch_key:
        raise UserError(
            "Filter cells: limits of batches need the obs column that names the batches (batch_key)."
        )
    codes, of_batches = np.zeros(adata.n_obs, int), {}
    if batch_key:
        codes, names = groups_of(adata, batch_key, "limits by batch")
        place = {name: code for code, name in enumerate(names)}
        if unknown := [name for name in batches if name not in place]:
            raise UserError(
                f"Filter cells: there is no batch '{unknown[0]}' in the obs column '{batch_key}'."
            )
        of_batches = {place[name]: own for name, own in batches.items()}
    kept = within_by_batch(values, limits, codes, of_batches)
    if not kept.any():
        raise UserError("Filter cells: no cell would stay. Choose wider limits.")
    n_removed, by_batch = int((~kept).sum()), f" by batches of '{batch_key}'" if batches else ""
    sentence = (
        f"{int(kept.sum()):,} of {adata.n_obs:,} cells were kept{by_batch}, {n_removed:,} removed "
        f"({n_removed / adata.n_obs:.1%}): {_describe(limits, batches)}."
    )
    mito = {name: array for name, array in values.items() if name == "mito"}
    outside_mito = int((~within_by_batch(mito, limits, codes, of_batches)).sum())
    if warning := mito_warning(outside_mito, adata.n_obs):
        sentence = f"{sentence} {warning}"
    return part_of(adata, kept), sentence


def filter_genes(adata: AnnData, min_cells: int) -> tuple[AnnData, str]:
    """Keep genes above 0 in at least `min_cells` cells of the matrix to train on, as scanpy.pp.filter_genes does."""
    counts = counts_of(adata)
    matrix, where = (counts.matrix, counts.where) if counts else (adata.X, "X")
    n_cells_of_gene = np.zeros(matrix.shape[1], np.int64)
    for _, block in blocks(matrix):
        n_cells_of_gene += np.bincount(block.indices[block.data > 0], minlength=matrix.shape[1])
    kept = n_cells_of_gene >= min_cells
    if not kept.any():
        raise UserError(f"Filter genes: no gene is found in {min_cells:,} cells. Choose a smaller number.")
    if where == "raw.X":
        kept_names = adata.var_names.isin(genes_of(adata, where)[kept])
        filtered = part_of(adata, genes=kept_names | ~adata.var_names.isin(adata.raw.var_names))
        filtered.raw = part_of(raw_of(adata), genes=kept)
    else:
        filtered = part_of(adata, genes=kept)
    cells = "1 cell" if min_cells == 1 else f"{min_cells:,} cells"
    return filtered, f"{int(kept.sum()):,} of {len(kept):,} genes were found in at least {cells} and kept."


def _rows(values, rows):
    return {name: array[rows] for name, array in values.items()}


def _describe(limits, batches):
    """Limits as text, such as "counts 500 to 20,000, mitochondrial up to 8 %"."""
    if batches:
        return "each batch has its own limits"
    parts = []
    for name, (low, high) in limits.set().items():
        unit = " %" if MEASURES[name].unit == "%" else ""
        ends = f"{low:,.6g} to {high:,.6g}" if low is not None and high is not None else ""
        ends = ends or (f"from {low:,.6g}" if high is None else f"up to {high:,.6g}")
        parts.append(f"{MEASURES[name].label.lower()} {ends}{unit}")
    return ", ".join(parts) or "no limit"
