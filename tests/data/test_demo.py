"""The demo sets are there at once, hold what they promise, and are the same every time."""

import time

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from core.data import checks, demo, read


@pytest.fixture(scope="module")
def simulated():
    return demo.simulated()


def test_the_simulated_set_looks_like_cite_seq(simulated):
    assert simulated.shape == (3000, 2000) and simulated.obsm["protein"].shape == (3000, 20)
    assert sparse.isspmatrix_csr(simulated.X) and simulated.X.dtype == np.float32
    library = np.asarray(simulated.X.sum(axis=1)).ravel()
    assert 3500 < np.median(library) < 4500 and library.std() / library.mean() > 0.25
    zeros = 1 - simulated.X.nnz / (3000 * 2000)
    assert 0.70 < zeros < 0.85
    assert checks.what_is(simulated.X).kind == "counts"
    assert checks.what_is(simulated.obsm["protein"].to_numpy()).kind == "counts"
    assert "simulated" in simulated.uns["title"]


def test_the_simulated_types_have_uneven_sizes(simulated):
    shares = simulated.obs["cell_type"].value_counts(normalize=True)
    assert len(shares) == 8 and 0.02 < shares.min() < 0.04 and shares.max() > 0.2
    assert set(simulated.obs["sample"].cat.categories) == {"sample 1", "sample 2"}


def test_the_same_seed_gives_the_same_set():
    small = {"n_cells": 200, "n_genes": 100}
    assert read.data_hash(demo.simulated(1, **small)) == read.data_hash(demo.simulated(1, **small))
    assert read.data_hash(demo.simulated(1, **small)) != read.data_hash(demo.simulated(2, **small))


def test_proteins_tell_apart_what_rna_hardly_does(simulated):
    logged = checks.display_of(simulated).matrix
    pair = simulated.obs["cell_type"].isin(["type A", "type B"]).to_numpy()
    far = simulated.obs["cell_type"].isin(["type A", "type C"]).to_numpy()
    _, _, axes = np.linalg.svd(logged[:600].toarray() - logged.mean(axis=0).A1, full_matrices=False)
    pcs = logged @ axes[:10].T
    protein = np.log1p(simulated.obsm["protein"].to_numpy())

    def accuracy(values, rows):
        labels = simulated.obs["cell_type"].to_numpy()[rows]
        return cross_val_score(LogisticRegression(max_iter=500), values[rows], labels, cv=3).mean()

    assert accuracy(pcs, pair) < 0.95 < accuracy(protein, pair)
    assert accuracy(pcs, far) > 0.98


def test_isotype_controls_of_the_simulation_are_background(simulated):
    report = read.protein_report(simulated)
    assert set(report.left_out) == set(demo.ISOTYPES) and report.used.sum() == 18
    isotypes = simulated.obsm["protein"][list(demo.ISOTYPES)].to_numpy()
    assert isotypes.max() < 0.1 * simulated.obsm["protein"].to_numpy().max()


def test_sizes_can_be_chosen(tmp_path):
    adata = demo.simulated(n_cells=64, n_genes=40, n_proteins=0)
    assert adata.shape == (64, 40) and "protein" not in adata.obsm
    with pytest.raises(ValueError, match="at least|more"):
        demo.simulated(n_cells=64, n_proteins=2)


def test_the_simulation_is_quick():
    start = time.perf_counter()
    demo.simulated()
    assert time.perf_counter() - start < 5  # about half a second on two cores


@pytest.mark.parametrize("name", demo.DEMOS)
def test_each_demo_survives_a_file(tmp_path, name):
    title, make = demo.DEMOS[name]
    adata = make()
    adata.write_h5ad(tmp_path / "demo.h5ad")
    back = read.read(tmp_path / "demo.h5ad")
    assert title and back.shape == adata.shape and read.data_hash(back) == read.data_hash(adata)
    assert checks.examine(back).findings
