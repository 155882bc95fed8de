"""Count splitting: halves that are independent and add up, a curve as scikit-learn's PCA gives it, and its best size."""

from dataclasses import replace

import numpy as np
import pytest
from anndata import AnnData
from app_under_test import sent
from scipy import sparse, stats
from sklearn.decomposition import PCA

from core.analysis import explore
from core.analysis.metrics import count_split
from core.config import RunConfig
from core.errors import UserError
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training import learn
from dashboard.pages.clusters.count_split import outcome

CONFIG = RunConfig(n_top_genes=0, train_share=0.6, valid_share=0.1)


@pytest.fixture(scope="module")
def rank_four():
    """600 cells, 150 genes, Poisson counts whose logarithms have four dimensions."""
    random = np.random.default_rng(0)
    rate = np.exp(0.6 * random.standard_normal((600, 4)) @ random.standard_normal((4, 150)) / 2 + 0.5)
    adata = AnnData(sparse.csr_matrix(random.poisson(rate), dtype=np.float32))
    adata.obs_names, adata.var_names = adata.obs_names.astype(str), [f"G{i}" for i in range(150)]
    return adata


@pytest.fixture(scope="module")
def prepared(tiny):
    split = split_cells(tiny.n_obs, CONFIG)
    return split, prepare(tiny, CONFIG, split)


def test_both_halves_add_up_to_the_counts_and_come_again_by_the_seed(prepared):
    split, matrix = prepared
    one, again, other = (count_split.split(matrix, split.train, split.test, seed) for seed in (0, 0, 1))
    rows = np.arange(len(split.train) + len(split.test))
    n = matrix.n_genes
    whole = one.seen.raw(rows)[:, :n] + one.target.raw(rows)[:, :n]
    names = {name: i for i, name in enumerate(matrix.cell_names)}
    order = [names[name] for name in one.seen.cell_names]
    np.testing.assert_array_equal(whole, matrix.raw(np.array(order))[:, :n])
    np.testing.assert_array_equal(one.seen.raw(rows), again.seen.raw(rows))
    assert (one.seen.raw(rows)[:, :n] != other.seen.raw(rows)[:, :n]).any()
    proteins = (one.seen.protein_counts + one.target.protein_counts) / 2
    np.testing.assert_allclose(proteins, matrix.protein_counts[order])
    train = one.seen.dense(one.train)[:, :n]
    np.testing.assert_allclose(
        train.mean(axis=0), 0, atol=0.05
    )  # centred and scaled by its own training cells
    assert train.std(axis=0, ddof=1)[one.genes] == pytest.approx(1, abs=0.2)


def test_the_halves_of_a_poisson_count_are_independent():
    random = np.random.default_rng(3)
    counts = random.poisson(3.0, 60_000)
    seen = count_split.thinned(counts, 0.5, random)
    table = np.histogram2d(seen, counts - seen, bins=[np.arange(-0.5, 5), np.arange(-0.5, 5)])[0]
    assert stats.chi2_contingency(table).pvalue > 0.01
    assert seen.mean() == pytest.approx(1.5, abs=0.03) and (seen <= counts).all()


def test_the_curve_is_that_of_scikit_learn(prepared):
    split, matrix = prepared
    halves = count_split.split(matrix, split.train, split.test, 0)
    weights = matrix.weights(CONFIG)
    errors = count_split.pca_errors(halves, weights, 12)
    train = halves.seen.dense(halves.train).astype(np.float64) * weights
    scored, target = (half.dense(halves.scored).astype(np.float64) for half in (halves.seen, halves.target))
    used = np.flatnonzero(halves.genes)
    for k in (1, 5, 12):
        pca = PCA(k, svd_solver="full").fit(train)
        made = pca.inverse_transform(pca.transform(scored * weights)) / weights
        expected = ((made - target)[:, used] ** 2).mean(axis=1)
        np.testing.assert_allclose(errors[:, k - 1], expected, rtol=1e-3)


def test_its_best_size_is_that_of_the_data_where_a_plain_loss_asks_for_more(rank_four):
    split = split_cells(600, CONFIG)
    matrix = prepare(rank_four, CONFIG, split)
    halves = count_split.split(matrix, split.train, split.scored, 0)
    curve = count_split.pca_errors(halves, np.ones(150, np.float32), 60).mean(axis=0)
    assert curve.argmin() + 1 in (3, 4, 5) and curve[-1] > 1.05 * curve.min()
    same = halves._replace(target=halves.seen)  # the loss of what has been seen
    assert count_split.pca_errors(same, np.ones(150, np.float32), 60).mean(axis=0).argmin() == 59


@pytest.mark.parametrize("name", ["citeseq", "counts"])
def test_a_model_stands_beside_the_best_pca_with_the_error_of_the_difference(rank_four, name):
    config = CONFIG.model_copy(update={"model": name, "epochs": 30, "n_latent": 4, "n_hidden": 32})
    *_, learnt = learn.learn(rank_four, config)
    from core import models

    model = models.build(learnt.start.config, 150, 0)
    model.load_state_dict(learnt.weights)
    found = count_split.score(model, explore.trained_run(learnt), learnt.start.config)
    record = found.record()
    assert record["best"] in range(2, 8) and record["mean"] > record["model"]
    assert record["difference"] == pytest.approx(
        record["model"] - record["pca"][record["best"] - 1], abs=1e-5
    )
    assert 0 < record["difference_error"] < 0.05 and record["n_cells"] == len(learnt.start.split.scored)


def test_values_that_are_not_counts_are_refused_in_a_sentence(prepared):
    split, matrix = prepared
    with pytest.raises(UserError, match="needs raw counts"):
        count_split.split(replace(matrix, kind="lognorm"), split.train, split.test)


@pytest.mark.parametrize(
    "difference, words, tone",
    [
        (-0.02, "better than any PCA", "good"),
        (0.02, "predicts molecules it has not seen better", "warn"),
        (0.001, "level", "info"),
    ],
)
def test_the_outcome_names_a_winner_only_beyond_the_error(difference, words, tone):
    record = {"pca": [0.9, 0.8, 0.85], "best": 2, "mean": 1.0, "model": 0.8 + difference, "n_cells": 1000}
    said, look = outcome(record | {"difference": difference, "difference_error": 0.005})
    assert words in said and look == tone and "2 dimensions" in said


def test_the_page_computes_it_and_draws_the_curve(finished):
    values = {"run.data": finished.run, "count-split-go.n_clicks": 1}
    assert finished.work("count-split", values, "count-split-go.n_clicks")["count-split-done"]["data"]
    shown = sent(
        finished.press("count-split-result.children", {"run.data": finished.run, "theme.data": "light"})
    )
    assert "Error on the unseen half" in shown and "number of dimensions" in shown
    record = finished.client.get(f"/download/{finished.run}/count_split.json").json
    assert len(record["pca"]) >= 20 and record["n_latent"] == 4
