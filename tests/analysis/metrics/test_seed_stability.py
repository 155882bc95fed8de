"""Co-clustering consistency and best matches follow their definitions, computed the slow way."""

import numpy as np
import pytest

from core.analysis.metrics import descriptions, seed_stability


def test_consistency_is_gates_element_centric_similarity():
    """By its definition: personalised PageRank over the cliques of two partitions, in a closed form, alpha = 0.9."""
    random, alpha = np.random.default_rng(0), 0.9
    a, b = random.integers(0, 3, 40), random.integers(0, 4, 40)

    def affinity(labels):
        same = labels[:, None] == labels
        return alpha * same / same.sum(axis=1)[:, None] + (1 - alpha) * np.eye(len(labels))

    expected = 1 - np.abs(affinity(a) - affinity(b)).sum(axis=1) / (2 * alpha)
    np.testing.assert_allclose(seed_stability.consistency([a, b]), expected, atol=1e-6)
    c = random.integers(0, 2, 40)
    pairs = [seed_stability.consistency(pair) for pair in ([a, b], [a, c], [b, c])]
    np.testing.assert_allclose(seed_stability.consistency([a, b, c]), np.mean(pairs, axis=0), atol=1e-6)


def test_renumbered_clusters_are_wholly_consistent():
    assert (seed_stability.consistency([np.array([0, 0, 1, 2]), np.array([2, 2, 0, 1])]) == 1).all()


def test_a_best_match_is_the_jaccard_index_with_the_best_match():
    clusters, other = np.array([0, 0, 0, 0, 1, 1, 2]), np.array([0, 0, 0, 1, 1, 1, 1])
    # {0..3} against {0, 1, 2}: 3 of 4; {4, 5} against {3..6}: 2 of 4; {6} against the same: 1 of 4.
    np.testing.assert_allclose(
        seed_stability.best_matches(clusters, [other, clusters])[:, 0], [0.75, 0.5, 0.25]
    )
    assert (seed_stability.best_matches(clusters, [other, clusters])[:, 1] == 1).all()


@pytest.mark.parametrize("jaccard, word", [(0.75, "stable"), (0.7, "doubtful"), (0.2, "dissolves")])
def test_stability_has_hennigs_thresholds(jaccard, word):
    assert descriptions.stability_of(jaccard) == word
