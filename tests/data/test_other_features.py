"""Guides, peaks and control probes stand beside the genes: nothing of a file is lost without a word."""

import formats
import numpy as np
import pandas as pd
from anndata import AnnData
from anndata.io import write_elem
from file_cases.counts import guides_and_peaks
from scipy import sparse

from core.data import other_features, read


def peaks(n, seed=0):
    matrix = sparse.random(30, n, 0.05, format="csr", random_state=seed)
    matrix.data = np.ceil(9 * matrix.data)
    return sparse.csr_matrix(matrix, dtype=np.float32)


def test_each_type_has_its_place_and_a_column_to_colour_by(tmp_path):
    adata = read.read(guides_and_peaks(tmp_path))
    assert list(adata.obsm["crispr"].columns) == ["guide0", "guide1", "guide2"]
    assert set(adata.obs["crispr_guide"]) <= {"guide0", "guide1", "guide2", "several", "none"}
    np.testing.assert_allclose(adata.obs["peaks_counts"], adata.obsm["peaks"].sum(axis=1))
    assert list(adata.obsm["peaks"].columns)[0] == "chr1:000-090"


def test_many_peaks_stay_sparse_and_have_their_names_in_uns():
    adata, notes = formats.counts(proteins=0), []
    names = [f"chr1:{i}-{i + 1}" for i in range(2500)]
    adata = AnnData(
        sparse.hstack([adata.X, peaks(2500)], format="csr"),
        adata.obs,
        pd.DataFrame(
            {"feature_types": ["Gene Expression"] * 20 + ["Peaks"] * 2500}, [*adata.var_names, *names]
        ),
    )
    made = read.tidy(adata, "set", notes)
    assert made.n_vars == 20 and sparse.issparse(made.obsm["peaks"])
    assert (made.obsm["peaks"] != peaks(2500)).nnz == 0 and list(made.uns["peaks_names"]) == names


def test_the_guide_of_a_cell_is_the_one_with_most_of_its_counts():
    table = pd.DataFrame([[9, 1, 0], [5, 5, 0], [1, 0, 0], [0, 0, 4]], columns=["a", "b", "c"])
    assert other_features.guides(table) == ["a", "several", "none", "c"]


def test_a_further_modality_of_a_h5mu_is_kept(tmp_path):
    import h5py

    adata = formats.counts()
    path = formats.h5mu(adata, tmp_path)
    with h5py.File(path, "r+") as file:
        other = AnnData(
            peaks(40), adata.obs[[]], pd.DataFrame(index=[f"chr1:{i}-{i + 1}" for i in range(40)])
        )
        write_elem(file["mod"], "atac", other[::-1].copy())
    back = read.read(path)
    np.testing.assert_array_equal(back.obsm["peaks"].to_numpy(), peaks(40).toarray())
    assert "40 of the modality 'atac' are in obsm['peaks']" in " ".join(back.uns["nuwa_read"])
