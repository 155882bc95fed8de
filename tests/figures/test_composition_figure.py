"""Bars of a composition keep their names apart."""

import numpy as np

from core import figures


def test_long_names_are_short_on_an_axis_and_keep_bars_of_their_own():
    names = [
        "a name of more letters than an axis holds, one",
        "a name of more letters than an axis holds, two",
    ]
    figure = figures.composition(names, [[3], [5]], ["cells"])
    assert list(figure.data[0].y) == [0, 1] and list(figure.data[0].x) == [3, 5]
    assert list(figure.data[0].text) == names
    assert [len(label) for label in figure.layout.yaxis.ticktext] == [28 + len(" (3)")] * 2
    ticks = figures.heat_map(["CD3E", "x" * 60], names, np.eye(2), "mean of logs").layout
    assert list(ticks.yaxis.ticktext) == ["CD3E", "x" * 27 + "…"]
    assert {len(label) for label in ticks.xaxis.ticktext} == {28}
