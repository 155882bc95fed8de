"""Batches that are, nest or nearly tell another grouping of the cells."""

import numpy as np
import pytest

from core.analysis.confounding import Relation, relation

FOUR = np.repeat([0, 1, 2, 3], 50)
TWO = np.repeat([0, 1], 100)


@pytest.mark.parametrize(
    "batches, groups, expected",
    [
        (TWO, 1 - TWO, Relation.SAME),  # under other numbers
        (TWO, np.where(np.arange(200) < 3, -1, TWO), Relation.SAME),  # some cells without a group
        (FOUR, TWO, Relation.WITHIN),
        (TWO, FOUR, Relation.CONTAINS),
        (TWO, np.where(np.arange(200) < 5, 1, TWO), Relation.NEARLY),  # 5 of 200 cells of the other group
        (TWO, np.where(np.arange(200) < 25, 1, TWO), Relation.NONE),
        (TWO, np.tile([0, 1], 100), Relation.NONE),
        (TWO, np.zeros(200, dtype=int), Relation.NONE),  # the same in every cell
        (TWO, np.full(200, -1), Relation.NONE),
    ],
)
def test_the_relation_of_batches_to_groups(batches, groups, expected):
    assert relation(batches, groups) is expected


def test_a_common_group_alone_does_not_tell():
    """96 % of the cells of both batches are of one group: the batch tells nothing."""
    groups = np.zeros(200, dtype=int)
    groups[[1, 2, 3, 4, 101, 102, 103, 104]] = 1
    assert relation(TWO, groups) is Relation.NONE
