"""Neighbours are the true ones, and pictures come out for any number of points, the same for the same seed."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from core.analysis import embedding
from core.analysis.embedding import Neighbors, neighbors, tsne, umap, with_self_first

SEVERAL = (3, 4, 10, 16, 41)


def cloud(n, d=5, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


@pytest.fixture(scope="module")
def blobs():
    points, groups = make_blobs(200, 8, centers=4, cluster_std=0.6, random_state=0)
    return points.astype(np.float32), groups


def test_neighbours_are_those_of_scikit_learn():
    points = cloud(300)
    found = neighbors(points, k=10)
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
        found = embedding.nearest(points[::step], points, 15)
        same = found.indices % 400 == (np.arange(0, 500, step) % 400)[:, None]
        assert same.sum() >= 500 // step and (found.distances[same] == 0).all()


def test_own_distance_is_zero_in_the_graph_whatever_the_search_found():
    with_noise = Neighbors(np.array([[0, 1], [1, 0]]), np.array([[1e-8, 1.0], [3e-9, 1.0]]))
    np.testing.assert_array_equal(with_self_first(with_noise).distances, [[0, 1], [0, 1]])


def test_duplicates_still_have_themselves_first():
    points = cloud(60)
    points[10:40] = points[10]  # thirty of a kind, more than there are places
    found = with_self_first(neighbors(points))
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
    assert neighbors(cloud(3)).indices.shape == (3, 3)


@pytest.mark.slow  # pynndescent compiles for 20 s
def test_above_the_limit_the_approximate_index_finds_most(monkeypatch):
    points = cloud(1500)
    exact = neighbors(points)
    monkeypatch.setattr(embedding, "EXACT_LIMIT", 1000)
    near = neighbors(points)
    found = [len(np.intersect1d(a, b)) / 15 for a, b in zip(exact.indices, near.indices, strict=True)]
    assert np.mean(found) > 0.9
    np.testing.assert_array_equal(near.indices, neighbors(points).indices)


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("n", SEVERAL)
def test_umap_comes_out_for_any_number_of_points(n, k):
    points = cloud(n)
    found = neighbors(points)
    made = umap(points, found, k)
    assert made.shape == (n, k) and made.dtype == np.float32 and np.isfinite(made).all()
    np.testing.assert_array_equal(made, umap(points, found, k))


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("n", SEVERAL)
def test_tsne_comes_out_for_any_number_of_points(n, k):
    points = cloud(n)
    made = tsne(points, k)
    assert made.shape == (n, k) and made.dtype == np.float32 and np.isfinite(made).all()
    np.testing.assert_array_equal(made, tsne(points, k))


@pytest.mark.parametrize("k", [2, 3])
def test_both_keep_groups_together_and_follow_the_seed(blobs, k):
    points, _ = blobs
    found = neighbors(points)
    for draw in (lambda seed: umap(points, found, k, seed), lambda seed: tsne(points, k, seed)):
        made = draw(0)
        assert made.shape == (200, k) and trustworthiness(points, made, n_neighbors=10) > 0.9
    assert not np.array_equal(umap(points, found, k, 0), umap(points, found, k, 1))


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("d", [1, 2])
def test_a_latent_of_one_or_two_dimensions_can_be_drawn_too(d, k):
    points = cloud(50, d)
    for made in (tsne(points, k), umap(points, neighbors(points), k)):
        assert made.shape == (50, k) and np.isfinite(made).all() and made[:, 0].std() > 0


def test_neighbours_are_searched_for_a_picture_that_brings_none():
    points = np.random.default_rng(1).standard_normal((60, 4)).astype(np.float32)
    np.testing.assert_array_equal(umap(points), umap(points, neighbors(points)))


@pytest.mark.parametrize("k", [2, 3])
def test_points_that_are_all_the_same_are_drawn_without_a_crash(k):
    """A latent space that has collapsed: scikit-learn's t-SNE would take the process down with it."""
    points = np.ones((60, 4), np.float32)
    assert np.isfinite(tsne(points, k)).all()
    assert np.isfinite(umap(points, neighbors(points), k)).all()


def test_warming_up_leaves_everything_as_it_was():
    before = np.random.default_rng(0).standard_normal(3)
    embedding.warm_up()
    np.testing.assert_array_equal(before, np.random.default_rng(0).standard_normal(3))
    import warnings

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        embedding.warm_up()
    assert not [w for w in heard if "core" in str(w.filename)]
