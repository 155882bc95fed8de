"""A cell expresses a protein where its count is above the background of the antibody."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.analysis.protein_expression import limits, shares


def of_two_groups(low, high, n=600, seed=0):
    """(n, 1) counts: two thirds of the cells around `low`, the others around `high`."""
    random = np.random.default_rng(seed)
    return np.r_[random.poisson(low, 2 * n // 3), random.poisson(high, n // 3)][:, None].astype(float)


def test_isotype_controls_give_one_limit_by_hand():
    counts = np.array([[0.0, 1.0, 9.0], [1.0, 0.0, 9.0], [3.0, 3.0, 0.0]])
    logged = np.log1p([0, 1, 3, 1, 0, 3])
    found = limits(counts, ["iso1", "iso2", "CD3"], ["iso1", "iso2"])
    np.testing.assert_allclose(found.counts, np.expm1(logged.mean() + 3 * logged.std(ddof=1)))
    assert "isotype" in found.words and len(found.counts) == 3


def test_empty_droplets_go_before_isotype_controls():
    droplets = SimpleNamespace(names=("CD4", "CD3"), mean=(np.log(20), np.log(12)), sd=(0.0, 0.1))
    found = limits(np.ones((5, 2)), ["CD3", "CD4"], ["CD3"], droplets)
    np.testing.assert_allclose(found.counts, [12 * np.exp(0.3) - 10, 10.0])
    assert "empty droplets" in found.words
    assert "isotype" in limits(np.ones((5, 2)), ["CD3", "new"], ["new"], droplets).words


@pytest.mark.parametrize(("low", "high"), [(3, 60), (20, 400), (8, 1000)])
def test_without_controls_the_limit_lies_between_two_groups(low, high):
    counts = of_two_groups(low, high)
    level = limits(counts, ["CD3"]).counts[0]
    assert counts[:400].mean() < level < counts[400:].mean()
    assert (counts[:400, 0] > level).mean() < 0.02 and (counts[400:, 0] > level).mean() > 0.98


def test_a_protein_of_one_group_has_the_limit_of_the_others():
    one = np.random.default_rng(1).poisson(5, 600)[:, None].astype(float)
    alone = limits(of_two_groups(3, 60), ["CD3"]).counts[0]
    found = limits(np.hstack([of_two_groups(3, 60), one, np.zeros((600, 1))]), ["CD3", "CD4", "empty"]).counts
    np.testing.assert_allclose(found, [alone, alone, alone])
    np.testing.assert_array_equal(limits(one, ["CD4"]).counts, [0.0])  # nothing tells its background


def test_shares_by_hand():
    counts = np.array([[1.0, 9], [5, 9], [5, 0], [0, 0], [7, 7]])
    found = limits(counts, ["a", "b"])._replace(counts=np.array([4.0, 8.0]))
    share, rest = shares(counts, found, np.array([0, 0, 1, 1, -1]), 3)
    np.testing.assert_allclose(share[:2], [[0.5, 1.0], [0.5, 0.0]])
    np.testing.assert_allclose(rest[:2], [[0.5, 0.0], [0.5, 1.0]])
    assert np.isnan(share[2]).all()  # nobody is in it
