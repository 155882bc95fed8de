"""Which cells are drawn over which others."""

import numpy as np

from core.figures import Colour, drawing_order, shuffled


def test_the_shuffled_order_is_fixed_and_has_every_cell_once():
    for n in (0, 1, 2, 1000):
        assert sorted(shuffled(n)) == list(range(n))
    assert shuffled(8).tolist() == [7, 5, 4, 6, 0, 1, 2, 3]  # as assets/61-cells-order.js has it


def test_no_category_hides_another():
    codes = np.repeat([0, 1, 2, 3], 500)  # as a file joined from four samples has them
    order = drawing_order(Colour("sample", codes, tuple("abcd")))
    top = np.bincount(codes[order[-400:]], minlength=4)
    assert (np.abs(top - 100) < 40).all()


def test_cells_without_a_value_lie_beneath_and_high_numbers_on_top():
    codes = np.array([0, -1, 1, -1, 0, 1])
    assert set(drawing_order(Colour("k", codes, ("a", "b")))[:2]) == {1, 3}
    values = np.array([3.0, np.nan, -5.0, np.inf, 0.0])
    assert drawing_order(Colour("x", values)).tolist() == [1, 3, 2, 4, 0]
