"""iLISI counts the batches around each cell, and is the index that the paper defines."""

import numpy as np
import pytest

from core.analysis.metrics import lisi
from core.analysis.neighbors import Neighbors, find_neighbors


def test_ilisi_counts_the_batches_that_meet():
    random = np.random.default_rng(0)
    points, groups = random.standard_normal((600, 5)), random.integers(0, 3, 600)
    assert 2.6 < lisi.ilisi(points, groups) <= 3
    assert lisi.ilisi(points + 100 * groups[:, None], groups) == pytest.approx(1)
    half = np.where(groups == 2, 100, 0)[:, None]  # two meet, the third lies by itself
    assert 1.7 < lisi.ilisi(points[groups < 2], groups[groups < 2]) <= 2
    assert 1.5 < lisi.ilisi(points + half, groups) < 2.1


def test_ilisi_is_the_inverse_simpson_index_of_a_gaussian_of_that_perplexity():
    random = np.random.default_rng(1)
    points, groups = random.standard_normal((200, 3)), random.integers(0, 2, 200)
    expected = []
    for i in range(200):
        d = ((points - points[i]) ** 2).sum(axis=1)
        near = np.argsort(d)[1:91]
        low, high = 1e-6, 1e6
        for _ in range(200):  # bisection on the logarithm, one cell at a time
            beta = np.sqrt(low * high)
            w = np.exp(-beta * (d[near] - d[near].min()))
            w /= w.sum()
            low, high = (beta, high) if -(w * np.log(w)).sum() > np.log(30) else (low, beta)
        expected.append(1 / sum(w[groups[near] == g].sum() ** 2 for g in (0, 1)))
    found = lisi.ilisi(points, groups)
    assert found == pytest.approx(np.median(expected), rel=1e-3)
    assert found == lisi.ilisi(points, groups, neighbors=find_neighbors(points, lisi.K + 1))


def test_ilisi_of_few_or_equal_points_is_a_number():
    assert 1 <= lisi.ilisi(np.zeros((10, 2)), np.arange(10) % 2) <= 2
    assert 1 <= lisi.ilisi(np.random.default_rng(0).standard_normal((4, 2)), np.array([0, 1, 0, 1])) <= 2


def test_ilisi_of_many_cells_is_that_of_a_sample_whose_neighbours_are_among_all(monkeypatch):
    random = np.random.default_rng(2)
    points, groups = random.standard_normal((900, 4)), random.integers(0, 3, 900)
    whole = lisi.ilisi(points, groups)
    monkeypatch.setattr(lisi, "CELLS", 300)
    assert lisi.scored_rows(900).tolist() == list(range(0, 900, 3))
    sample = lisi.ilisi(points, groups)
    assert sample == pytest.approx(whole, abs=0.05) and sample != whole
    assert sample == lisi.ilisi(points, groups, neighbors=find_neighbors(points, lisi.K + 1))


def test_the_perplexity_is_at_most_a_third_of_the_neighbours():
    """With nine neighbours it is 3, whatever is asked for: as Harmony's compute_lisi takes three times as many neighbours."""
    random = np.random.default_rng(4)
    neighbors = Neighbors(random.integers(0, 50, (20, 9)), np.sort(random.random((20, 9)), axis=1))
    batches = random.integers(0, 3, 50)
    capped = lisi.per_cell(neighbors, batches, perplexity=30)
    np.testing.assert_array_equal(capped, lisi.per_cell(neighbors, batches, perplexity=3))
    assert (capped != lisi.per_cell(neighbors, batches, perplexity=2)).any()
    weights = lisi.gaussian(neighbors.distances, 3)
    np.testing.assert_allclose(np.exp(-(weights * np.log(weights)).sum(axis=1)), 3, rtol=1e-5)
