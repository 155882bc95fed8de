"""Bring the proteins of an AnnData into one place and say which of them can be trained on."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData
from anndata.utils import make_index_unique
from scipy import sparse

from core.data.backed import dense_columns, part_of, raw_of
from core.data.count_sources import first_counts
from core.data.standalone.antibodies import HASHTAG, ISOTYPE
from core.data.standalone.count_places import is_velocity, places
from core.data.standalone.feature_types import PROTEIN_KEYS, feature_kinds, protein_keys, settle_types
from core.data.standalone.hashtags import hashtag_tables
from core.errors import UserError

CONTROL_KEYS = ("isotype_controls", "isotype_control", "isotypes", "protein_isotypes")
UNSTAINED = 0.02  # share of the cells with 0 of every protein from which a part of them was not stained
MASKED = "nuwa_masked_proteins"  # in uns: missing protein values are masked in training
HASHTAGS = "hashtags"  # our key of obsm for those that a file has among its features


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
    low_high = (np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0))  # missing values passed over
    for name, low, high in zip(names, *low_high, strict=True):
        if name in controls or ISOTYPE.search(name):
            left_out[name] = "isotype control: it measures background only"
        elif HASHTAG.search(name):
            left_out[name] = "hashtag: it marks the sample a cell came from"
        elif np.isnan(low):
            left_out[name] = "no value in any cell"
        elif low == high == 0:
            left_out[name] = "0 in every cell"
        elif low == high:
            left_out[name] = f"the same value ({low:g}) in every cell"
    return ProteinReport(names, np.array([name not in left_out for name in names], dtype=bool), left_out)


def unmeasured_cells(adata: AnnData) -> np.ndarray:
    """(cells,) bool: without a value of every protein, or with 0 of all where other cells have more."""
    if "protein" not in adata.obsm:
        return np.zeros(adata.n_obs, bool)
    values = np.asarray(adata.obsm["protein"], dtype=np.float32)
    missing, zero = np.isnan(values).any(axis=1), (values == 0).all(axis=1)
    return missing | zero if np.mean(zero) >= UNSTAINED and not zero.all() else missing


def n_unmeasured(adata: AnnData) -> int:
    """How many cells miss a value of a protein."""
    if "protein" not in adata.obsm:
        return 0
    return int(np.isnan(np.asarray(adata.obsm["protein"], np.float32)).any(axis=1).sum())


def is_masked(adata: AnnData) -> bool:
    """Whether missing protein values are left out of the loss, by the repair `mask_proteins`."""
    return bool(adata.uns.get(MASKED, False))


def check_measured(adata: AnnData) -> None:
    """Raises UserError where protein values are missing in some cells and are not masked."""
    if not is_masked(adata) and (n := n_unmeasured(adata)):
        cells = "1 cell has" if n == 1 else f"{n:,} cells have"
        raise UserError(
            f"{cells} missing protein values: remove the cells without proteins, mask the missing values (repair"
            " mask_proteins), or train on RNA alone (modalities rna)."
        )


def split_features(adata: AnnData, notes: list[str], keep_others=None) -> AnnData:
    """`adata` with genes only; proteins among its features go to obsm["protein"], hashtags to obsm["hashtags"].

    `keep_others(adata, types, is_other, notes)` gets what is neither (core.data.other_features). `notes` say what went
    where. Raises UserError where no genes are left.
    """
    settle_types(adata)
    if "feature_types" not in adata.var:
        return adata
    types = adata.var["feature_types"].astype(str)
    kinds = feature_kinds(types)
    genes, proteins, hashtags = kinds == "genes", kinds == "proteins", kinds == HASHTAGS
    if not genes.any():
        if proteins.any():
            raise UserError(
                "The file holds proteins but no features of type 'Gene Expression': add the genes."
            )
        return adata
    if genes.all():
        return adata
    if proteins.any() and not protein_keys(adata.obsm):
        names = adata.var_names[proteins]
        adata.obsm["protein"] = pd.DataFrame(antibody_columns(adata, proteins, notes), adata.obs_names, names)
    if hashtags.any() and not set(hashtag_tables(adata)) - {"protein"}:
        names = adata.var_names[hashtags]
        adata.obsm[HASHTAGS] = pd.DataFrame(antibody_columns(adata, hashtags, []), adata.obs_names, names)
        features = "1 feature is a hashtag" if len(names) == 1 else f"{len(names)} features are hashtags"
        notes.append(f"{features}: which sample a cell came from; see obsm['{HASHTAGS}'].")
    if keep_others and (kinds == "other").any():
        keep_others(adata, types.to_numpy(), kinds == "other", notes)
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


def _places_in_raw(adata: AnnData, columns: np.ndarray) -> np.ndarray | None:
    """Where the features `columns` of X stand in .raw, in the order of X; None where it does not have all of them."""
    at, names = np.flatnonzero(_in_raw(adata, columns)), adata.var_names[columns]
    order = adata.raw.var_names[at]
    if order.equals(names):
        return at
    return at[order.get_indexer(names)] if order.is_unique and len(order) == len(names) else None


def settle_proteins(adata: AnnData, notes: list[str]) -> None:
    """Make obsm["protein"] a float32 DataFrame (cells, proteins) wherever the file keeps its proteins.

    Of several places, the first that holds counts is taken. Missing values stay and are NaN; the data checks name the
    cells. Raises UserError for text.
    """
    tables = {key: _table(adata, key) for key in protein_keys(adata.obsm)}
    for key in [
        key for key, table in tables.items() if not table.size or not np.isfinite(table.to_numpy()).any()
    ]:
        if tables[key].size:
            notes.append(f"obsm['{key}'] has no value in any cell and was left out.")
        del adata.obsm[key], tables[key]
    if not tables:
        return
    at = first_counts(_measured_rows(table) for table in tables.values())
    key = list(tables)[at or 0]
    table = tables[key]
    columns = table.columns
    if not columns.is_unique:
        notes.append("Some protein names occurred twice and got a number.")
        columns = make_index_unique(columns)
    if at:
        notes.append(
            f"obsm['{next(iter(tables))}'] does not hold raw counts of the proteins, obsm['{key}'] does."
        )
        if "protein" in adata.obsm:
            adata.obsm["protein_before"] = adata.obsm["protein"]
    adata.obsm["protein"] = table.set_axis(columns, axis=1)
    if key != "protein":
        notes.append(f"Proteins were found in obsm['{key}'].")


def _table(adata, key) -> pd.DataFrame:
    """obsm[key] as float32 with names, NaN for what is missing or infinite; raises UserError for text."""
    table = adata.obsm[key]
    if sparse.issparse(table):
        table = table.toarray()
    if not isinstance(table, pd.DataFrame):
        table = np.asarray(table)
        table = pd.DataFrame(table.reshape(len(table), -1))
        table.columns = _names(adata, key, table.shape[1])
    try:
        values = table.to_numpy(dtype=np.float32, na_value=np.nan)
    except (TypeError, ValueError):
        raise UserError(
            f"The protein values in obsm['{key}'] are not all numbers: save them as numbers."
        ) from None
    values = np.where(np.isinf(values), np.nan, values)
    return pd.DataFrame(values, adata.obs_names, [str(name) for name in table.columns])


def _measured_rows(table):
    """The values of the cells that have all of them, or of all cells where none has."""
    values = table.to_numpy()
    measured = ~np.isnan(values).any(axis=1)
    return values[measured] if measured.any() else values


def antibody_columns(adata: AnnData, columns: np.ndarray, notes: list[str]) -> np.ndarray:
    """The antibody columns (cells, proteins) of the first place where they are counts, in the order of `places`."""
    parts = []
    for where, matrix in places(adata):
        if where != "raw.X" and not is_velocity(where):
            parts.append(dense_columns(matrix, np.flatnonzero(columns)))
        elif where == "raw.X" and (at := _places_in_raw(adata, columns)) is not None:
            parts.append(dense_columns(matrix, at))
    at = first_counts(parts)
    chosen = None if at is None else parts[at]
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


def _names(adata: AnnData, key: str, n: int) -> list[str]:
    """The names of the columns of an array in obsm, from uns."""
    for names_key in (f"{key}_names", "protein_names", *(f"{other}_names" for other in PROTEIN_KEYS)):
        if names_key in adata.uns and not isinstance(adata.uns[names_key], dict):
            names = np.ravel(np.asarray(adata.uns[names_key], dtype=object))
            if len(names) == n:
                return [str(name) for name in names]
    return [f"protein_{i}" for i in range(1, n + 1)]
