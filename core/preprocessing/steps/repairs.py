"""Repairs: pure functions from an AnnData to a better one; the file they start from is never touched.

Each repair takes an AnnData and gives (a new AnnData, one sentence on what was done). One that does not apply
raises UserError. They are steps like others: core.preprocessing.recipe names them, core.preprocessing.steps carries them out.
"""

import numpy as np
import pandas as pd
from anndata import AnnData
from anndata.utils import make_index_unique
from scipy import sparse

from core.data.backed import copied, part_of, raw_of
from core.data.checks.finding import genes_are
from core.data.count_sources import counts_of
from core.data.matrix_kind import what_is
from core.data.protein_panel import antibody_columns
from core.data.standalone.antibodies import hidden_proteins
from core.data.standalone.gene_naming import by_symbol, rename_genes, symbols_of, told_apart, without_versions
from core.errors import UserError
from core.sparse.access import in_memory
from core.sparse.blocks import blocks
from core.text import few


def use_raw(adata: AnnData) -> tuple[AnnData, str]:
    """X is what .raw holds, of .raw's genes; the old X and the layers are left out, all that is known of cells stays."""
    if adata.raw is None:
        raise UserError("There is no .raw in this dataset to use.")
    var = adata.raw.var.copy()
    extra = adata.var.drop(columns=[name for name in adata.var if name in var]).reindex(var.index)
    known = extra.loc[:, extra.notna().all()]  # a column that knows all of these genes
    values = adata.raw.X.copy() if in_memory(adata.raw.X) else adata.raw.X
    made = AnnData(values, adata.obs.copy(), pd.concat([var, known], axis=1), dict(adata.uns))
    for name, value in adata.obsm.items():
        made.obsm[name] = value.copy()
    for name, value in adata.obsp.items():
        made.obsp[name] = value.copy()
    words = f"X is now .raw, {what_is(made.X).words} of {made.n_vars:,} genes (X had {adata.n_vars:,})"
    return made, f"{words}; layers: {', '.join(adata.layers)} left out." if len(adata.layers) else f"{words}."


def transpose(adata: AnnData) -> tuple[AnnData, str]:
    """Rows become columns, X and layers; what belonged to the wrong axis (.raw, obsm and their kin) is left out."""
    made = AnnData(_turned(adata.X), obs=adata.var.copy(), var=adata.obs.copy(), uns=dict(adata.uns))
    for name, layer in adata.layers.items():
        made.layers[name] = _turned(layer)
    lost = [name for name in ("obsm", "varm", "obsp", "varp") if len(getattr(adata, name))]
    lost += [".raw"] if adata.raw is not None else []
    words = f"; {', '.join(lost)} belonged to the wrong axis and were left out" if lost else ""
    return made, f"Rows and columns were exchanged: {made.n_obs:,} cells x {made.n_vars:,} genes{words}."


def unique_names(adata: AnnData) -> tuple[AnnData, str]:
    """Genes that share a name are called symbol-ENSG where var has ids, else numbered; repeated cells are numbered."""
    names, renamed = told_apart(adata.var_names, adata.var)
    cells = int(adata.obs_names.duplicated().sum())
    renumbered = int(pd.Index(names).duplicated().sum())
    if not (renamed or renumbered or cells):
        raise UserError("All names are unique already, or var has no Ensembl ids to tell their genes apart.")
    made = copied(adata)
    rename_genes(made, names)
    made.obs_names = make_index_unique(adata.obs_names.astype(str))
    parts = [f"{renamed:,} genes were named by symbol and Ensembl id"] if renamed else []
    parts += [f"{renumbered:,} genes got a number"] if renumbered else []
    parts += [f"{cells:,} cells got a number"] if cells else []
    return made, f"{', '.join(parts)}; var['name_before'] keeps the old gene names."


def use_symbols(adata: AnnData) -> tuple[AnnData, str]:
    """Genes are called by the symbols of var; those without one keep their id, those that share one get it behind."""
    symbols = symbols_of(adata.var)
    if symbols is None:
        raise UserError("var has no column of gene symbols, such as 'gene_symbols' or 'feature_name'.")
    made = copied(adata)
    names, twice = by_symbol(adata.var_names, symbols)
    rename_genes(made, names)
    changed = int((names != adata.var_names.astype(str)).sum())
    words = f"; {int(twice.sum()):,} that share a symbol carry their id behind it" if twice.any() else ""
    return made, f"{genes_are(changed)} now named by symbol{words}."


def drop_versions(adata: AnnData) -> tuple[AnnData, str]:
    """Ensembl ids lose what stands behind the dot; two versions of one id become numbered."""
    names = without_versions(adata.var_names)
    changed = int((names != adata.var_names.astype(str)).sum())
    if not changed:
        raise UserError("No gene is named by an Ensembl id with a version.")
    made = copied(adata)
    rename_genes(made, names)
    return made, f"{changed:,} Ensembl ids lost their version; var['name_before'] keeps it."


def drop_empty_cells(adata: AnnData) -> tuple[AnnData, str]:
    """Cells without a value other than 0 in what is trained on leave, with all that is known of them."""
    found = counts_of(adata)
    filled = np.zeros(adata.n_obs, bool)
    for first, block in blocks(found.matrix if found else adata.X):
        cells, _ = block.nonzero()
        filled[first + cells] = True
    if filled.all():
        raise UserError("No cell is empty.")
    made, n = part_of(adata, filled), int((~filled).sum())
    words = "1 empty cell was" if n == 1 else f"{n:,} empty cells were"
    return made, f"{words} left out; {made.n_obs:,} remain."


def split_proteins(adata: AnnData) -> tuple[AnnData, str]:
    """Antibodies among the genes become obsm["protein"], beside those that are there already."""
    hidden = hidden_proteins(adata)
    if not hidden or len(hidden) == adata.n_vars:
        raise UserError("No antibodies were found among the genes, or there are no genes beside them.")
    place = adata.var_names.isin(hidden)
    values = antibody_columns(adata, place, [])
    table = pd.DataFrame(values, index=adata.obs_names, columns=list(adata.var_names[place].astype(str)))
    there = adata.obsm.get("protein")
    made = part_of(adata, genes=~place)
    if adata.raw is not None:
        made.raw = part_of(raw_of(adata), genes=~adata.raw.var_names.isin(hidden))
    if there is not None:
        new = [name for name in table if name not in there.columns]
        table = pd.concat([pd.DataFrame(there, index=adata.obs_names), table[new]], axis=1)
    made.obsm["protein"] = table
    return made, f"{len(hidden):,} antibodies were taken from the genes to the proteins: {few(hidden)}."


def _turned(matrix):
    if sparse.issparse(matrix):
        return sparse.csr_matrix(matrix.T)
    return np.ascontiguousarray(np.asarray(matrix).T)
