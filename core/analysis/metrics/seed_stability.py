"""Stability of clusters when the same model is trained with other seeds."""

from itertools import combinations

import numpy as np


def consistency(clusterings):
    """(cells,) 0 to 1: co-clustering consistency, a mean over all pairs of `clusterings` (each (cells,) int).

    The element-centric similarity of two partitions (Gates 2019), which is |A and B| / max(|A|, |B|) for a cell that is
    in cluster A of the one and B of the other; its mean over pairs is the consistency of the R package ClustAssess.
    """
    pairs = list(combinations(clusterings, 2))
    return np.mean([_similarity(a, b) for a, b in pairs], axis=0)


def _similarity(a, b):
    shared = overlap(a, b)
    larger = np.maximum(shared.sum(axis=1)[:, None], shared.sum(axis=0)[None, :])
    return (shared / np.maximum(larger, 1))[a, b]


def overlap(a, b):
    """(clusters of a, clusters of b): how many cells are in both."""
    counts = np.zeros((int(np.max(a)) + 1, int(np.max(b)) + 1), dtype=np.int64)
    np.add.at(counts, (a, b), 1)
    return counts


def best_matches(clusters, others):
    """(clusters, others) 0 to 1: the Jaccard index of each cluster with its most similar one in each other clustering.

    Hennig (2007) takes the mean over the others, and calls a cluster stable from 0.75.
    """
    return np.stack([_best(overlap(clusters, other)) for other in others], axis=1)


def _best(shared):
    either = shared.sum(axis=1)[:, None] + shared.sum(axis=0)[None, :] - shared
    return (shared / np.maximum(either, 1)).max(axis=1)
