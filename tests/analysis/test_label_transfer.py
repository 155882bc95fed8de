"""Votes and distances of mapped cells, on cases worked by hand."""

import numpy as np

from core.analysis.label_transfer import farness, own_distances, vote
from core.analysis.neighbors import Neighbors


def near(indices, distances=None):
    indices = np.array(indices)
    return Neighbors(indices, np.zeros(indices.shape) if distances is None else np.array(distances))


def test_the_distance_of_a_mapped_cell_is_that_of_its_last_neighbour():
    found = farness(near([[0, 1, 2], [0, 1, 2]], [[1, 2, 3], [1, 2, 10]]), np.array([2.5, 5]))
    assert found.tolist() == [0.5, 1.0]


def test_most_votes_win_the_first_label_counts_and_cells_without_a_label_do_not():
    votes = vote(near([[0, 1, 2], [3, 4, 2], [3, 4, 5]]), np.array([0, 0, 1, -1, -1, -1]))
    assert votes.codes.tolist() == [0, 1, -1]
    np.testing.assert_allclose(votes.confidence, [2 / 3, 1 / 3, 0])


def test_own_distances_are_those_of_the_fifteenth_other_cell():
    line = np.arange(40, dtype=np.float32)[:, None]
    assert own_distances(line)[0] == 8 and own_distances(line)[-1] == 15  # in the middle, and at the ends
