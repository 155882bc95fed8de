"""Binomial thinning: counts of every size as scipy's binomial has them, independent parts, the same bits again."""

import numpy as np
import pytest
from scipy import stats

from core.sparse.thinning import LARGEST, SMALL, thin

CELLS, A_CELL = 400, 50


def thinned(counts, share=0.5, seed=0, draw=1, rows=None, rest=0.0):
    """(seen, units seen of each cell) of `counts` (cells, values)."""
    counts = np.asarray(counts, np.float32)
    seen = np.empty(counts.size, np.float32)
    indptr = np.arange(0, counts.size + 1, counts.shape[1])
    rows = np.arange(len(counts)) if rows is None else rows
    totals = thin(indptr, counts.ravel(), np.full(len(counts), rest), rows, share, seed, draw, seen)
    return seen.reshape(counts.shape), totals


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
@pytest.mark.parametrize("n", [1, 2, 8, 9, SMALL - 2, SMALL - 1, SMALL, 1000, 12_345, LARGEST + 3])
def test_counts_of_every_size_are_divided_as_a_binomial_divides_them(n, share):
    seen = thinned(np.full((CELLS, A_CELL), n), share, seed=n)[0].ravel()
    assert (seen == np.rint(seen)).all() and seen.min() >= 0 and seen.max() <= n
    low, high = stats.binom.ppf([0.001, 0.999], n, share)
    edges = np.unique(np.r_[-0.5, np.linspace(low - 0.5, high + 0.5, 20).round() - 0.5, n + 0.5])
    expected = np.diff(stats.binom.cdf(edges, n, share)) * seen.size
    kept = expected > 5
    drawn = np.histogram(seen, edges)[0]
    pooled = [np.append(x[kept], x[~kept].sum()) for x in (drawn, expected)]
    assert stats.chisquare(*(x[pooled[1] > 0] for x in pooled)).pvalue > 1e-3


def test_counts_beyond_the_tables_have_the_mean_and_the_spread_of_a_binomial():
    n = 5e8
    seen = thinned(np.full((CELLS, A_CELL), n), 0.7)[0].astype(np.float64)
    assert (seen.mean() - 0.7 * n) / np.sqrt(n * 0.21 / seen.size) == pytest.approx(0, abs=4)
    assert seen.var() / (n * 0.21) == pytest.approx(1, abs=0.05)
    assert np.isfinite(thinned(np.full((2, 3), 1e30))[0]).all()


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_the_parts_of_a_poisson_count_are_independent_by_a_chi_square_over_many_draws(share):
    counts = np.random.default_rng(3).poisson(3.0, (2_000, A_CELL)).astype(np.float32)
    seen = thinned(counts, share, seed=5)[0]
    parts = seen.ravel(), (counts - seen).ravel()
    edges = [np.r_[-0.5:5, np.inf], np.r_[-0.5:3, np.inf]]
    table = np.histogram2d(*(np.minimum(part, 99) for part in parts), bins=edges)[0]
    assert stats.chi2_contingency(table[table.sum(axis=1) > 50]).pvalue > 1e-3
    for part, mean in zip(parts, (3 * share, 3 * (1 - share)), strict=True):
        assert part.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / part.size))
        assert part.var() == pytest.approx(mean, rel=0.03)


def test_draws_of_neighbouring_values_cells_seeds_and_numbers_are_unrelated():
    ones = np.ones((CELLS, A_CELL))
    first = thinned(ones)[0] - 0.5
    others = [thinned(ones, seed=1)[0], thinned(ones, draw=2)[0]]
    pairs = [(first, other - 0.5) for other in others]
    pairs += [(first[1:], first[:-1]), (first[:, 1:], first[:, :-1])]
    for one, other in pairs:
        assert abs((one * other).mean() * 4) < 4 / np.sqrt(one.size)


def test_a_cell_has_the_same_bits_in_any_company_and_its_sum_counts_what_is_elsewhere():
    counts = np.random.default_rng(0).poisson(4.0, (CELLS, A_CELL))
    seen, totals = thinned(counts, rest=2_000.0)
    again = thinned(counts, rest=2_000.0)
    np.testing.assert_array_equal(seen, again[0])
    np.testing.assert_array_equal(totals, again[1])
    some = np.array([7, 3, 311])
    apart, of_some = thinned(counts[some], rows=some, rest=2_000.0)
    np.testing.assert_array_equal(apart, seen[some])
    np.testing.assert_array_equal(of_some, totals[some])
    elsewhere = totals - seen.sum(axis=1)
    assert elsewhere.mean() == pytest.approx(1_000, abs=4 * np.sqrt(500 / CELLS))
    assert elsewhere.var() == pytest.approx(500, rel=0.3)
