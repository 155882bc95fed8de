"""Repairs of an X with missing or infinite values: remove the genes or cells that have them, or replace them with 0."""

import numpy as np
from anndata import AnnData

from core.data.backed import part_of, replaced
from core.data.value_scan import sweep
from core.errors import UserError
from core.sparse.access import is_sparse
from core.text import few


def drop_not_finite(adata: AnnData) -> tuple[AnnData, str]:
    """Remove the genes with missing or infinite values in X, or the cells with them, whichever is the smaller share."""
    seen = _seen(adata)
    cells, genes = seen.odd_cells, seen.odd_genes
    if genes.mean() <= cells.mean():
        axis, removed, names, without = "gene", genes, adata.var_names, lambda: part_of(adata, genes=~genes)
    else:
        axis, removed, names, without = "cell", cells, adata.obs_names, lambda: part_of(adata, ~cells)
    if removed.all():
        raise UserError(
            "Every cell and every gene has missing or infinite values: replace them with 0, or correct the file."
        )
    n = int(removed.sum())
    subject = f"1 {axis} was" if n == 1 else f"{n:,} {axis}s were"
    remaining = f"{int((~removed).sum()):,} of {len(removed):,} remain"
    return (
        without(),
        f"{subject} removed ({few(names[removed])}), with all missing and infinite values; {remaining}.",
    )


def zero_not_finite(adata: AnnData) -> tuple[AnnData, str]:
    """X with 0 for every missing or infinite value, as if the gene was not detected in the cell."""
    seen = _seen(adata)

    def finite(_, block):
        values = block.data if is_sparse(block) else block
        values = np.where(np.isfinite(values), values, 0)
        if not is_sparse(block):
            return values
        block = block.copy()
        block.data = values
        block.eliminate_zeros()
        return block

    new, n = replaced(adata, finite), seen.not_finite
    return new, (
        f"{n:,} missing or infinite value{' was' if n == 1 else 's were'} replaced with 0, in {int(seen.odd_cells.sum()):,} "
        f"of {adata.n_obs:,} cells and {int(seen.odd_genes.sum()):,} of {adata.n_vars:,} genes."
    )


def _seen(adata):
    seen = sweep(adata.X)
    if not seen.not_finite:
        raise UserError("No value of X is missing or infinite.")
    return seen
