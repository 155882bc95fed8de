"""Tables of features in obsm beside the proteins that are trained on: hashtags, and other places of protein values."""

import numpy as np
import pandas as pd
from anndata import AnnData

from core.data.standalone.feature_types import protein_keys
from core.data.standalone.hashtags import are_tag_counts, as_table, is_hashtag_key

BEFORE = "protein_before"  # our key for what a file has as obsm["protein"], where its counts lie elsewhere


def feature_tables(adata: AnnData) -> dict[str, pd.DataFrame]:
    """Tables of numbers (cells, features) with names, by their key of obsm. Each colours cells, none is an embedding."""
    proteins = {BEFORE, *protein_keys(adata.obsm)}
    tables = {str(key): as_table(adata, key) for key in adata.obsm if key != "protein"}
    return {
        key: table
        for key, table in tables.items()
        if table is not None and table.shape[1] and (key in proteins or is_hashtag_key(key, table))
    }


def is_count_table(table: pd.DataFrame) -> bool:
    """Does the table hold whole numbers from 0 up, missing values apart?"""
    return are_tag_counts(np.asarray(table))
