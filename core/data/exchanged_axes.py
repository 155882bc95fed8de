"""An AnnData whose rows are genes, with rows and columns exchanged."""

import numpy as np
from anndata import AnnData
from scipy import sparse


def exchanged(adata: AnnData) -> tuple[AnnData, str]:
    """(the AnnData with X and layers transposed, obs and var exchanged; what was done, as a sentence).

    What belongs to the wrong axis (.raw, obsm, varm, obsp, varp) is removed. Matrices have to lie in memory.
    """
    new = AnnData(_transposed(adata.X), obs=adata.var.copy(), var=adata.obs.copy(), uns=dict(adata.uns))
    for name, layer in adata.layers.items():
        new.layers[name] = _transposed(layer)
    lost = [name for name in ("obsm", "varm", "obsp", "varp") if len(getattr(adata, name))]
    lost += [".raw"] if adata.raw is not None else []
    removed = f"; {', '.join(lost)} belonged to the wrong axis and were removed" if lost else ""
    return new, f"Rows and columns were exchanged: {new.n_obs:,} cells x {new.n_vars:,} genes{removed}."


def _transposed(matrix):
    if sparse.issparse(matrix):
        return sparse.csr_matrix(matrix.T)
    return None if matrix is None else np.ascontiguousarray(np.asarray(matrix).T)
