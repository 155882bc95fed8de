"""Join a second file by barcode: the proteins or the labels of the same cells."""

import numpy as np
import pandas as pd
from anndata import AnnData

from core.data.backed import dense_columns, part_of
from core.data.cell_matching import Match, match
from core.data.count_sources import counts_of, genes_of
from core.data.protein_panel import HASHTAGS, antibody_columns
from core.data.standalone.feature_types import feature_kinds, protein_keys, settle_types
from core.errors import UserError

ENOUGH = 0.5  # share of the first file's cells that a second one must know to belong to the same experiment


def matched(adata, others, words, what) -> Match:
    matches = match(adata.obs_names, others)
    n = matches.n
    if n < ENOUGH * adata.n_obs:
        example = (
            f"such as '{adata.obs_names[0]}' here and '{others[0]}' there" if len(others) else "it has none"
        )
        raise UserError(
            f"Only {n:,} of {adata.n_obs:,} cells have {what} in {words} ({example}):"
            " check that both files are of the same sample."
        )
    return matches


def join_proteins(adata: AnnData, other: AnnData, words: str, reading) -> AnnData:
    """`adata` with the proteins of `other` in obsm["protein"], cells matched by barcode; `words` name the second file.

    Of `other`, its features that are proteins by their type are taken, else obsm["protein"], else all of them. Cells
    that have no proteins there are left out, with a note. Raises UserError where fewer than half match.
    """
    table = _protein_table(other)
    matches = matched(adata, other.obs_names, words, "proteins")
    kept = matches.rows >= 0
    n, cells = int(kept.sum()), adata.n_obs
    if n < cells:
        reading.say(f"{cells - n:,} of {cells:,} cells have no proteins in {words} and were left out.")
        adata = part_of(adata, kept)
    if old := protein_keys(adata.obsm):
        reading.say(f"The proteins of the first file were replaced by those of {words}.")
        for key in old:
            del adata.obsm[key]
    if "feature_types" in adata.var:
        mine = feature_kinds(adata.var["feature_types"]) == "proteins"
        adata = part_of(adata, genes=~mine) if mine.any() else adata
    values = table.to_numpy()[matches.rows[kept]]
    adata.obsm["protein"] = pd.DataFrame(values, index=adata.obs_names, columns=table.columns)
    for key in ("isotype_controls", "isotype_control"):
        if key in other.uns and key not in adata.uns:
            adata.uns[key] = other.uns[key]
    reading.say(f"{n:,} of {cells:,} cells have their {table.shape[1]:,} proteins from {words}{matches.how}.")
    return adata


def join_hashtags(adata: AnnData, other: AnnData, words: str, reading) -> None:
    """Put the hashtags of `other` into obsm["hashtags"], cells matched by barcode; NaN for cells it does not have."""
    table = _all_features(other)
    matches = match(adata.obs_names, other.obs_names)
    values = table.reset_index(drop=True).reindex(matches.rows).to_numpy(dtype=np.float32)
    adata.obsm[HASHTAGS] = pd.DataFrame(values, adata.obs_names, table.columns)
    reading.say(
        f"The {table.shape[1]:,} hashtags of {words} tell samples apart: they are in obsm['{HASHTAGS}']."
    )


def _protein_table(other: AnnData) -> pd.DataFrame:
    """The proteins (cells, proteins) that a second file brings: counts, from where they lie, else X as it is."""
    settle_types(other)
    if "feature_types" in other.var:
        mine = feature_kinds(other.var["feature_types"]) == "proteins"
        if mine.any():
            values = antibody_columns(other, mine, [])
            return pd.DataFrame(values, index=other.obs_names, columns=other.var_names[mine].astype(str))
    if keys := protein_keys(other.obsm):
        return pd.DataFrame(other.obsm[keys[0]], index=other.obs_names)
    if "feature_types" in other.var:
        raise UserError("The second file holds no features of type 'Antibody Capture': bring the proteins.")
    return _all_features(other)


def _all_features(other: AnnData) -> pd.DataFrame:
    """(cells, features) the counts of a file of proteins or hashtags alone, else its X."""
    counts = counts_of(other)
    if counts is None and other.X is None:
        raise UserError("The second file has no matrix of values: bring the proteins' counts.")
    matrix = counts.matrix if counts else other.X
    names = genes_of(other, counts.where) if counts else other.var_names
    return pd.DataFrame(dense_columns(matrix, slice(None)), other.obs_names, names.astype(str))


def join_annotations(adata: AnnData, labels: pd.DataFrame, words: str, reading) -> None:
    """Put the columns of `labels` (a row a cell) into obs, cells matched by barcode; cells not found get no label.

    A column that obs has already is kept there and the new one gets the ending "_2". Raises UserError where
    fewer than half of the cells match.
    """
    matches = matched(adata, labels.index, words, "labels")
    n = matches.n
    names = []
    for column in labels.columns:
        values = labels[column].reset_index(drop=True).reindex(matches.rows).set_axis(adata.obs_names)
        if values.dtype == object:
            values = values.astype("category")
        name = str(column)
        while name in adata.obs:
            name += "_2"
        adata.obs[name] = values
        names.append(name)
    reading.say(
        f"{n:,} of {adata.n_obs:,} cells have their labels from {words}{matches.how}: {', '.join(names[:10])}."
    )
