"""Dispersions by likelihood are those that scipy finds for each feature, and better than those by moments."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize_scalar

from core.training.dispersion import THETA, likely_theta


def draw(theta, cells=4000, seed=0):
    random = np.random.default_rng(seed)
    expected = random.lognormal(0, 1, (cells, len(theta))) * random.lognormal(0, 1, len(theta))
    return random.negative_binomial(theta, theta / (theta + expected)).astype(np.float32), expected


def log_likelihood(counts, expected, theta):
    return stats.nbinom.logpmf(counts, theta, theta / (theta + expected)).sum(axis=0)


def test_theta_is_the_most_likely_one_by_scipy():
    true = np.array([0.05, 0.3, 1.0, 4.0, 30.0])
    counts, expected = draw(true)
    found = likely_theta(counts, expected)
    for j in range(len(true)):
        best = minimize_scalar(
            lambda t, j=j: -log_likelihood(counts[:, j], expected[:, j], np.exp(t)),
            bounds=np.log(THETA),
            method="bounded",
            options={"xatol": 1e-6},
        )
        assert found[j] == pytest.approx(np.exp(best.x), rel=1e-3)
    np.testing.assert_allclose(found[:4], true[:4], rtol=0.3)


def test_counts_less_variable_than_poisson_get_the_largest_theta():
    expected = np.full((500, 2), 7.0)
    assert (likely_theta(np.full((500, 2), 7.0), expected) > 0.9 * THETA[1]).all()


def test_a_feature_without_counts_does_not_disturb_the_others():
    counts, expected = draw(np.array([0.5, 0.5]))
    counts[:, 1] = 0
    found = likely_theta(counts, expected)
    alone = likely_theta(counts[:, :1], expected[:, :1])
    assert found[0] == pytest.approx(alone[0], rel=1e-6) and THETA[0] <= found[1] <= THETA[1]
