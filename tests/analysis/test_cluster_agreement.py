"""Agreement of two clusterings, beside scikit-learn and cases worked by hand."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import contingency_matrix

from core.analysis.cluster_agreement import Change, adjusted_rand_index, changes, contingency, shared_cells


@pytest.mark.parametrize("seed", range(5))
def test_the_ari_is_that_of_scikit_learn(seed):
    random = np.random.default_rng(seed)
    first = random.integers(0, 6, 500)
    second = np.where(random.random(500) < 0.2 * seed, first, random.integers(0, 4, 500))
    table = contingency(first, second)
    assert (table == contingency_matrix(first, second)).all()
    assert adjusted_rand_index(table) == pytest.approx(adjusted_rand_score(first, second), abs=1e-12)


@pytest.mark.parametrize("codes", [[0, 0, 0, 0], [0, 1, 2, 3], [0, 0, 1, 1], [0]])
def test_the_same_partition_has_an_ari_of_one(codes):
    assert adjusted_rand_index(contingency(codes, codes)) == 1.0 == adjusted_rand_score(codes, codes)


def test_cells_without_a_cluster_are_left_out():
    assert contingency([0, 1, -1, 1], [1, 0, 0, -1], 2, 3).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert contingency([], []).shape == (0, 0) and contingency([-1], [0]).sum() == 0


def test_clusters_are_kept_split_and_merged():
    table = [[90, 10, 0, 0], [0, 0, 50, 45], [0, 30, 0, 0], [0, 25, 0, 0]]
    found = changes(table)
    assert Change("kept", 0, (0,), (0.9,)) in found
    assert [(one.source, one.targets) for one in found if one.kind == "split"] == [(1, (2, 3))]
    assert [(one.source, one.targets) for one in found if one.kind == "merged"] == [(1, (2, 3))]
    assert next(one for one in found if one.kind == "merged").shares == pytest.approx((30 / 65, 25 / 65))
    assert changes(np.zeros((2, 2))) == []


def test_cells_are_matched_by_names_that_are_in_each_once():
    first, second = shared_cells([b"a", b"b", b"c", b"d", b"d"], [b"d", b"c", b"x", b"a"])
    assert first.tolist() == [0, 2] and second.tolist() == [3, 1]
    same = shared_cells([b"a", b"a"], [b"a", b"a"])  # one dataset: the rows themselves
    assert same[0].tolist() == same[1].tolist() == [0, 1]
    assert shared_cells([b"a"], [b"b"])[0].tolist() == []
