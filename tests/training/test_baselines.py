"""The baselines are what scikit-learn makes of the weighted matrix, measured without holding it."""

from contextlib import nullcontext

import numpy as np
import pytest
from sklearn.decomposition import PCA

from core.config import RunConfig
from core.config.run_facts import Baselines
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training import baselines

CONFIG = RunConfig(n_top_genes=0, n_latent=6)


@pytest.fixture(scope="module")
def prepared(tiny):
    split = split_cells(tiny.n_obs, CONFIG)
    return split, prepare(tiny, CONFIG, split)


def by_hand(matrix, split, config, k, weights=None):
    """(features,) mean squared error on validation cells of scikit-learn's PCA, un-weighted again."""
    weights = matrix.weights(config) if weights is None else weights
    train, valid = (matrix.dense(rows).astype(np.float64) for rows in (split.train, split.valid))
    safe = np.where(weights > 0, weights, 1)
    pca = PCA(k, svd_solver="full").fit(train * weights)
    reconstruction = pca.inverse_transform(pca.transform(valid * weights)) / safe
    return np.where(weights > 0, (reconstruction - valid) ** 2, (train.mean(axis=0) - valid) ** 2).mean(
        axis=0
    )


def parts_of(error, config):
    rna, protein = error[:120].mean(), error[120:].mean()
    return config.weight_rna * rna + (config.weight_protein or 0.3) * protein, rna, protein


@pytest.mark.parametrize("weight_protein", [0.3, 5.0])
def test_pca_is_scikit_learns_on_the_weighted_matrix(prepared, weight_protein):
    split, matrix = prepared
    config = CONFIG.model_copy(update={"weight_protein": weight_protein})
    measured = baselines.fit(matrix, split.train, config, 20).measure(matrix, split.valid, config)
    assert measured.pca == pytest.approx(parts_of(by_hand(matrix, split, config, 6), config), rel=1e-4)


def test_the_mean_is_the_mean_of_the_training_cells(prepared):
    split, matrix = prepared
    measured = baselines.fit(matrix, split.train, CONFIG, 6).measure(matrix, split.valid, CONFIG)
    train, valid = matrix.dense(split.train), matrix.dense(split.valid)
    error = ((valid - train.mean(axis=0)) ** 2).mean(axis=0)
    assert measured.mean == pytest.approx(parts_of(error, CONFIG), rel=1e-5)
    assert measured.pca.total < measured.mean.total


def test_a_pca_of_rna_alone_stands_beside_them(prepared):
    split, matrix = prepared
    measured = baselines.fit(matrix, split.train, CONFIG, 6).measure(matrix, split.valid, CONFIG)
    only = np.r_[np.ones(120), np.zeros(6)]
    error = by_hand(matrix, split, CONFIG, 6, only)
    assert measured.pca_rna == pytest.approx(error[:120].mean(), rel=1e-4)
    assert measured.pca_rna < measured.pca.rna


def test_without_proteins_there_is_no_third_line(tiny):
    alone = tiny.copy()
    del alone.obsm["protein"]
    split = split_cells(240, CONFIG)
    matrix = prepare(alone, CONFIG, split)
    measured = baselines.fit(matrix, split.train, CONFIG, 6).measure(matrix, split.valid, CONFIG)
    assert measured.pca_rna is None and measured.pca.protein is None and measured.mean.protein is None
    assert measured.pca.total == measured.pca.rna


def test_the_sketch_is_within_one_percent(prepared, monkeypatch):
    split, matrix = prepared
    exact = baselines.fit(matrix, split.train, CONFIG, 20).measure(matrix, split.valid, CONFIG)
    monkeypatch.setattr(baselines, "COVARIANCE_LIMIT", 0)
    monkeypatch.setattr(baselines, "_top_axes", None)
    sketched = baselines.fit(matrix, split.train, CONFIG, 20).measure(matrix, split.valid, CONFIG)
    assert sketched.pca == pytest.approx(exact.pca, rel=0.01)
    assert sketched.mean == exact.mean


def test_exact_and_sketched_axes_are_orthonormal_and_in_order(prepared, monkeypatch):
    split, matrix = prepared
    weights = matrix.weights(CONFIG)
    for limit in (6000, 0):
        monkeypatch.setattr(baselines, "COVARIANCE_LIMIT", limit)
        pca = baselines.fit_pca(matrix, split.train, weights, 10)
        np.testing.assert_allclose(pca.axes.T @ pca.axes, np.eye(10), atol=1e-4)
        spread = pca.project(matrix.dense(split.train)).std(axis=0)
        assert (np.diff(spread) < 1e-3 * spread[0]).all()
        again = baselines.fit_pca(matrix, split.train, weights, 10)
        np.testing.assert_array_equal(pca.axes, again.axes)


@pytest.mark.parametrize("weight", ["weight_rna", "weight_protein"])
@pytest.mark.parametrize("limit", [6000, 0])
def test_a_weight_of_zero_leaves_that_part_at_its_mean(prepared, monkeypatch, weight, limit):
    monkeypatch.setattr(baselines, "COVARIANCE_LIMIT", limit)
    split, matrix = prepared
    config = CONFIG.model_copy(update={weight: 0.0, "n_latent": 3})
    measured = baselines.fit(matrix, split.train, config, 3).measure(matrix, split.valid, config)
    part, other = ("rna", "protein") if weight == "weight_rna" else ("protein", "rna")
    assert getattr(measured.pca, part) == pytest.approx(getattr(measured.mean, part), rel=1e-5)
    assert getattr(measured.pca, other) < getattr(measured.mean, other)
    assert np.isfinite(measured.pca_rna) and measured.pca_rna < measured.mean.rna


def test_more_axes_for_the_panels_do_not_change_the_baselines(prepared):
    split, matrix = prepared
    few, many = (baselines.fit(matrix, split.train, CONFIG, n) for n in (6, 50))
    assert many.pca.axes.shape == (126, 50) and few.pca.axes.shape == (126, 6)
    a, b = (fitted.measure(matrix, split.valid, CONFIG).pca for fitted in (few, many))
    assert a == pytest.approx(b, rel=1e-5)


def test_more_axes_than_cells_are_cut_to_what_there_is(prepared):
    split, matrix = prepared
    pca = baselines.fit_pca(matrix, split.train[:8], matrix.weights(CONFIG), 50)
    assert pca.axes.shape == (126, 7)


def test_baselines_survive_being_written_down(prepared):
    split, matrix = prepared
    measured = baselines.fit(matrix, split.train, CONFIG, 6).measure(matrix, split.valid, CONFIG)
    assert Baselines.read(measured.record()) == measured


def test_of_very_many_cells_some_are_asked_for_the_axes_and_that_is_said(prepared, monkeypatch):
    split, matrix = prepared
    whole = baselines.fit(matrix, split.train, CONFIG, 6)
    monkeypatch.setattr(baselines, "PCA_CELLS", 150)
    some = baselines.fit(matrix, split.train, CONFIG, 6)
    assert not whole.note and "150 of the 216 training cells" in some.note
    np.testing.assert_array_equal(some.pca.center, whole.pca.center)
    a, b = (fitted.measure(matrix, split.valid, CONFIG) for fitted in (some, whole))
    assert a.mean == b.mean and a.pca != b.pca
    assert a.pca.total == pytest.approx(b.pca.total, rel=0.1)


def test_a_covariance_summed_by_torch_is_that_of_numpy(prepared):
    """As on a GPU; tried here with the CPU as the device of torch."""
    split, matrix = prepared
    center = matrix.mean_of(split.train)
    here, there = (
        summed((x - center for _, x in matrix.blocks(split.train)), matrix.n_features, "cpu")
        for summed in (baselines._summed, baselines._summed_on)
    )
    np.testing.assert_allclose(here, there, rtol=1e-4, atol=1e-3)
    assert np.abs(np.triu(here, 1)).max() > 1  # not of nothing


def test_a_covariance_summed_by_torch_is_not_rounded_as_training_may_be(monkeypatch, tf32):
    x = np.random.default_rng(0).standard_normal((500, 20)).astype(np.float32)
    exact = x.astype(np.float64).T @ x

    def error():
        return np.abs(baselines._summed_on([x], 20, "cpu") - exact).max()

    assert error() < 1e-3
    monkeypatch.setattr(baselines, "full_precision", nullcontext)
    assert error() > 1e-2
