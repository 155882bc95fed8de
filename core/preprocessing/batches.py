"""Groups of cells by a column of obs: batches, samples, donors."""

import numpy as np

from core.config import MOST_BATCHES
from core.errors import UserError
from core.text import few

MOST_ALONE = 0.5  # share of the batches that may have a single cell


def groups_of(adata, column, what):
    """((cells,) int32 codes, their names) by the obs column; raises UserError where there is none for `what`."""
    if column not in adata.obs:
        has = ", ".join(map(str, adata.obs.columns)) or "no columns"
        raise UserError(f"There is no obs column '{column}' for {what}; obs has: {has}.")
    if n := int(adata.obs[column].isna().sum()):
        cells = "1 cell has" if n == 1 else f"{n:,} cells have"
        raise UserError(
            f"{cells} no value in the obs column '{column}', which is needed for {what}: give every cell a value, remove "
            "these cells, or choose another column."
        )
    names, codes = np.unique(adata.obs[column].astype(str).to_numpy(), return_inverse=True)
    return codes.astype(np.int32), tuple(str(name) for name in names)


def batches_of(adata, column, what):
    """As `groups_of`; raises UserError where the column has fewer than 2 values or more than any batches have.

    And where most batches have a single cell, from which no batch effect can be learned.
    """
    codes, names = groups_of(adata, column, what)
    if not 2 <= len(names) <= MOST_BATCHES:
        raise UserError(
            f"The obs column '{column}' has {len(names):,} different values; {what} has 2 to "
            f"{MOST_BATCHES}: choose another column, or none."
        )
    alone = int((np.bincount(codes) == 1).sum())
    if alone > MOST_ALONE * len(names):
        raise UserError(
            f"{alone:,} of the {len(names):,} batches of the obs column '{column}' have a single cell, from which no batch "
            "effect can be learned: choose another column, or none."
        )
    return codes, names


def batch_notes(codes, names, column, train):
    """Sentences on batches of one cell, and on batches without a training cell; `train` are the training cells."""
    sizes = np.bincount(codes, minlength=len(names))
    in_training = np.bincount(codes[train], minlength=len(names))
    notes = []
    for found, sentence in (
        (sizes == 1, "a single cell, from which no batch effect can be learned"),
        ((sizes > 1) & (in_training == 0), "no training cell, so the model learns nothing of them"),
    ):
        if found.any():
            shown = few(np.asarray(names)[found])
            batches, have = (
                ("1 batch", "has") if found.sum() == 1 else (f"{int(found.sum()):,} batches", "have")
            )
            notes.append(f"{batches} of '{column}' {have} {sentence}: {shown}.")
    return notes
