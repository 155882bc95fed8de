"""Features that are neither genes nor proteins nor hashtags: each type in a place of obsm, with a column of obs to colour by.

scanpy keeps them among the genes and muon in a modality of their own; here X holds genes alone.
"""

import re

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.data.backed import part_of
from core.data.protein_panel import antibody_columns
from core.data.standalone.feature_types import FURTHER
from core.sparse.access import in_memory

TABLE = 2000  # features up to which a place is a table with their names; names of more are in uns
LEAST_GUIDE, MAIN_GUIDE = 3, 2 / 3  # counts, and share of a cell's guide counts, from which it has one guide


def keep(adata: AnnData, types, is_other, notes: list[str]) -> None:
    """Put the features `is_other` (bool) of an AnnData into obsm, by their `types` (text); `notes` say where."""
    for word in dict.fromkeys(types[is_other]):
        mine = is_other & (types == word)
        names = adata.var_names[mine].astype(str)
        if len(names) <= TABLE:
            values = antibody_columns(adata, mine, [])
        elif in_memory(adata.X):
            values = part_of(adata, genes=mine).X
        else:
            notes.append(
                f"{len(names):,} features of type '{word}' were left out: they are too large to be kept beside."
            )
            continue
        place(adata, word, values, names, notes, f"{len(names):,} of type '{word}'")


def place(adata: AnnData, word: str, values, names, notes: list[str], subject: str) -> None:
    """Put values (cells, features) into obsm under the key of a `word` for them, with a column of obs; says so in `notes`."""
    key = _free(_key(word), adata.obsm)
    if len(names) <= TABLE:
        dense = values.toarray() if sparse.issparse(values) else np.asarray(values)
        adata.obsm[key] = pd.DataFrame(dense.astype(np.float32), adata.obs_names, pd.Index(names))
    else:
        adata.obsm[key] = sparse.csr_matrix(values, dtype=np.float32)
        adata.uns[f"{key}_names"] = np.asarray(names, dtype=str)
    if _key(word) == "crispr" and len(names) <= TABLE:
        column = _free("crispr_guide", adata.obs)
        adata.obs[column] = pd.Categorical(guides(adata.obsm[key]))
        colour = f"obs['{column}'] has the guide of each cell"
    else:
        column = _free(f"{key}_counts", adata.obs)
        adata.obs[column] = np.asarray(adata.obsm[key].sum(axis=1), dtype=np.float32).ravel()
        colour = f"obs['{column}'] has their sum in each cell"
    notes.append(f"Features beside genes and proteins: {subject} are in obsm['{key}'], and {colour}.")


def guides(table: pd.DataFrame) -> list[str]:
    """The guide of each cell: "none" with fewer than 3 counts, "several" where the first has less than two thirds of them."""
    values = np.nan_to_num(table.to_numpy())
    first, total = values.max(axis=1, initial=0), values.sum(axis=1)
    names = np.asarray(table.columns, dtype=object)[values.argmax(axis=1)]
    names[first < MAIN_GUIDE * total] = "several"
    names[total < LEAST_GUIDE] = "none"
    return [str(name) for name in names]


def _key(word) -> str:
    return (
        FURTHER.get(re.sub(r"[^a-z0-9]", "", word.lower()))
        or re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_")
        or "other"
    )


def _free(name, taken) -> str:
    while name in taken:
        name += "_2"
    return name
