"""The fingerprint is of the counts, whatever their order and however they are stored."""

import numpy as np
from constants import REAL_DATA as DATA
from scipy import sparse
from test_read import counts, needs_data

from core.data import read


def test_the_hash_ignores_order_and_storage_but_no_value():
    adata = counts(proteins=3)
    first = read.data_hash(adata)
    random = np.random.default_rng(3)
    shuffled = adata[random.permutation(30), random.permutation(20)].copy()
    shuffled.X = shuffled.X.toarray().astype(np.float64)
    shuffled.obsm["protein"] = shuffled.obsm["protein"][["P2", "P0", "P1"]]
    assert read.data_hash(shuffled) == first
    stored_zero = adata.copy()
    row, column = np.argwhere(adata.X.toarray() == 0)[0]
    parts = (
        np.append(adata.X.data, 0),
        (np.append(adata.X.nonzero()[0], row), np.append(adata.X.nonzero()[1], column)),
    )
    stored_zero.X = sparse.csc_matrix(parts, shape=adata.shape)
    assert stored_zero.X.nnz == adata.X.nnz + 1
    assert read.data_hash(stored_zero) == first
    for change in ("X", "protein", "names"):
        other = adata.copy()
        if change == "X":
            other.X[3, 0] += 1
        elif change == "protein":
            other.obsm["protein"].iloc[0, 0] += 1
        else:
            other.var_names = ["another", *other.var_names[1:]]
        assert read.data_hash(other) != first


def test_the_hash_is_of_the_counts_wherever_they_lie():
    adata = counts()
    logged = adata.copy()
    logged.layers["counts"] = adata.X.copy()
    logged.X = adata.X.log1p()
    assert read.data_hash(logged) == read.data_hash(adata)


@needs_data
def test_the_same_cells_from_10x_and_from_h5ad_have_one_hash():
    first = read.read(DATA / "formats/filtered_feature_bc_matrix.h5")
    second = read.read(DATA / "formats/citeseq_feature_types.h5ad")
    assert first.shape == second.shape == (600, 4000) and first.obsm["protein"].shape == (600, 17)
    assert read.data_hash(first) == read.data_hash(second)
