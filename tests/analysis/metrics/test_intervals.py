"""Errors of scores are those that theory or many samples give, and no space is ahead by chance."""

import numpy as np
import pytest
from sklearn import metrics

from core.analysis.metrics import intervals
from core.analysis.metrics.intervals import ahead, error_of_difference, of_agreement, of_mean, of_median


def test_the_error_of_a_mean_is_the_standard_deviation_over_the_root_of_the_cells():
    values = np.random.default_rng(0).random(400)
    found = of_mean(values)
    assert found.value == pytest.approx(values.mean())
    assert found.error == pytest.approx(values.std(ddof=1) / 20, rel=0.2)


def test_the_error_of_a_median_is_that_of_many_samples():
    random = np.random.default_rng(1)
    medians = np.median(random.standard_normal((2000, 300)), axis=1)
    assert of_median(random.standard_normal(300)).error == pytest.approx(medians.std(), rel=0.35)


def labelled(n, seed=0):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 5, n)
    return labels, np.where(random.random(n) < 0.7, labels, random.integers(0, 6, n))


def test_agreement_is_scikit_learns_with_the_error_of_many_samples():
    labels, clusters = labelled(500)
    found = of_agreement(labels.astype(str), clusters)
    assert found["ari"].value == pytest.approx(metrics.adjusted_rand_score(labels, clusters))
    assert found["nmi"].value == pytest.approx(metrics.normalized_mutual_info_score(labels, clusters))
    assert found["ami"].value == pytest.approx(metrics.adjusted_mutual_info_score(labels, clusters))
    many = [metrics.adjusted_mutual_info_score(*labelled(500, seed)) for seed in range(100)]
    assert found["ami"].error == pytest.approx(np.std(many), rel=0.35)


def test_the_same_partition_and_a_single_cluster_have_numbers():
    same = of_agreement(np.array(["a", "b"] * 20), np.array([0, 1] * 20))
    assert {score.value for score in same.values()} == {1.0} and same["ami"].error < 0.05
    one = of_agreement(np.array(["a", "b"] * 20), np.zeros(40, int))
    assert one["ami"].value == pytest.approx(0) and one["ari"].value == 0


def test_a_space_is_ahead_only_beyond_the_error_of_the_difference_on_the_same_cells():
    random = np.random.default_rng(2)
    cells = random.random(200)
    low, high = of_mean(cells), of_mean(cells + 0.01 + 0.001 * random.standard_normal(200))
    assert error_of_difference(low, high) < 0.1 * low.error
    assert ahead([low, high, intervals.UNKNOWN]) == 1  # paired: much less than the error of either
    assert ahead([low, of_mean(random.random(200) + cells.mean() - 0.5)]) is None
    assert ahead([low]) is None and ahead([intervals.UNKNOWN, intervals.UNKNOWN]) is None


def test_values_that_are_missing_have_no_error():
    assert np.isnan(of_mean([]).error) and np.isnan(of_mean([1.0, np.nan]).value)
