"""Groups of cells by a column of obs: batches, samples, donors."""

import numpy as np

from core.config import MOST_BATCHES
from core.errors import UserError


def groups_of(adata, column, what):
    """((cells,) int32 codes, their names) by the obs column; raises UserError where there is none for `what`."""
    if column not in adata.obs:
        has = ", ".join(map(str, adata.obs.columns)) or "no columns"
        raise UserError(f"There is no obs column '{column}' for {what}; obs has: {has}.")
    names, codes = np.unique(adata.obs[column].astype(str).to_numpy(), return_inverse=True)
    return codes.astype(np.int32), tuple(str(name) for name in names)


def batches_of(adata, column, what):
    """As `groups_of`; raises UserError where the column has fewer than 2 values or more than any batches have."""
    codes, names = groups_of(adata, column, what)
    if not 2 <= len(names) <= MOST_BATCHES:
        raise UserError(
            f"The obs column '{column}' has {len(names):,} different values; {what} has 2 to "
            f"{MOST_BATCHES}: choose another column, or none."
        )
    return codes, names
