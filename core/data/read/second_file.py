"""Join a second file by barcode: the proteins or the labels of the same cells."""

import pandas as pd
from anndata import AnnData

from core.data.backed import dense_columns, part_of
from core.data.cell_matching import Match, match
from core.data.protein_panel import PROTEIN_KEYS, PROTEINS
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

    Of `other`, its features of type Antibody Capture are taken, else obsm["protein"], else all of X. Cells
    that have no proteins there are left out, with a note. Raises UserError where fewer than half match.
    """
    table = _protein_table(other)
    matches = matched(adata, other.obs_names, words, "proteins")
    kept = matches.rows >= 0
    n, cells = int(kept.sum()), adata.n_obs
    if n < cells:
        reading.say(f"{cells - n:,} of {cells:,} cells have no proteins in {words} and were left out.")
        adata = part_of(adata, kept)
    if old := [key for key in PROTEIN_KEYS if key in adata.obsm]:
        reading.say(f"The proteins of the first file were replaced by those of {words}.")
        for key in old:
            del adata.obsm[key]
    if "feature_types" in adata.var:
        mine = adata.var["feature_types"].astype(str).str.casefold() == PROTEINS
        adata = part_of(adata, genes=~mine.to_numpy()) if mine.any() else adata
    values = table.to_numpy()[matches.rows[kept]]
    adata.obsm["protein"] = pd.DataFrame(values, index=adata.obs_names, columns=table.columns)
    for key in ("isotype_controls", "isotype_control"):
        if key in other.uns and key not in adata.uns:
            adata.uns[key] = other.uns[key]
    reading.say(f"{n:,} of {cells:,} cells have their {table.shape[1]:,} proteins from {words}{matches.how}.")
    return adata


def _protein_table(other: AnnData) -> pd.DataFrame:
    """The proteins (cells, proteins) that a second file brings."""
    if "feature_types" in other.var:
        mine = (other.var["feature_types"].astype(str).str.casefold() == PROTEINS).to_numpy()
        if mine.any():
            other = part_of(other, genes=mine)
        elif key := next((key for key in PROTEIN_KEYS if key in other.obsm), None):
            return pd.DataFrame(other.obsm[key], index=other.obs_names)
        else:
            raise UserError(
                "The second file holds no features of type 'Antibody Capture': bring the proteins."
            )
    elif key := next((key for key in PROTEIN_KEYS if key in other.obsm), None):
        return pd.DataFrame(other.obsm[key], index=other.obs_names)
    if other.X is None:
        raise UserError("The second file has no matrix of values: bring the proteins' counts.")
    values = dense_columns(other.X, slice(None))
    return pd.DataFrame(values, index=other.obs_names, columns=other.var_names.astype(str))


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
