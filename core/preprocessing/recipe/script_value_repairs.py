"""The repairs of values and of proteins as a recipe's script carries them out, as core.preprocessing.steps does."""

from core.preprocessing.recipe.script_files import Part

WITH_FRACTIONS = '''
def with_fractions(adata):
    """Which cells hold a value that is no whole number."""
    X = sparse.csr_matrix(adata.X)
    return np.asarray((X != X.rint()).sum(axis=1)).ravel() > 0
'''

VALUE_REPAIRS = {
    "restore_counts": Part(
        """
def restore_counts(adata):
    values = sparse.csr_matrix(adata.X, dtype=np.float64, copy=True)
    values.eliminate_zeros()
    adata.X = on_grid(values, find_grid(values))
    return adata
""",
        "adata = restore_counts(adata)",
        ("unlog",),
    ),
    "round_counts": Part(
        """
def round_counts(adata):
    adata.X = sparse.csr_matrix(adata.X, dtype=np.float32).rint()
    adata.X.eliminate_zeros()
    return adata
""",
        "adata = round_counts(adata)",
    ),
    "undo_log_in_some_cells": Part(
        f"""{WITH_FRACTIONS}

def undo_log_in_some_cells(adata):
    logged = with_fractions(adata)
    part, X = sparse.csr_matrix(adata.X)[logged], sparse.csr_matrix(adata.X, dtype=np.float32)
    undone = max((back(part, way) for way in ("expm1", "base 2", "base 10")), key=lambda one: one.share)
    order = np.argsort(np.concatenate([np.flatnonzero(~logged), np.flatnonzero(logged)]), kind="stable")
    adata.X = sparse.vstack([X[~logged], on_grid(undone.values, undone.grid)], format="csr")[order]
    return adata
""",
        "adata = undo_log_in_some_cells(adata)",
        ("unlog",),
    ),
    "drop_unmeasured_cells": Part(
        '''
def drop_unmeasured_cells(adata):
    """Without the cells whose protein values are missing, or all 0 in a part of the cells."""
    values = adata.obsm["protein"].to_numpy()
    missing, zero = np.isnan(values).any(axis=1), (values == 0).all(axis=1)
    unmeasured = missing | zero if zero.mean() >= 0.02 and not zero.all() else missing
    return adata[~unmeasured].copy()
''',
        "adata = drop_unmeasured_cells(adata)",
    ),
    "assign_hashtags": Part(
        '''
def assign_hashtags(adata, key, names):
    """The sample of each cell, doublets between samples and cells without a hashtag, in obs."""
    table = hashtag_tables(adata)[key]
    table.columns = make_index_unique(pd.Index(table.columns))
    result = assigned(table[list(names)].to_numpy())
    classes = np.array(CLASSES)[result.classes]
    adata.obs["hashtag_sample"] = np.where(classes == SINGLET, np.array(names)[result.hashtag], classes)
    adata.obs["hashtag_class"] = classes
    adata.obs["hashtag_probability"] = result.probability.astype(np.float32)
    return adata
''',
        "adata = assign_hashtags(adata, {key!r}, {hashtags!r})",
        ("hashtags", "hashtag_mixture"),
    ),
    "drop_hashtag_doublets": Part("", 'adata = adata[adata.obs["hashtag_class"] != "doublet"].copy()'),
    "drop_hashtag_negatives": Part("", 'adata = adata[adata.obs["hashtag_class"] != "negative"].copy()'),
    "mask_proteins": Part(
        '''
def mask_proteins(adata):
    """Missing protein values, and cells with 0 of all proteins, are NaN: training leaves them out of the loss."""
    values = adata.obsm["protein"].to_numpy(np.float32).copy()
    zero = (values == 0).all(axis=1)
    if zero.mean() >= 0.02 and not zero.all():
        values[zero] = np.nan
    adata.obsm["protein"] = pd.DataFrame(values, adata.obs_names, adata.obsm["protein"].columns)
    adata.uns["nuwa_masked_proteins"] = True
    return adata
''',
        "adata = mask_proteins(adata)",
    ),
    "drop_cells_with_fractions": Part(WITH_FRACTIONS, "adata = adata[~with_fractions(adata)].copy()"),
    "drop_proteins": Part(
        """
def drop_proteins(adata):
    for key in protein_keys(adata.obsm):
        del adata.obsm[key]
    return adata
""",
        "adata = drop_proteins(adata)",
    ),
}
