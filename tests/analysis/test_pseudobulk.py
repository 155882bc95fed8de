"""Pseudobulk: sums by hand, t-tests as scipy's, the prior of variances as it was drawn, and no false difference."""

import numpy as np
import pytest
from scipy import sparse, stats

from core.analysis import pseudobulk
from core.analysis.pseudobulk import compare, prior_variance, sums, t_test


def test_counts_are_added_up_by_group_and_sample():
    counts = np.arange(12, dtype=np.float32).reshape(6, 2)
    codes, samples = np.array([0, 0, 1, 1, 0, -1]), np.array([0, 1, 0, 0, 0, 1])
    totals, cells = sums([sparse.csc_matrix(counts[:, [j]]) for j in range(2)], codes, samples, 2, 2)
    np.testing.assert_array_equal(totals[0], [[0 + 8, 1 + 9], [2, 3]])
    np.testing.assert_array_equal(totals[1], [[4 + 6, 5 + 7], [0, 0]])
    np.testing.assert_array_equal(cells, [[2, 1], [2, 0]])


def test_log_counts_per_million_are_those_of_voom():
    found = pseudobulk.log_cpm(np.array([[9.0, 0.0, 90.0]]))
    np.testing.assert_allclose(found, np.log2(np.array([[9.5, 0.5, 90.5]]) / 100 * 1e6))


@pytest.mark.parametrize("paired", [True, False])
def test_without_moderation_it_is_students_test(paired):
    random = np.random.default_rng(0)
    a, b = random.standard_normal((2, 5, 30))
    effect, p = t_test(a, b, paired, moderate=False)
    expected = stats.ttest_rel(a, b) if paired else stats.ttest_ind(a, b)
    np.testing.assert_allclose(p, expected.pvalue, rtol=1e-9)
    np.testing.assert_allclose(effect, (a - b).mean(axis=0))


def test_the_prior_of_variances_is_the_one_they_were_drawn_from():
    random = np.random.default_rng(1)
    true = (
        0.3 * 8 / random.chisquare(8, 20_000)
    )  # scaled inverse chi-square: 8 degrees of freedom, variance 0.3
    found_free, found = prior_variance(true * random.chisquare(3, 20_000) / 3, 3)
    assert found_free == pytest.approx(8, rel=0.1) and found == pytest.approx(0.3, rel=0.03)
    alike = 0.5 * random.chisquare(4, 5000) / 4
    free, variance = prior_variance(alike, 4)
    assert free > 100 and variance == pytest.approx(0.5, rel=0.05)


def test_moderated_values_under_the_null_are_uniform():
    random = np.random.default_rng(2)
    deviation = np.sqrt(0.3 * 8 / random.chisquare(8, 4000))
    a, b = deviation * random.standard_normal((2, 3, 4000))
    _, p = t_test(a, b, False)
    assert stats.kstest(p, "uniform").pvalue > 0.01


def donors(random, n_genes=300, cells=60, differing=0):
    """(counts, donor, group): four donors who differ, none treated; `differing` genes follow the group in every donor."""
    rate = random.lognormal(0.5, 0.7, n_genes) * random.lognormal(0, 0.4, (4, n_genes))
    donor = np.repeat(np.arange(4), cells)
    group = np.tile([0, 1], 2 * cells)
    mean = rate[donor] * np.where((np.arange(n_genes) < differing) & (group[:, None] == 0), 3, 1)
    return sparse.csc_matrix(random.poisson(mean).astype(np.float32)), donor, group


def test_donors_of_two_groups_do_not_differ_where_cells_do():
    counts, donor, _ = donors(np.random.default_rng(3))
    codes = (donor >= 2).astype(int)  # two donors against two
    found = compare(*sums([counts], codes, donor, 2, 4))
    dense = counts.toarray()
    by_cells = stats.mannwhitneyu(dense[codes == 0], dense[codes == 1]).pvalue
    assert (stats.false_discovery_control(by_cells) < 0.05).sum() > 100
    assert (found.p_adjusted[0] < 0.05).sum() <= 1  # of 300, at a false discovery rate of 0.05
    assert not found.paired.any() and found.n_samples.tolist() == [2, 2]


def test_what_differs_within_every_donor_is_found():
    counts, donor, group = donors(np.random.default_rng(4), differing=10)
    found = compare(*sums([counts], group, donor, 2, 4))
    assert found.paired.all() and (found.p_adjusted[0, :10] < 0.05).all()
    assert (found.p_adjusted[0, 10:] < 0.05).sum() <= 3
    np.testing.assert_allclose(found.log_fold[0, :10], np.log2(3), atol=0.4)
    np.testing.assert_allclose(found.log_fold[0], -found.log_fold[1], atol=1e-9)


def test_groups_of_one_sample_and_genes_of_few_counts_are_not_tested():
    counts, donor, group = donors(np.random.default_rng(5))
    counts = sparse.csc_matrix(counts.multiply(np.arange(300) > 0))  # gene 0 is silent
    found = compare(*sums([counts], group, donor, 2, 4))
    assert np.isnan(found.p[:, 0]).all() and np.isfinite(found.p[:, 1:]).any()
    one = compare(*sums([counts], group, np.zeros(240, int), 2, 1))
    assert np.isnan(one.p).all() and one.n_samples.tolist() == [0, 0]
