"""The expected logarithm of a count is the sum over scipy's probabilities."""

import numpy as np
import pytest
from scipy import stats

from core.training.expected_log import LARGE, expected_log1p


def by_sum(mean, theta, scale):
    """Sum of P(x) log1p(scale x) until nothing is left."""
    law = stats.nbinom(theta, theta / (theta + mean))
    x = np.arange(int(law.ppf(1 - 1e-13)) + 2)
    return float((law.pmf(x) * np.log1p(scale * x)).sum())


MEANS = np.array([0.003, 0.4, 3.0, 40.0, 350.0])
THETAS = np.array([0.03, 0.5, 2.0, 20.0, 9e3])


def assert_close(found, expected, mean):
    short = mean / THETAS < 500
    np.testing.assert_allclose(found[short], np.array(expected)[short], rtol=0, atol=1e-5)
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.005)


@pytest.mark.parametrize("scale", [0.02, 1.0, 7.0])
def test_genes_whose_scale_is_the_cells(scale):
    mean = np.tile(MEANS[:, None], (1, len(THETAS)))
    found = expected_log1p(mean, THETAS, np.full((len(MEANS), 1), scale))
    expected = [[by_sum(m, t, scale) for t in THETAS] for m in MEANS]
    assert_close(found, expected, mean)


def test_proteins_whose_scale_is_their_own():
    scale, mean = np.array([0.01, 0.1, 0.5, 1.0, 3.0]), np.tile(MEANS[:, None], (1, 5))
    found = expected_log1p(mean, THETAS, scale)
    expected = [[by_sum(m, t, s) for t, s in zip(THETAS, scale, strict=True)] for m in MEANS]
    assert_close(found, expected, mean)


@pytest.mark.parametrize("scale", [0.001, 0.1, 1.0])
def test_large_counts_are_integrated(scale):
    mean, theta = np.array([[1.1 * LARGE, 3e3, 2e4]]).T, np.array([0.3, 1.0, 5.0, 500.0])
    found = expected_log1p(np.tile(mean, (1, 4)), theta, np.full((3, 1), scale))
    expected = [[by_sum(m, t, scale) for t in theta] for m in mean.ravel()]
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_nothing_is_expected_of_nothing_and_logarithms_are_below_that_of_the_mean():
    mean = np.array([[0.0, 2.0]])
    found = expected_log1p(mean, np.array([1.0, 1.0]), np.array([[1.0]]))
    assert found[0, 0] == 0 and 0 < found[0, 1] < np.log1p(2.0)
