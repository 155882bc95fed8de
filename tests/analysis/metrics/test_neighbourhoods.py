"""Trustworthiness and continuity are those of scikit-learn, neighbours kept those of core.analysis.metrics.scores."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from core.analysis.metrics import scores
from core.analysis.metrics.neighbourhoods import Neighbourhoods
from core.config import RunConfig
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells

CONFIG = RunConfig(n_top_genes=0)


@pytest.fixture(scope="module")
def matrix(tiny):
    return prepare(tiny, CONFIG, split_cells(tiny.n_obs, CONFIG))


@pytest.mark.parametrize("k", [5, 15])
def test_trustworthiness_and_continuity_are_those_of_scikit_learn(matrix, k):
    cells, weights = np.arange(240), matrix.weights(CONFIG)
    whole = matrix.dense(cells).astype(np.float64) * weights
    points = whole @ np.random.default_rng(0).standard_normal((matrix.n_features, 3))
    kept = Neighbourhoods(matrix, weights, cells, cells, (k, 50)).kept_by(points)
    assert kept.trustworthiness.mean() == pytest.approx(
        trustworthiness(whole, points, n_neighbors=k), abs=1e-6
    )
    # Continuity is trustworthiness the other way round: who was near in the input, by the ranks of the space.
    assert kept.continuity.mean() == pytest.approx(trustworthiness(points, whole, n_neighbors=k), abs=1e-6)
    assert kept.trustworthiness.mean() != pytest.approx(kept.continuity.mean(), abs=1e-4)


def test_neighbours_are_compared_among_the_cells_that_are_given(matrix, monkeypatch):
    monkeypatch.setattr("core.analysis.metrics.neighbourhoods.PART", 7)
    cells, weights = np.arange(1, 240, 2), matrix.weights(CONFIG)
    points = np.random.default_rng(1).standard_normal((120, 4))
    asked = np.arange(0, 120, 3)
    kept = Neighbourhoods(matrix, weights, cells, asked).kept_by(points)
    x = matrix.dense(cells).astype(np.float64) * weights
    for k in (15, 50):
        shares = [len(set(_near(x, i, k)) & set(_near(points, i, k))) / k for i in asked]
        assert kept.shares[k].mean() == pytest.approx(np.mean(shares), abs=1e-6)


def _near(x, i, k):
    distance = ((x - x[i]) ** 2).sum(axis=1)
    distance[i] = -1
    return np.argsort(distance)[1 : k + 1]


def test_all_cells_give_the_neighbours_kept_of_the_score_of_a_run(matrix):
    cells, weights, points = np.arange(240), matrix.weights(CONFIG), np.random.default_rng(2).random((240, 5))
    rows = np.arange(0, 240, 5)
    expected = scores.neighbours_kept(matrix, weights, {"x": points.astype(np.float32)}, rows)["x"]
    found = Neighbourhoods(matrix, weights, cells, rows).kept_by(points.astype(np.float32))
    assert found.shares[15].mean() == pytest.approx(expected, abs=1e-6)


def test_the_input_itself_is_kept_wholly_and_a_handful_of_cells_has_numbers(matrix):
    few, weights = np.arange(6), matrix.weights(CONFIG)
    kept = Neighbourhoods(matrix, weights, few, few).kept_by(matrix.dense(few) * weights)
    for values in (kept.shares[15], kept.trustworthiness, kept.continuity):
        np.testing.assert_array_equal(values, np.ones(6))
