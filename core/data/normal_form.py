"""The one normal form of a dataset, and what is refused on the way there."""

import numpy as np
import pandas as pd
from anndata import AnnData
from anndata.utils import make_index_unique
from scipy import sparse

from core.data import other_features
from core.data.filled_matrices import fill_matrices, mend_columns
from core.data.protein_panel import settle_proteins, split_features
from core.errors import UserError
from core.sparse.access import in_memory, is_sparse
from core.sparse.blocks import pieces
from core.text import few

MIN_CELLS = 10  # below it there are not enough cells for training, validation and test
SPARSE_FROM = 0.6  # share of zeros from which a dense matrix is smaller as CSR (index + value: 8 bytes for 4)


def tidy(adata: AnnData, name: str = "the dataset", notes=()) -> AnnData:
    """`adata` in normal form, with what was changed in uns["nuwa_read"], a list of sentences.

    It begins with `notes`, and before them with what an earlier reading has left there.

    X is CSR float32 if it came sparse or has more than 60 % zeros, else dense float32 in C order; names are
    unique strings; X, layers and .raw hold genes, obsm["protein"] the proteins (cells, proteins) as DataFrame.
    Raises UserError where X is missing, too small or not numeric. The data checks say whether its values can be trained on.
    A matrix that lies in a file gets this form as it is written (`on_the_way`).
    """
    notes = list(dict.fromkeys([*_earlier(adata), *notes]))
    adata = fill_matrices(adata, notes)
    _check_shape(adata, name)
    mend_columns(adata)
    adata = split_features(
        adata, notes, other_features.keep
    )  # first, as a gene and its antibody may have one name
    _unique_names(adata, name, notes)
    if in_memory(adata.X):
        adata.X = _normal(adata.X)
    for key, layer in list(adata.layers.items()):
        if sparse.issparse(layer):
            adata.layers[key] = _by_row(layer)
    if adata.raw is not None:
        _sound(adata.raw.X)
    for part in (adata.obsm, adata.varm, adata.obsp, adata.varp):
        for matrix in part.values():
            _sound(matrix)
    settle_proteins(adata, notes)
    adata.uns["nuwa_read"] = notes
    return adata


def _earlier(adata: AnnData) -> list[str]:
    return [str(note) for note in np.ravel(np.asarray(adata.uns.get("nuwa_read", []), dtype=object))]


def _check_shape(adata: AnnData, name: str) -> None:
    if adata.X is None:
        layers = f" (it has layers: {', '.join(adata.layers)})" if len(adata.layers) else ""
        raise UserError(
            f"'{name}' has no X, the matrix of values{layers}: put the counts into X and save again."
        )
    if adata.n_obs == 0:
        raise UserError(f"'{name}' has no cells: check how it was filtered and save it again.")
    if adata.n_vars == 0:
        raise UserError(f"'{name}' has no genes: check how it was filtered and save it again.")
    if adata.n_obs < MIN_CELLS:
        cells = "1 cell" if adata.n_obs == 1 else f"{adata.n_obs} cells"
        raise UserError(
            f"'{name}' has {cells} but training needs at least {MIN_CELLS} cells: bring more cells."
        )
    kind = adata.X.dtype.kind
    if kind == "c":
        raise UserError(f"X of '{name}' holds complex numbers: save real numbers.")
    if kind not in "buif":
        raise UserError(f"X of '{name}' holds text or objects, not numbers: save it as a matrix of numbers.")


def _unique_names(adata: AnnData, name: str, notes: list[str]) -> None:
    for frame in (adata.obs, adata.var):
        columns = pd.Index([str(column) or "unnamed" for column in frame.columns])
        frame.columns = columns if columns.is_unique else make_index_unique(columns)
    for axis, words in (("obs_names", "cell"), ("var_names", "gene")):
        names = pd.Index(getattr(adata, axis).astype(str))
        if names.str.contains("\0", regex=False).any():
            raise UserError(
                f"Some {words} names of '{name}' are not text, so it is damaged: copy or save it again."
            )
        twice = names[names.duplicated()].unique()
        if len(twice):
            shown = few(twice)
            plural = "name" if len(twice) == 1 else "names"
            notes.append(
                f"{len(twice):,} {words} {plural} occurred more than once and got a number: {shown}."
            )
            names = make_index_unique(names)
        setattr(adata, axis, names)


def _normal(matrix):
    with np.errstate(over="ignore"):  # 1e300 becomes infinite here, which the data checks report
        if sparse.issparse(matrix):
            return _by_row(matrix).astype(np.float32, copy=False)
        dense = np.ascontiguousarray(matrix, dtype=np.float32)
    if 1 - np.count_nonzero(dense) / dense.size > SPARSE_FROM:
        return sparse.csr_matrix(dense)
    return dense


def _by_row(matrix) -> sparse.csr_matrix:
    return _sound(sparse.csr_matrix(_sound(matrix)))


def _sound(matrix):
    """`matrix`, sorted; indices beyond its shape, which would crash what follows, raise ValueError here."""
    if isinstance(matrix, sparse.csr_matrix | sparse.csc_matrix):
        matrix.check_format(full_check=True)
        matrix.sum_duplicates()
    return matrix


def on_the_way(adata: AnnData):
    """{"X": change}, as core.data.h5ad_writer.write takes it: brings an X that lies in a file into normal form."""
    if in_memory(adata.X):
        return {}
    thin = not is_sparse(adata.X) and _share_of_zeros(adata.X) > SPARSE_FROM

    def normal(first, block):
        with np.errstate(over="ignore"):
            block = block.astype(np.float32)
        return sparse.csr_matrix(block) if thin else block

    return {"X": normal}


def _share_of_zeros(matrix):
    filled = sum(np.count_nonzero(block) for _, block in pieces(matrix))
    return 1 - filled / max(1, int(np.prod(matrix.shape)))
