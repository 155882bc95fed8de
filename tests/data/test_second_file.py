"""Proteins and labels are joined by barcode, and what does not fit is said or refused."""

import formats
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from core.data import read
from core.data.read.context import Reading
from core.errors import UserError


@pytest.fixture
def reading(tmp_path):
    return Reading(tmp_path)


def protein_set(adata):
    """The proteins of `adata` as a dataset of their own."""
    table = adata.obsm["protein"]
    return AnnData(table.to_numpy(), pd.DataFrame(index=adata.obs_names), pd.DataFrame(index=table.columns))


def parted():
    """(genes alone, proteins alone) of the same cells, in another order."""
    both = formats.counts()
    genes = both.copy()
    del genes.obsm["protein"]
    return genes, protein_set(both)[::-1].copy()


def test_proteins_find_their_cells_whatever_the_order(reading):
    genes, proteins = parted()
    joined = read.join_proteins(genes, proteins, "'b.csv'", reading)
    np.testing.assert_array_equal(joined.obsm["protein"], formats.counts().obsm["protein"])
    assert reading.notes == ["30 of 30 cells have their 4 proteins from 'b.csv'."]


def test_endings_of_barcodes_may_differ_and_that_is_said(reading):
    genes, proteins = parted()
    proteins.obs_names = proteins.obs_names.str.replace("-1", "", regex=False)
    joined = read.join_proteins(genes, proteins, "'b.csv'", reading)
    np.testing.assert_array_equal(joined.obsm["protein"], formats.counts().obsm["protein"])
    assert "the endings such as '-1' ignored" in reading.notes[0]


def test_endings_that_tell_lanes_apart_are_not_ignored(reading):
    genes, proteins = parted()
    proteins.obs_names = [name[:-1] + "2" for name in proteins.obs_names]
    twins = genes.obs_names.tolist()
    twins[1] = (
        twins[0][:-1] + "2"
    )  # the same letters in two lanes: without the endings they would be one cell
    genes.obs_names = twins
    with pytest.raises(UserError, match="Only 1 of 30 cells"):
        read.join_proteins(genes, proteins, "'b.csv'", reading)


def test_cells_without_proteins_are_left_out_and_counted(reading):
    genes, proteins = parted()
    joined = read.join_proteins(genes, proteins[:20], "'b.csv'", reading)
    assert joined.n_obs == 20 and "10 of 30 cells have no proteins" in reading.notes[0]


def test_proteins_of_another_sample_are_refused(reading):
    genes, _ = parted()
    with pytest.raises(UserError, match="Only 0 of 30 cells have proteins in 'b.csv'.*same sample"):
        read.join_proteins(genes, protein_set(formats.counts(seed=1)), "'b.csv'", reading)


def test_labels_are_joined_and_nothing_is_overwritten(reading):
    genes, _ = parted()
    labels = pd.DataFrame({"group": ["x", "y"] * 13, "depth": range(26)}, index=genes.obs_names[::-1][:26])
    read.join_annotations(genes, labels, "'l.csv'", reading)
    assert genes.obs["group_2"].isna().sum() == 4 and set(genes.obs["group"]) == {"a", "b", "c"}
    assert genes.obs["depth"].iloc[-1] == 0 and "26 of 30 cells have their labels" in reading.notes[0]


def test_a_second_file_is_read_through_the_same_door(tmp_path):
    both = formats.counts()
    genes = both.copy()
    del genes.obsm["protein"]
    first = formats.h5ad(genes, tmp_path)
    for name, turned in (("p.csv", False), ("p.tsv.gz", True)):
        frame = both.obsm["protein"].astype(int)
        second = tmp_path / name
        (frame.T if turned else frame).to_csv(second, sep="\t" if turned else ",")
        back = read.read(first, proteins=second)  # its barcodes tell which way it lies: nobody is asked
        np.testing.assert_array_equal(back.obsm["protein"], both.obsm["protein"])
    labels = tmp_path / "labels.csv"
    pd.DataFrame({"n": range(30), "barcode": both.obs_names.str[:-2], "kind": ["T", "B"] * 15}).to_csv(labels)
    back = read.read(first, proteins=formats.tenx_h5(both, tmp_path), annotations=labels)
    assert list(back.obs["kind"][:2]) == ["T", "B"] and back.obsm["protein"].shape == (30, 4)
    with pytest.raises(UserError, match="There is no file 'gone.csv'"):
        read.read(first, annotations=tmp_path / "gone.csv")
