"""The repairs as a recipe's script carries them out, as core.preprocessing.steps does."""

from core.preprocessing.recipe.script_files import Part

COUNTS_OR_X = "counts[0] if (counts := counts_of(adata)) else adata.X"

REPAIRS = {
    "transpose": Part(
        '''
def turned(matrix):
    return sparse.csr_matrix(matrix.T) if sparse.issparse(matrix) else np.ascontiguousarray(matrix.T)


def transpose(adata):
    """Rows become columns; .raw, obsm and the like belonged to the wrong axis."""
    transposed = AnnData(turned(adata.X), obs=adata.var.copy(), var=adata.obs.copy())
    for name, layer in adata.layers.items():
        transposed.layers[name] = turned(layer)
    return transposed
''',
        "adata = transpose(adata)",
    ),
    "use_raw": Part(
        '''
def use_raw(adata):
    """X becomes .raw. The columns of obs stay, and those of var that have a value for every gene of .raw."""
    var = adata.raw.var.copy()
    more = adata.var.drop(columns=[name for name in adata.var if name in var]).reindex(var.index)
    replaced = AnnData(adata.raw.X.copy(), adata.obs.copy(), pd.concat([var, more.loc[:, more.notna().all()]], axis=1))
    for name, value in adata.obsm.items():
        replaced.obsm[name] = value.copy()
    return replaced
''',
        "adata = use_raw(adata)",
    ),
    "drop_not_finite": Part(
        '''
def drop_not_finite(adata):
    """Without the genes, or the cells, with missing or infinite values: what is the smaller share."""
    X = sparse.coo_matrix(adata.X)
    odd = ~np.isfinite(X.data)
    cells, genes = np.bincount(X.row[odd], minlength=adata.n_obs) > 0, np.bincount(X.col[odd], minlength=adata.n_vars) > 0
    return (adata[:, ~genes] if genes.mean() <= cells.mean() else adata[~cells]).copy()
''',
        "adata = drop_not_finite(adata)",
    ),
    "zero_not_finite": Part(
        '''
def zero_not_finite(adata):
    """Missing and infinite values of X taken as 0."""
    values = adata.X.data if sparse.issparse(adata.X) else adata.X
    values[~np.isfinite(values)] = 0
    return adata
''',
        "adata = zero_not_finite(adata)",
    ),
    "undo_log": Part(
        """
def undo_log(adata, way):
    adata.X = counts_or_values(back(adata.X, way))
    return adata
""",
        "adata = undo_log(adata, {way!r})",
        ("unlog",),
    ),
    "unique_names": Part(
        """
def unique_names(adata):
    rename_genes(adata, lambda names, var: told_apart(names, var)[0])
    adata.obs_names = make_index_unique(adata.obs_names.astype(str))
    return adata
""",
        "adata = unique_names(adata)",
        ("gene_naming",),
    ),
    "use_symbols": Part("", "rename_genes(adata, by_symbols_of)", ("gene_naming",)),
    "drop_versions": Part(
        "", "rename_genes(adata, lambda names, _: without_versions(names))", ("gene_naming",)
    ),
    "drop_genomes": Part(
        "", "rename_genes(adata, lambda names, _: without_genomes(names))", ("gene_naming",)
    ),
    **{
        name: Part(
            "",
            f"rename_genes(adata, lambda names, _: restored(names, {first!r})[0])",
            ("gene_naming", "spreadsheet_dates"),
        )
        for name, first in (
            ("restore_date_genes", ""),
            ("restore_dates_marchf_first", "MARCHF"),
            ("restore_dates_mtarc_first", "MTARC"),
        )
    },
    "drop_empty_cells": Part(
        f"""
def drop_empty_cells(adata):
    matrix = {COUNTS_OR_X}
    return adata[np.asarray((sparse.csr_matrix(matrix) != 0).sum(axis=1)).ravel() > 0].copy()
""",
        "adata = drop_empty_cells(adata)",
    ),
    "split_proteins": Part(
        '''
def split_proteins(adata):
    """Antibodies among the genes become obsm["protein"], beside those that are there already."""
    hidden = adata.var_names.isin(hidden_proteins(adata))
    table = pd.DataFrame(antibody_columns(adata, hidden), adata.obs_names, adata.var_names[hidden].astype(str))
    without = without_genes(adata, hidden)
    if "protein" in adata.obsm:
        proteins = adata.obsm["protein"]
        table = pd.concat([proteins, table[[name for name in table if name not in proteins]]], axis=1)
    without.obsm["protein"] = table
    return without
''',
        "adata = split_proteins(adata)",
        ("antibodies",),
    ),
}
