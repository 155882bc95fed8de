"""The names of categories among their cells."""

import numpy as np
import pytest

from core import figures
from core.figures.labels import free_places, medians, text_size
from core.figures.theme import THEME_COLOURS


def blobs(n_groups, n=40, spread=1.0):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(n_groups * n, 2)) + np.repeat(
        rng.normal(size=(n_groups, 2)) * spread, n, axis=0
    )
    return points, np.repeat(np.arange(n_groups), n)


def test_a_label_is_at_the_median_of_its_cells():
    points = np.array([[0, 0], [1, 5], [100, 6], [7, 7], [np.nan, 1], [9, 9]])
    colour = figures.Colour("k", np.array([0, 0, 0, 1, 1, -1]), ("T", "B", "none here"))
    first, second = medians(points, colour)
    assert (first.name, first.x, first.y, first.n) == ("T", 1, 5, 3)
    assert (second.name, second.x, second.y, second.n) == (
        "B",
        7,
        7,
        1,
    )  # a cell without coordinates counts not
    only = np.array([True, False, False, True, True, True])
    assert medians(points, colour, only)[0][1:4] == (0, 0, 1)


@pytest.mark.parametrize("n_groups, spread", [(8, 1.0), (30, 1.0), (60, 0.0)])
def test_labels_cover_neither_each_other_nor_the_edge(n_groups, spread):
    points, codes = blobs(n_groups, spread=spread)
    names = tuple(f"cell type {i}" for i in range(n_groups))
    found = medians(points, figures.Colour("k", codes, names))
    sizes = np.array([text_size(label.name, 11) for label in found])
    centres = np.array([(label.x, label.y) for label in found]) * 50 + 200
    at = free_places(centres, sizes, (400, 400))
    written = np.isfinite(at[:, 0])
    low, high = (at - sizes / 2)[written], (at + sizes / 2)[written]
    assert (low >= -1e-9).all() and (high <= 400 + 1e-9).all()
    covers = (low[:, None] < high[None] - 1e-9).all(axis=2) & (low[None] < high[:, None] - 1e-9).all(axis=2)
    np.fill_diagonal(covers, False)
    assert not covers.any() and written.sum() >= min(n_groups, 45)


def test_a_label_that_covers_nothing_stays_at_its_median():
    at = free_places([(50, 50), (150, 50)], [(40, 14)] * 2, (200, 100))
    assert at.tolist() == [[50, 50], [150, 50]]
    assert np.isnan(free_places([(50, 50)], [(500, 14)], (200, 100))).all()  # wider than the frame


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_panels_write_the_labels_in_the_colours_of_their_theme(theme):
    points, codes = blobs(5)
    colour = figures.Colour("k", codes, ("<b>T</b>", "B", "NK", "M", "x" * 60))
    cells = np.arange(len(codes)).astype(str)
    numbers = figures.Panel("numbers", points, colour=figures.Colour("x", points[:, 0]))
    figure = figures.panels([figures.Panel("UMAP", points), numbers], colour, cells, theme, labels=True)
    written = [a for a in figure.layout.annotations if a.captureevents]
    assert {a.name for a in written} == {f"label 0 {name}" for name in colour.categories}
    assert {a.font.color for a in written} == {THEME_COLOURS[theme].text} and len(written) == 5
    assert "&lt;b&gt;T&lt;/b&gt;" in [a.text for a in written] and max(len(a.text) for a in written) < 60
    without = figures.panels([figures.Panel("UMAP", points)], colour, cells, theme)
    assert not [a for a in without.layout.annotations if a.captureevents]


def test_all_small_categories_together_have_no_label():
    points, codes = blobs(80, n=5)
    colour = figures.Colour("k", codes, tuple(f"c{i}" for i in range(80)))
    figure = figures.panels([figures.Panel("UMAP", points)], colour, codes.astype(str), labels=True)
    written = [a.text for a in figure.layout.annotations if a.captureevents]
    assert written and not any("smaller" in text for text in written)
