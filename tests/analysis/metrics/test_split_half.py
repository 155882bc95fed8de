"""Spaces are scored by molecules they have not seen: noise gains nothing, and the deviance is that of Poisson regression."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import mean_poisson_deviance

from core.analysis.metrics import split_half

N_TRAIN, N_SCORED, G, K = 600, 200, 40, 4


@pytest.fixture(scope="module")
def cells():
    """Four types of cells, in halves: (counts of both halves, what is scored, the type of each cell)."""
    random = np.random.default_rng(0)
    types = random.integers(K, size=N_TRAIN + N_SCORED)
    rate = random.gamma(0.5, 4, (K, G))[types]
    counts = [sparse.csr_matrix(random.poisson(rate).astype(np.float64)) for _ in range(2)]
    halves = SimpleNamespace(train=np.arange(N_TRAIN), scored=np.arange(N_TRAIN, N_TRAIN + N_SCORED))
    return counts, halves, types


def scored(points, cells):
    counts, halves, _ = cells
    return split_half.deviance_explained(points, counts, halves, split_half.mean_profile(counts, halves))


def by_type(types, noise, seed=1):
    return np.eye(K, dtype=np.float32)[types] + noise * np.random.default_rng(seed).normal(
        size=(len(types), K)
    ).astype(np.float32)


def test_a_space_of_the_types_explains_what_a_space_of_noise_does_not(cells):
    _, _, types = cells
    truth, error, by_gene = scored(by_type(types, 0.05), cells)
    blurred = scored(by_type(types, 0.6), cells)[0]
    noise = scored(by_type(types * 0, 1.0), cells)[0]
    assert truth > blurred + 2 * error > noise and truth > 0.4 and abs(noise) < 0.1
    assert by_gene.shape == (G,) and np.nanmax(by_gene) <= 1 and 0 < error < 0.05


def test_dimensions_that_copy_noise_of_the_seen_half_lower_the_score(cells):
    counts, _, types = cells
    clean = by_type(types, 0.05)
    copied = np.hstack([clean, 0.3 * (counts[0].toarray() - counts[0].mean(axis=0).A1)]).astype(np.float32)
    assert scored(copied, cells)[0] < scored(clean, cells)[0]


def test_deviances_are_those_of_scikit_learn(cells):
    counts, halves, _ = cells
    found = split_half.mean_profile(counts, halves)
    share = np.asarray(counts[0][halves.train].sum(axis=0)).ravel()
    y = counts[1][halves.scored].toarray()
    mean = np.outer(y.sum(axis=1), share / share.sum())
    for j in (0, 7):
        theirs = mean_poisson_deviance(y[:, j], mean[:, j]) * len(y)
        assert found.by_gene[j] == pytest.approx(theirs, rel=1e-9)
    assert found.by_cell.sum() == pytest.approx(found.by_gene.sum())


def test_the_error_of_the_share_is_that_of_resampled_cells(cells):
    counts, halves, types = cells
    base = split_half.mean_profile(counts, halves).by_cell
    predicted = base * 0.6 + np.random.default_rng(2).gamma(2, 2, len(base))
    _, error = split_half.explained(predicted, base)
    random, draws = np.random.default_rng(3), []
    for _ in range(2000):
        rows = random.integers(len(base), size=len(base))
        draws.append(1 - predicted[rows].sum() / base[rows].sum())
    assert error == pytest.approx(np.std(draws), rel=0.1)


def test_places_come_back_where_both_halves_agree():
    random = np.random.default_rng(0)
    one = random.normal(size=(300, 5))
    rows = np.arange(300)
    assert split_half.places(one, one, rows) == pytest.approx(1)
    assert split_half.places(one, one + 0.1 * random.normal(size=one.shape), rows) > 0.97
    assert split_half.places(one, random.permutation(one), rows) == pytest.approx(0.5, abs=0.06)
