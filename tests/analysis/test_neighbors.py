"""Neighbours are the true ones, each point first among its own."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from core.analysis import neighbors
from core.analysis.neighbors import Neighbors, find_neighbors, in_metric, nearest, with_self_first


def cloud(n, d=5, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def test_neighbours_are_those_of_scikit_learn():
    points = cloud(300)
    found = find_neighbors(points, k=10)
    distances, indices = NearestNeighbors(n_neighbors=10, algorithm="kd_tree").fit(points).kneighbors(points)
    np.testing.assert_allclose(found.distances, distances, atol=2e-3)
    assert (found.indices == indices).mean() > 0.99
    np.testing.assert_array_equal(found.indices[:, 0], np.arange(300))


@pytest.mark.parametrize("d", [2, 6, 20, 50])
def test_a_point_is_at_distance_zero_from_itself_and_from_its_duplicates(d):
    """Rounding of 1e-8 there would become the local scale of UMAP's graph; it came with 20 dimensions and more."""
    points = cloud(500, d)
    points[400:] = points[:100]
    for step in (1, 2):
        found = nearest(points[::step], points, 15)
        same = found.indices % 400 == (np.arange(0, 500, step) % 400)[:, None]
        assert same.sum() >= 500 // step and (found.distances[same] == 0).all()


def test_own_distance_is_zero_in_the_graph_whatever_the_search_found():
    with_noise = Neighbors(np.array([[0, 1], [1, 0]]), np.array([[1e-8, 1.0], [3e-9, 1.0]]))
    np.testing.assert_array_equal(with_self_first(with_noise).distances, [[0, 1], [0, 1]])


def test_duplicates_still_have_themselves_first():
    points = cloud(60)
    points[10:40] = points[10]  # thirty of a kind, more than there are places
    found = with_self_first(find_neighbors(points))
    np.testing.assert_array_equal(found.indices[:, 0], np.arange(60))
    np.testing.assert_array_equal(found.distances[:, 0], 0)
    for line in found.indices:
        assert len(set(line)) == 15
    assert (np.diff(found.distances, axis=1) > -1e-6).all()


def test_a_point_that_stands_further_back_is_brought_to_the_front():
    found = Neighbors(
        np.array([[1, 2, 0], [1, 0, 2], [0, 1, 3]]), np.array([[0, 0, 0.0], [0, 1, 2], [0, 1, 2]])
    )
    moved = with_self_first(found)
    np.testing.assert_array_equal(moved.indices, [[0, 1, 2], [1, 0, 2], [2, 0, 1]])
    np.testing.assert_array_equal(moved.distances, [[0, 0, 0], [0, 1, 2], [0, 0, 1]])


def test_fewer_points_than_neighbours_are_no_fault():
    assert find_neighbors(cloud(3)).indices.shape == (3, 3)


@pytest.mark.slow  # pynndescent compiles for 20 s
def test_above_the_limit_the_approximate_index_finds_most(monkeypatch):
    points = cloud(1500)
    exact = find_neighbors(points)
    monkeypatch.setattr(neighbors, "EXACT_LIMIT", 1000)
    near = find_neighbors(points)
    found = [len(np.intersect1d(a, b)) / 15 for a, b in zip(exact.indices, near.indices, strict=True)]
    assert np.mean(found) > 0.9
    np.testing.assert_array_equal(near.indices, find_neighbors(points).indices)


@pytest.mark.parametrize("n_dimensions", [2, 20])
def test_cosine_neighbours_and_distances_are_those_of_scikit_learn(n_dimensions):
    from sklearn.neighbors import NearestNeighbors

    points = np.random.default_rng(3).normal(0.5, 1, (200, n_dimensions)).astype(np.float32)
    found = find_neighbors(points, 10, metric="cosine")
    distances, indices = NearestNeighbors(n_neighbors=10, metric="cosine").fit(points).kneighbors(points)
    np.testing.assert_allclose(found.distances, distances, atol=1e-5)
    assert (np.sort(found.indices) == np.sort(indices)).mean() > 0.99  # but for ties by rounding
    np.testing.assert_allclose(
        find_neighbors(3 * points, 10, metric="cosine").distances, distances, atol=1e-5
    )


def test_by_cosine_a_cell_at_the_origin_stays_there_and_one_without_a_number_is_not_hidden():
    points = in_metric(np.array([[3, 4], [0, 0], [np.nan, 1]]), "cosine")
    np.testing.assert_allclose(points[:2], [[0.6, 0.8], [0, 0]], atol=1e-7)
    assert np.isnan(points[2]).all()
