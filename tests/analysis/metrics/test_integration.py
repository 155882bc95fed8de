"""The scores of integration are those of their formulas, by scikit-learn and scipy."""

import numpy as np
import pytest
from scipy.stats import chisquare
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.metrics import silhouette_samples

from core.analysis.metrics import integration
from core.analysis.metrics.scores import near
from core.analysis.neighbors import Neighbors, find_neighbors


@pytest.fixture
def mixed():
    """(points, labels, batches) of 180 cells: three labels, two batches, the label "c" in the first batch alone."""
    random = np.random.default_rng(5)
    labels = np.repeat(np.array(["a", "b", "c"]), 60)
    batches = np.where(random.random(180) < 0.6, "x", "y")
    batches[labels == "c"] = "x"
    points = random.normal(size=(180, 4)) + 5 * (labels == "b")[:, None] + 3 * (labels == "c")[:, None]
    return (points + 0.7 * (batches == "x")[:, None]).astype(np.float32), labels, batches


def test_a_label_in_two_parts_is_connected_by_the_share_of_the_larger_one():
    # a: cells 0, 1, 2 in a row and cell 3 apart, whose only neighbours are of b; b: cells 4 and 5
    indices = np.array([[0, 1], [1, 2], [2, 2], [3, 4], [4, 5], [5, 3]])
    labels = np.array(list("aaaabb"))
    neighbors = Neighbors(indices, np.zeros(indices.shape))
    assert list(integration.is_connected(neighbors, labels)) == [True, True, True, False, True, True]
    assert integration.graph_connectivity(neighbors, labels).value == pytest.approx((3 / 4 + 1) / 2)


def test_labels_far_apart_are_connected_and_the_error_is_small(mixed):
    points, labels, _ = mixed
    score = integration.graph_connectivity(find_neighbors(points), labels)
    assert 0.9 < score.value <= 1 and 0 <= score.error < 0.02


def test_kbet_is_pearsons_test_of_each_neighbourhood(mixed):
    points, _, batches = mixed
    indices = near(points, np.arange(180), 30)
    shares = np.array([(batches == name).mean() for name in ("x", "y")])
    p = [
        chisquare([(batches[row] == name).sum() for name in ("x", "y")], 30 * shares).pvalue
        for row in indices
    ]
    accepted = integration.accepted(indices, batches)
    assert list(accepted) == [value >= 0.05 for value in p] and 0 < accepted.mean() < 1
    assert integration.kbet(indices, batches).value == pytest.approx(np.mean(accepted))
    assert np.isnan(integration.kbet(indices, np.full(180, "x")).value)


def test_batches_drawn_by_chance_are_accepted_and_batches_apart_are_not():
    random = np.random.default_rng(1)
    points, batches = random.normal(size=(600, 3)), random.integers(0, 3, 600)
    indices = near(points, np.arange(600), 50)
    assert integration.kbet(indices, batches).value > 0.9
    apart = near(points + 20 * batches[:, None], np.arange(600), 50)
    assert integration.kbet(apart, batches).value == 0


def test_variance_free_of_batch_is_one_minus_principal_component_regression(mixed):
    points, _, batches = mixed
    onehot = np.stack([batches == "x", batches == "y"], axis=1).astype(float)
    pca = PCA().fit(points)
    axes = pca.transform(points)
    r2 = [LinearRegression().fit(onehot, axis).score(onehot, axis) for axis in axes.T]
    pcr = np.sum(r2 * pca.explained_variance_) / pca.explained_variance_.sum()
    score = integration.free_of_batch(points, batches)
    assert score.value == pytest.approx(1 - pcr, abs=1e-6) and 0 < score.error < 0.1
    assert np.isnan(integration.free_of_batch(np.ones((9, 2)), np.arange(9) % 2).value)


def test_labels_of_the_fewest_batches_are_scored_by_their_silhouette_against_all_others(mixed):
    points, labels, batches = mixed
    assert integration.isolated(labels, batches) == ["c"]
    inside = labels == "c"
    expected = (silhouette_samples(points, inside)[inside].mean() + 1) / 2
    assert integration.isolated_labels(points, labels, batches).value == pytest.approx(expected)


def test_without_an_isolated_label_there_is_no_score(mixed):
    points, labels, _ = mixed
    batches = np.arange(180) % 2
    assert integration.isolated(labels, batches) == []
    assert np.isnan(integration.isolated_labels(points, labels, batches).value)
