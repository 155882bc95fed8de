"""Proteins that were not measured in some of the cells: left out of the loss there, and neutral for the encoder.

As totalVI has it (Gayoso 2021, doi:10.1038/s41592-020-01050-x; scvi-tools' `protein_batch_mask`). The dataset keeps its
missing values (NaN); a Matrix has numbers alone and says beside them which were measured.
"""

import numpy as np

from core.data.protein_panel import is_masked
from core.sparse.moments import Moments


def measured(adata, counts, batch_codes=None):
    """(cells, proteins) bool: which of these counts were measured; None where all were, or nothing is masked.

    Not measured is what is missing, and, as in scvi-tools, a protein that is 0 in all cells of a batch and not in all
    others; `batch_codes` (cells,) are those of the batch covariate.
    """
    if not is_masked(adata):
        return None
    there = ~np.isnan(counts)
    if batch_codes is not None:
        codes = np.unique(batch_codes)
        silent = np.array([(np.nan_to_num(counts[batch_codes == code]) == 0).all(axis=0) for code in codes])
        silent &= ~silent.all(axis=0)
        there &= ~silent[np.searchsorted(codes, batch_codes)]
    return None if there.all() else there


def notes(measured):
    """Sentences on the cells that lack proteins."""
    if measured.all():
        return []
    cells, proteins = ((~measured).any(axis=axis).sum() for axis in (1, 0))
    lack = "1 cell lacks" if cells == 1 else f"{cells:,} cells lack"
    of = "1 protein" if proteins == 1 else f"{proteins:,} proteins"
    return [
        f"{lack} values of {of}: they are masked, which leaves them out of the loss (totalVI, Gayoso 2021)."
    ]


def filled(values, measured, train):
    """`values` (cells, proteins) with each protein's mean over the training cells that have it in place of what is missing."""
    sums = np.where(measured[train], values[train], 0).sum(axis=0, dtype=np.float64)
    means = sums / np.maximum(measured[train].sum(axis=0), 1)
    return np.where(measured, values, means).astype(np.float32)


def scaling(values, measured, train):
    """Mean and standard deviation (n - 1) of each protein over the training cells in which it was measured."""
    columns = []
    for values_of, measured_in in zip(values[train].T, measured[train].T, strict=True):
        moments = Moments(1)
        if measured_in.any():
            moments.add_dense(values_of[measured_in][:, None])
        columns.append(np.concatenate(moments.scaling()))
    mean, sd = np.array(columns).reshape(-1, 2).T
    return mean, sd
