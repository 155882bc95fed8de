"""Embeddings come out for any number of points, the same for the same seed."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.manifold import trustworthiness

from core.analysis import umap_library
from core.analysis.embedding import tsne, umap
from core.analysis.neighbors import find_neighbors

SEVERAL = (3, 4, 10, 16, 41)


def cloud(n, d=5, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


@pytest.fixture(scope="module")
def blobs():
    points, groups = make_blobs(200, 8, centers=4, cluster_std=0.6, random_state=0)
    return points.astype(np.float32), groups


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("n", SEVERAL)
def test_umap_comes_out_for_any_number_of_points(n, k):
    points = cloud(n)
    found = find_neighbors(points)
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
    found = find_neighbors(points)
    for draw in (lambda seed: umap(points, found, k, seed), lambda seed: tsne(points, k, seed)):
        made = draw(0)
        assert made.shape == (200, k) and trustworthiness(points, made, n_neighbors=10) > 0.9
    assert not np.array_equal(umap(points, found, k, 0), umap(points, found, k, 1))


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("d", [1, 2])
def test_a_latent_of_one_or_two_dimensions_can_be_drawn_too(d, k):
    points = cloud(50, d)
    for made in (tsne(points, k), umap(points, find_neighbors(points), k)):
        assert made.shape == (50, k) and np.isfinite(made).all() and made[:, 0].std() > 0


def test_neighbours_are_searched_for_a_picture_that_brings_none():
    points = np.random.default_rng(1).standard_normal((60, 4)).astype(np.float32)
    np.testing.assert_array_equal(umap(points), umap(points, find_neighbors(points)))


@pytest.mark.parametrize("k", [2, 3])
def test_points_that_are_all_the_same_are_drawn_without_a_crash(k):
    """A latent space that has collapsed: scikit-learn's t-SNE would take the process down with it."""
    points = np.ones((60, 4), np.float32)
    assert np.isfinite(tsne(points, k)).all()
    assert np.isfinite(umap(points, find_neighbors(points), k)).all()


def test_umap_has_seurats_least_distance_and_the_graphs_neighbours(monkeypatch):
    library = umap_library.umap_()
    asked = {}

    class Umap:
        def __init__(self, **settings):
            asked.update(settings)

        def fit_transform(self, points):
            return np.zeros((len(points), 2))

    monkeypatch.setattr(library, "UMAP", Umap)
    points = cloud(60)
    umap(points, find_neighbors(points), 2, seed=7)
    assert (asked["min_dist"], asked["n_neighbors"], asked["random_state"]) == (0.3, 15, 7)
    indices, distances, _ = asked["precomputed_knn"]
    assert (
        (indices[:, 0] == np.arange(60)).all()
        and (distances[:, 0] == 0).all()
        and (distances[:, 1] > 0).all()
    )
