"""Where the counts of hashtags lie: in obsm, or among the proteins."""

import re

import numpy as np
import pandas as pd

from core.data.standalone.antibodies import HASHTAG
from core.data.standalone.feature_types import feature_kind

MOST_HASHTAGS = 384  # the wells of a plate; a wider matrix is no table of hashtags
# Words of a key of obsm that say what it holds: "HTO", "X_hto", "counts_HTO", "hto_raw", "CMO".
HASHTAG_WORDS = {"hto", "htos", "hashtag", "hashtags", "hashing", "cmo", "cmos", "multiplexing"}


def hashtag_tables(adata) -> dict[str, pd.DataFrame]:
    """Counts of hashtags, (cells, hashtags) with names, by their key of obsm, the surest first; {} where there are none.

    Of obsm["protein"] only the columns named like hashtags. A key counts by its name or by the names of its columns, and
    only with whole numbers from 0 up: a UMAP of hashtags is an embedding.
    """
    tables = {}
    for key in adata.obsm:
        table = as_table(adata, key)
        if table is None:
            continue
        named = [name for name in table if HASHTAG.search(name)]
        if key == "protein":
            table = table[named]
        elif not _named_hashtags(key) and len(named) < max(table.shape[1], 1):
            continue
        if 1 <= table.shape[1] <= MOST_HASHTAGS and are_tag_counts(table.to_numpy()):
            tables[str(key)] = table
    return dict(
        sorted(tables.items(), key=lambda item: (item[0] == "protein", not _is_kind(item[0]), item[0]))
    )


def is_hashtag_key(key, values) -> bool:
    """Does obsm[key] hold hashtags, whether as counts or, under a name of theirs alone, normalised?"""
    return _is_kind(key) or (_named_hashtags(key) and are_tag_counts(values))


def are_tag_counts(values) -> bool:
    """Whole numbers from 0 up; a missing value is a cell that was not measured."""
    values = np.asarray(values)
    if values.dtype.kind not in "buif":
        return False
    known = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    return bool(known.size) and bool((known >= 0).all() and (known == np.rint(known)).all())


def _is_kind(key):
    return feature_kind(re.sub(r"^X_", "", str(key))) == "hashtags"


def _named_hashtags(key):
    return _is_kind(key) or bool(HASHTAG_WORDS & set(re.split(r"[\W_]+", str(key).casefold())))


def as_table(adata, key):
    """obsm[key] as a table with text for its column names, or None where it is no table of numbers."""
    table = adata.obsm[key]
    if not isinstance(table, pd.DataFrame):
        if hasattr(table, "toarray"):
            table = table.toarray() if table.shape[1] <= MOST_HASHTAGS else np.empty((0, 0))
        table = np.asarray(table)
        if table.ndim != 2 or table.dtype.kind not in "buif" or not table.shape[1]:
            return None
        names = np.ravel(adata.uns[f"{key}_names"]) if f"{key}_names" in adata.uns else ()
        if len(names) != table.shape[1]:
            names = [f"{key} {i}" for i in range(1, table.shape[1] + 1)]
        table = pd.DataFrame(table, adata.obs_names, names)
    table = table.select_dtypes(include=["number", "bool"]) if len(table.columns) else table
    return table.set_axis([str(name) for name in table.columns], axis=1)
