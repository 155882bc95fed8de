"""Proteins end in one place, with reasons for those that are left out."""

import numpy as np
import pytest
from constants import REAL_DATA as DATA
from test_read import counts, needs_data, refused, saved, with_types

from core.data import protein_panel, read
from core.errors import UserError


def test_antibody_features_become_proteins_and_leave_the_genes(tmp_path):
    adata = with_types(counts(), 3)
    adata.layers["counts"] = adata.X.copy()
    adata.raw = adata.copy()
    back = read.read(saved(adata, tmp_path))
    assert back.shape == (30, 20) and back.layers["counts"].shape == (30, 20) and back.raw.shape == (30, 20)
    table = back.obsm["protein"]
    assert list(table.columns) == ["ab0", "ab1", "ab2"] and set(map(str, table.dtypes)) == {"float32"}
    np.testing.assert_array_equal(table.to_numpy(), adata.X[:, 20:].toarray())


def test_protein_counts_are_taken_from_the_layer_when_x_was_normalised(tmp_path):
    adata = with_types(counts(), 3)
    adata.layers["counts"] = adata.X.copy()
    adata.X = adata.X.log1p()
    back = read.read(saved(adata, tmp_path))
    np.testing.assert_array_equal(back.obsm["protein"].to_numpy(), adata.layers["counts"][:, 20:].toarray())


def test_features_of_other_types_are_left_out_and_named(tmp_path):
    adata = with_types(counts(), 4, ("Antibody Capture", "CRISPR Guide Capture"))
    back = read.read(saved(adata, tmp_path))
    assert back.n_vars == 20 and back.obsm["protein"].shape[1] == 2
    assert "2 of type 'CRISPR Guide Capture'" in " ".join(back.uns["nuwa_read"])


def test_hashtags_among_the_features_are_no_proteins(tmp_path):
    adata = with_types(counts(), 4, ("ADT", "Multiplexing Capture"))
    back = read.read(saved(adata, tmp_path))
    assert back.n_vars == 20 and back.obsm["protein"].shape[1] == back.obsm["hashtags"].shape[1] == 2
    assert "2 features are hashtags" in " ".join(back.uns["nuwa_read"])


def test_a_file_of_proteins_alone_is_refused(tmp_path):
    adata = counts()
    adata.var["feature_types"] = "Antibody Capture"
    refused(saved(adata, tmp_path), "no features of type 'Gene Expression'")


@pytest.mark.parametrize("key", ["protein", "protein_expression"])
def test_a_protein_array_finds_its_names_in_uns(tmp_path, key):
    adata = counts()
    adata.obsm[key] = np.arange(60.0).reshape(30, 2)
    adata.uns["protein_names"] = ["CD3", "CD4"]
    back = read.read(saved(adata, tmp_path))
    assert list(back.obsm["protein"].columns) == ["CD3", "CD4"] and key in back.obsm
    del adata.uns["protein_names"]
    assert list(read.read(saved(adata, tmp_path)).obsm["protein"].columns) == ["protein_1", "protein_2"]


def test_missing_protein_values_stay_and_are_found(tmp_path):
    adata = counts(proteins=2)
    adata.obsm["protein"] = adata.obsm["protein"].astype(float)
    adata.obsm["protein"].iloc[4, 1], adata.obsm["protein"].iloc[5, 0] = np.nan, np.inf
    back = read.read(saved(adata, tmp_path))
    assert protein_panel.unmeasured_cells(back).nonzero()[0].tolist() == [4, 5]
    with pytest.raises(UserError, match="2 cells have missing protein values"):
        protein_panel.check_measured(back)
    assert read.protein_report(back).used.all()


def test_of_several_tables_of_proteins_the_counts_are_taken(tmp_path):
    adata = counts(proteins=2)
    measured = adata.obsm["protein"].to_numpy()
    adata.obsm["ADT_counts"] = adata.obsm["protein"].copy()
    adata.obsm["protein"] = np.log1p(adata.obsm["protein"])
    back = read.read(saved(adata, tmp_path))
    np.testing.assert_array_equal(back.obsm["protein"], measured)
    assert "obsm['ADT_counts'] does" in " ".join(back.uns["nuwa_read"])


def test_isotypes_constant_and_empty_proteins_are_left_out_with_reasons():
    adata = counts(proteins=4)
    table = adata.obsm["protein"]
    table.columns = ["CD3", "IgG2a_control_TotalSeqB", "empty", "flat"]
    table["empty"], table["flat"] = 0, 7
    report = read.protein_report(adata)
    assert report.names == tuple(table.columns) and report.used.tolist() == [True, False, False, False]
    assert "isotype" in report.left_out["IgG2a_control_TotalSeqB"]
    assert "0 in every cell" in report.left_out["empty"] and "7" in report.left_out["flat"]
    assert read.protein_report(counts()).names == ()


@pytest.mark.parametrize(
    "name",
    ["IgG1", "Rat_IgG2b", "mouse IgM", "isotype_MOPC.21", "mIgG2a-1", "IgG2a_TotalSeqB", "IgG1 kappa ctrl"],
)
def test_isotype_controls_are_known_by_name(name):
    adata = counts(proteins=1)
    adata.obsm["protein"].columns = [name]
    assert list(read.protein_report(adata).left_out) == [name]


@pytest.mark.parametrize(
    "name", ["IgD", "IgM", "IgG-Fc", "anti-human IgG", "CD32", "PD-1", "TIGIT", "Ig-light-chain"]
)
def test_markers_that_resemble_isotypes_are_kept(name):
    adata = counts(proteins=1)
    adata.obsm["protein"].columns = [name]
    assert not read.protein_report(adata).left_out


def test_isotype_controls_named_in_uns_are_left_out():
    adata = counts(proteins=2)
    adata.uns["isotype_controls"] = np.array(["P1"])
    assert list(read.protein_report(adata).left_out) == ["P1"]


@needs_data
def test_three_of_seventeen_real_proteins_are_isotype_controls():
    adata = read.read(DATA / "pbmc10k_citeseq.h5ad")
    report = read.protein_report(adata)
    assert sorted(report.left_out) == ["IgG1", "IgG2a", "IgG2b"] and report.used.sum() == 14
