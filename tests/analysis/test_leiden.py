"""The graph is scanpy's, and Leiden finds the groups that were put there."""

import random

import anndata
import numpy as np
import pytest
import scanpy as sc
from scipy import sparse
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from core.analysis import leiden
from core.analysis.neighbors import find_neighbors
from core.config import DEFAULT_RESOLUTION, RESOLUTIONS


@pytest.fixture(scope="module")
def blobs():
    points, groups = make_blobs(300, 6, centers=[[i * 6.0] * 6 for i in range(4)], random_state=0)
    return points.astype(np.float32), groups


def as_matrix(graph):
    edges = np.array(graph.get_edgelist())
    half = sparse.coo_matrix((graph.es["weight"], edges.T), shape=(graph.vcount(),) * 2)
    return (half + half.T).toarray()


def test_the_graph_is_that_of_scanpy(blobs):
    points, _ = blobs
    ours = as_matrix(leiden.graph(find_neighbors(points, 15)))
    adata = anndata.AnnData(points)
    sc.pp.neighbors(adata, n_neighbors=15, use_rep="X", transformer="sklearn")
    np.testing.assert_allclose(ours, adata.obsp["connectivities"].toarray(), atol=1e-3)


@pytest.mark.parametrize("d", [20, 50])
def test_the_graph_is_that_of_scanpy_in_many_dimensions(d):
    points = np.random.default_rng(0).standard_normal((600, d)).astype(np.float32) * 3 + 5
    ours = as_matrix(leiden.graph(find_neighbors(points, 15)))
    adata = anndata.AnnData(points)
    sc.pp.neighbors(adata, n_neighbors=15, use_rep="X", transformer="sklearn")
    np.testing.assert_allclose(ours, adata.obsp["connectivities"].toarray(), atol=1e-4)


def test_leiden_finds_the_groups_that_were_planted(blobs):
    points, groups = blobs
    found = leiden.leiden(leiden.graph(find_neighbors(points)), 0.2)
    assert found.dtype == np.int32 and adjusted_rand_score(groups, found) == 1.0


def test_leiden_is_that_of_scanpy(blobs):
    points, _ = blobs
    adata = anndata.AnnData(points)
    sc.pp.neighbors(adata, n_neighbors=15, use_rep="X", transformer="sklearn")
    sc.tl.leiden(adata, 0.2, flavor="igraph", n_iterations=2, directed=False, random_state=0)
    ours = leiden.leiden(leiden.graph(find_neighbors(points)), 0.2)
    assert adjusted_rand_score(adata.obs["leiden"], ours) == 1.0


def test_a_higher_resolution_finds_more_clusters(blobs):
    graph = leiden.graph(find_neighbors(blobs[0]))
    assert leiden.leiden(graph, 0.2).max() < leiden.leiden(graph, 2.0).max()


def test_leiden_follows_its_seed_and_leaves_the_random_numbers_of_others_alone(blobs):
    graph = leiden.graph(find_neighbors(np.random.default_rng(0).standard_normal((300, 5))))
    random.seed(7)
    expected = random.random()
    random.seed(7)
    first = leiden.leiden(graph, 2.0, seed=1)
    assert random.random() == expected
    np.testing.assert_array_equal(first, leiden.leiden(graph, 2.0, seed=1))
    others = [leiden.leiden(graph, 2.0, seed=seed) for seed in range(2, 6)]
    assert any(not np.array_equal(first, other) for other in others)


@pytest.mark.parametrize("n", [3, 10, 16])
def test_a_handful_of_points_is_clustered(n):
    points = np.random.default_rng(0).standard_normal((n, 4))
    labels = leiden.leiden(leiden.graph(find_neighbors(points)))
    assert labels.shape == (n,) and labels.min() == 0


def test_points_that_are_all_the_same_are_one_cluster():
    labels = leiden.leiden(leiden.graph(find_neighbors(np.ones((40, 3)))), 0.2)
    assert labels.shape == (40,)


def test_clusters_are_numbered_from_the_largest_down():
    np.testing.assert_array_equal(
        leiden.by_size(np.array([5, 9, 9, 2, 9, 2, 5, 7])), [2, 0, 0, 1, 0, 1, 2, 3]
    )


def test_the_default_resolution_is_one_that_is_computed():
    assert DEFAULT_RESOLUTION in RESOLUTIONS
    assert RESOLUTIONS == (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)
