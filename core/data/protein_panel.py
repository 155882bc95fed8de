"""Bring the proteins of an AnnData into one place and say which of them can be trained on."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData
from anndata.utils import make_index_unique
from scipy import sparse

from core.data.backed import dense_columns, part_of, raw_of
from core.data.matrix_kind import what_is
from core.data.standalone.antibodies import HASHTAG, ISOTYPE
from core.errors import UserError

# Where other people's files keep protein counts; the first is ours.
PROTEIN_KEYS = ("protein", "protein_expression", "protein_counts", "adt", "ADT")
NAME_KEYS = ("protein_names", "protein_expression_names", "protein_counts_names", "adt_names", "ADT_names")
CONTROL_KEYS = ("isotype_controls", "isotype_control", "isotypes", "protein_isotypes")

GENES, PROTEINS = "gene expression", "antibody capture"  # 10x's words, without case


class ProteinReport(NamedTuple):
    """All proteins of a dataset, which of them are trained on, and why the others are not."""

    names: tuple[str, ...]
    used: np.ndarray  # (proteins,) bool
    left_out: dict[str, str]  # name -> reason, in words

    @property
    def isotypes(self) -> tuple[str, ...]:
        """Those that are isotype controls."""
        return tuple(name for name in self.names if self.left_out.get(name, "").startswith("isotype"))


def protein_report(adata: AnnData) -> ProteinReport:
    """Which proteins of obsm["protein"] can be trained on; isotype controls, hashtags, constant and empty ones cannot."""
    if "protein" not in adata.obsm:
        return ProteinReport((), np.zeros(0, dtype=bool), {})
    table = adata.obsm["protein"]
    values = np.asarray(table, dtype=np.float32)
    names = tuple(str(name) for name in table.columns)
    controls = _named_controls(adata)
    left_out: dict[str, str] = {}
    for name, low, high in zip(names, values.min(axis=0), values.max(axis=0), strict=True):
        if name in controls or ISOTYPE.search(name):
            left_out[name] = "isotype control: it measures background only"
        elif HASHTAG.search(name):
            left_out[name] = "hashtag: it marks the sample a cell came from"
        elif low == high == 0:
            left_out[name] = "0 in every cell"
        elif low == high:
            left_out[name] = f"the same value ({low:g}) in every cell"
    return ProteinReport(names, np.array([name not in left_out for name in names], dtype=bool), left_out)


def split_features(adata: AnnData, notes: list[str]) -> AnnData:
    """`adata` with genes only; features of type Antibody Capture go to obsm["protein"], notes say what went.

    Raises UserError where no genes are left.
    """
    if "feature_types" not in adata.var:
        return adata
    types = adata.var["feature_types"].astype(str)
    plain = types.str.casefold()
    genes, proteins = (plain == GENES).to_numpy(), (plain == PROTEINS).to_numpy()
    if not genes.any():
        if proteins.any():
            raise UserError(
                "The file holds proteins but no features of type 'Gene Expression': add the genes."
            )
        return adata
    if genes.all():
        return adata
    if proteins.any() and not any(key in adata.obsm for key in PROTEIN_KEYS):
        names = adata.var_names[proteins]
        adata.obsm["protein"] = pd.DataFrame(antibody_columns(adata, proteins, notes), adata.obs_names, names)
    others = types[~genes & ~proteins].value_counts()
    if len(others):
        words = ", ".join(f"{count:,} of type '{name}'" for name, count in others.items())
        notes.append(f"Features that are neither genes nor proteins were left out: {words}.")
    raw_others = None if adata.raw is None else _in_raw(adata, ~genes)
    adata = part_of(adata, genes=genes)
    if raw_others is not None and raw_others.any():
        # .raw would colour proteins as if genes
        adata.raw = part_of(raw_of(adata), genes=~raw_others)
    return adata


def _in_raw(adata: AnnData, features: np.ndarray) -> np.ndarray:
    """(features of .raw,) bool: which of them are `features` of X; one whose name a feature of both kinds has is not."""
    names, raw_names = adata.var_names, adata.raw.var_names
    if raw_names.equals(names):
        return features
    return raw_names.isin(names[features]) & ~raw_names.isin(names[~features])


def settle_proteins(adata: AnnData, notes: list[str]) -> None:
    """Make obsm["protein"] a float32 DataFrame (cells, proteins) wherever the file keeps its proteins.

    Raises UserError for text, missing or infinite values.
    """
    key = next((key for key in PROTEIN_KEYS if key in adata.obsm), None)
    if key is None:
        return
    table = adata.obsm[key]
    if sparse.issparse(table):
        table = table.toarray()
    if not isinstance(table, pd.DataFrame):
        table = np.asarray(table)
        table = pd.DataFrame(table.reshape(len(table), -1))
        table.columns = _names(adata, table.shape[1])
    if table.shape[1] == 0:
        del adata.obsm[key]
        return
    try:
        values = table.to_numpy(dtype=np.float32)
    except (TypeError, ValueError):
        raise UserError(
            f"The protein values in obsm['{key}'] are not all numbers: save them as numbers."
        ) from None
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        cell, protein = adata.obs_names[bad[0][0]], table.columns[bad[0][1]]
        raise UserError(
            f"{len(bad):,} protein values are missing or infinite, for example '{protein}' in cell '{cell}':"
            " fill them or leave those cells out."
        )
    columns = pd.Index([str(name) for name in table.columns])
    if not columns.is_unique:
        notes.append("Some protein names occurred twice and got a number.")
        columns = make_index_unique(columns)
    adata.obsm["protein"] = pd.DataFrame(values, index=adata.obs_names, columns=columns)
    if key != "protein":
        notes.append(f"Proteins were found in obsm['{key}'].")


def antibody_columns(adata: AnnData, columns: np.ndarray, notes: list[str]) -> np.ndarray:
    """The antibody columns (cells, proteins) of the first of X, the layers and .raw where they are counts."""
    names = adata.var_names[columns]
    places = [adata.X, *(adata.layers[key] for key in sorted(adata.layers, key=lambda key: key != "counts"))]
    parts = [dense_columns(place, np.flatnonzero(columns)) for place in places]
    raw_columns = np.zeros(0, bool) if adata.raw is None else _in_raw(adata, columns)
    if raw_columns.sum() == len(names):
        places_in_raw = np.flatnonzero(raw_columns)
        order = pd.Index(adata.raw.var_names[places_in_raw])
        if order.equals(names):
            parts.append(dense_columns(adata.raw.X, places_in_raw))
        elif order.is_unique:
            parts.append(dense_columns(adata.raw.X, places_in_raw[order.get_indexer(names)]))
    chosen = next((part for part in parts if what_is(part).kind == "counts"), None)
    if chosen is None:
        chosen = parts[0]
        notes.append("The protein values are not raw counts; they are taken as they are.")
    return chosen


def _named_controls(adata: AnnData) -> set[str]:
    found: set[str] = set()
    for key in CONTROL_KEYS:
        if key in adata.uns and not isinstance(adata.uns[key], dict):
            found.update(str(name) for name in np.ravel(np.asarray(adata.uns[key], dtype=object)))
    return found


def _names(adata: AnnData, n: int) -> list[str]:
    for key in NAME_KEYS:
        if key in adata.uns and not isinstance(adata.uns[key], dict):
            names = np.ravel(np.asarray(adata.uns[key], dtype=object))
            if len(names) == n:
                return [str(name) for name in names]
    return [f"protein_{i}" for i in range(1, n + 1)]
