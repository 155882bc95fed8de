"""Repairs: functions from an AnnData to a corrected one; the file is never changed.

Each takes an AnnData and returns (a new AnnData, one sentence on the result). One that does not apply raises
UserError. They are steps: core.preprocessing.recipe names them, core.preprocessing.steps applies them.
"""

import numpy as np
import pandas as pd
from anndata import AnnData

from core.data.backed import copied, part_of, raw_of
from core.data.count_sources import counts_of
from core.data.exchanged_axes import exchanged
from core.data.matrix_kind import what_is
from core.data.protein_panel import MASKED, antibody_columns, unmeasured_cells
from core.data.standalone.antibodies import hidden_proteins
from core.data.standalone.feature_types import protein_keys
from core.errors import UserError
from core.sparse.access import in_memory
from core.sparse.blocks import blocks
from core.text import few


def use_raw(adata: AnnData) -> tuple[AnnData, str]:
    """Replace X by .raw, with its genes; the old X and the layers are removed, everything about the cells is kept."""
    if adata.raw is None:
        raise UserError("This dataset has no .raw.")
    var = adata.raw.var.copy()
    extra = adata.var.drop(columns=[name for name in adata.var if name in var]).reindex(var.index)
    complete = extra.loc[:, extra.notna().all()]  # a column that knows all of these genes
    values = adata.raw.X.copy() if in_memory(adata.raw.X) else adata.raw.X
    new = AnnData(values, adata.obs.copy(), pd.concat([var, complete], axis=1), dict(adata.uns))
    for name, value in adata.obsm.items():
        new.obsm[name] = value.copy()
    for name, value in adata.obsp.items():
        new.obsp[name] = value.copy()
    sentence = f"X is now .raw, {what_is(new.X).words} of {new.n_vars:,} genes (X had {adata.n_vars:,})"
    return new, f"{sentence}; layers removed: {', '.join(adata.layers)}." if len(
        adata.layers
    ) else f"{sentence}."


def transpose(adata: AnnData) -> tuple[AnnData, str]:
    """Exchange rows and columns of X and layers; what belongs to the wrong axis (.raw, obsm, varm ...) is removed."""
    return exchanged(adata)


def drop_empty_cells(adata: AnnData) -> tuple[AnnData, str]:
    """Remove cells without a value other than 0 in the matrix to train on."""
    counts = counts_of(adata)
    filled = np.zeros(adata.n_obs, bool)
    for first, block in blocks(counts.matrix if counts else adata.X):
        cells, _ = block.nonzero()
        filled[first + cells] = True
    if filled.all():
        raise UserError("No cell is empty.")
    new, n = part_of(adata, filled), int((~filled).sum())
    subject = "1 empty cell was" if n == 1 else f"{n:,} empty cells were"
    return new, f"{subject} removed; {new.n_obs:,} remain."


def drop_unmeasured_cells(adata: AnnData) -> tuple[AnnData, str]:
    """Remove cells with missing protein values, and those with 0 of every protein where a part of the cells has that."""
    unmeasured = unmeasured_cells(adata)
    if not unmeasured.any():
        raise UserError("Every cell has its protein values.")
    if unmeasured.all():
        raise UserError("No cell has values of all proteins: remove the proteins instead.")
    made, n = part_of(adata, ~unmeasured), int(unmeasured.sum())
    sentence = "1 cell without proteins was" if n == 1 else f"{n:,} cells without proteins were"
    return made, f"{sentence} removed; {made.n_obs:,} remain."


def mask_proteins(adata: AnnData) -> tuple[AnnData, str]:
    """Leave missing protein values out of the loss: totalVI's mask (core.preprocessing.protein_mask).

    Cells with 0 of every protein, where other cells have more, count as missing.
    """
    unmeasured = unmeasured_cells(adata)
    if not unmeasured.any():
        raise UserError("Every cell has its protein values.")
    made = copied(adata)
    values = np.asarray(made.obsm["protein"], dtype=np.float32).copy()
    values[unmeasured & (values == 0).all(axis=1)] = np.nan
    if np.isnan(values).all():
        raise UserError("No cell has a protein value: remove the proteins instead.")
    table = made.obsm["protein"]
    made.obsm["protein"] = pd.DataFrame(values, table.index, table.columns)
    made.uns[MASKED] = True
    n = int(unmeasured.sum())
    cells = "1 cell are" if n == 1 else f"{n:,} cells are"
    return made, f"The missing protein values of {cells} left out of the loss; the model predicts them."


def drop_proteins(adata: AnnData) -> tuple[AnnData, str]:
    """Remove the proteins, so that a model learns from the RNA of all cells."""
    if "protein" not in adata.obsm:
        raise UserError("This dataset has no proteins.")
    made = copied(adata)
    n = made.obsm["protein"].shape[1]
    for key in protein_keys(made.obsm):  # and where the file had them, or they would be read again
        del made.obsm[key]
    return made, f"{n:,} proteins were removed; all {made.n_obs:,} cells remain."


def split_proteins(adata: AnnData) -> tuple[AnnData, str]:
    """Move antibodies among the genes to obsm["protein"], beside those that it has already."""
    hidden = hidden_proteins(adata)
    if not hidden or len(hidden) == adata.n_vars:
        raise UserError(
            "No antibodies were found among the genes, or the dataset has nothing but antibodies."
        )
    place = adata.var_names.isin(hidden)
    values = antibody_columns(adata, place, [])
    table = pd.DataFrame(values, index=adata.obs_names, columns=list(adata.var_names[place].astype(str)))
    proteins = adata.obsm.get("protein")
    new = part_of(adata, genes=~place)
    if adata.raw is not None:
        new.raw = part_of(raw_of(adata), genes=~adata.raw.var_names.isin(hidden))
    if proteins is not None:
        added = [name for name in table if name not in proteins.columns]
        table = pd.concat([pd.DataFrame(proteins, index=adata.obs_names), table[added]], axis=1)
    new.obsm["protein"] = table
    return new, f"{len(hidden):,} antibodies were moved from the genes to the proteins: {few(hidden)}."
