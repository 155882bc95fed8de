"""Neighbours of points to a graph, and the graph to clusters by Leiden."""

import random
import warnings

import numpy as np

from core.analysis import umap_library
from core.analysis.neighbors import with_self_first
from core.config import DEFAULT_RESOLUTION


def edges(neighbors):
    """UMAP's fuzzy graph of Neighbors, as scanpy's `neighbors` makes it: pairs of points (edges, 2), and (edges,) weights."""
    from scipy import sparse

    knn = with_self_first(neighbors)
    n, k = knn.indices.shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        empty = sparse.coo_matrix((n, 1))
        result = umap_library.umap_().fuzzy_simplicial_set(
            empty, k, None, None, knn_indices=knn.indices, knn_dists=knn.distances, set_op_mix_ratio=1.0
        )
    upper = sparse.triu(result[0], k=1).tocoo()
    return np.column_stack([upper.row, upper.col]), upper.data.astype(float)


def graph(neighbors, known=None):
    """The igraph.Graph of Neighbors with edge weights; `known`: their `edges`, where they are known."""
    import igraph

    pairs, weights = edges(neighbors) if known is None else known
    # igraph reads an array one number at a time: pairs of plain numbers take an eighth of the time.
    pairs = zip(*np.asarray(pairs).T.tolist(), strict=True)
    return igraph.Graph(n=len(neighbors.indices), edges=pairs, edge_attrs={"weight": weights.tolist()})


def leiden(graph, resolution=DEFAULT_RESOLUTION, seed=0):
    """(points,) int32 cluster of each point, 0 the largest: Leiden (Traag 2019) by weighted modularity, seeded."""
    import igraph

    igraph.set_random_number_generator(random.Random(seed))
    try:
        partition = graph.community_leiden(
            objective_function="modularity", weights="weight", resolution=resolution, n_iterations=2
        )
    finally:
        igraph.set_random_number_generator(random)
    return by_size(np.asarray(partition.membership))


def by_size(labels):
    """The same partition numbered from the largest cluster down; ties go to the smaller old number."""
    names, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    rank = np.empty(len(names), dtype=np.int32)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(names))
    return rank[inverse.ravel()]
