"""Groups are counted by their parts, and two selections become two groups."""

import numpy as np

from core.analysis.composition import composition, two_groups

CODES = np.array([0, 0, 1, -1, 1, 2])


def test_each_group_is_counted_by_its_parts():
    counts, parts = composition(CODES, 3, ["x", "y"], np.array([0, 1, 1, 1, 1, 0]))
    assert parts == ["x", "y"] and counts.tolist() == [[1, 1], [0, 2], [1, 0]]


def test_cells_without_a_part_are_the_last_part():
    counts, parts = composition(CODES, 3, ["x"], np.array([0, -1, -1, -1, 0, 0]))
    assert parts == ["x", "not known"] and counts.tolist() == [[1, 1], [1, 1], [1, 0]]


def test_without_parts_groups_are_counted_whole():
    counts, parts = composition(CODES, 4)
    assert parts == ["cells"] and counts.tolist() == [[2], [2], [1], [0]]


def test_cells_of_both_selections_are_in_neither_group():
    a, b = np.array([True, True, False, False]), np.array([False, True, True, False])
    codes, n_both = two_groups(a, b)
    assert codes.tolist() == [0, -1, 1, -1] and codes.dtype == np.int32 and n_both == 1


def test_without_a_second_selection_the_second_group_is_all_other_cells():
    codes, n_both = two_groups(np.array([True, False, False]))
    assert codes.tolist() == [0, 1, 1] and n_both == 0
