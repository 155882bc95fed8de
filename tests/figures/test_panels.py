"""Panels show every cell in its place and colour, nothing lost on the way to the browser."""

import json

import numpy as np
import pytest
from figure_data import THEMES, annotation_texts, cells_of, named, sent

from core import figures
from core.figures.theme import CATEGORIES, THEME_COLOURS


def test_one_legend_click_reaches_a_group_in_every_panel():
    cells, points = cells_of(90)
    colour = figures.Colour("cell type", np.arange(90) % 3, ("B", "T", "NK"))
    figure = figures.panels([figures.Panel("UMAP", points), figures.Panel("PCA", points)], colour, cells)
    assert len(figure.data) == 6
    assert [trace.type for trace in figure.data] == ["scattergl"] * 6
    groups = {trace.name: {t.legendgroup for t in named(figure, trace.name)} for trace in figure.data}
    assert groups == {"B": {"0"}, "T": {"1"}, "NK": {"2"}}
    assert [trace.showlegend for trace in figure.data] == [True] * 3 + [False] * 3
    assert {trace.xaxis for trace in figure.data} == {"x", "x2"}


def test_a_point_knows_its_cell():
    cells, points = cells_of(50)
    codes = np.arange(50) % 4
    figure = figures.panels([figures.Panel("UMAP", points)], figures.Colour("k", codes, tuple("abcd")), cells)
    for trace in figure.data:
        assert isinstance(sent(figure)["data"][0]["customdata"], list)  # dash cannot index a base64 array
        for x, y, i, name in zip(trace.x, trace.y, trace.customdata, trace.text, strict=True):
            assert (x, y) == tuple(points[i])
            assert name == cells[i]


def test_a_group_keeps_its_colour_when_another_is_absent():
    cells, points = cells_of(10)
    figure = figures.panels(
        [figures.Panel("UMAP", points)], figures.Colour("k", np.full(10, 2), ("a", "b", "c")), cells
    )
    assert [(trace.name, trace.marker.color) for trace in figure.data] == [("c", CATEGORIES[2])]


@pytest.mark.parametrize("theme", THEMES)
def test_unknown_values_are_grey_and_lie_beneath(theme):
    cells, points = cells_of(40)
    grey = THEME_COLOURS[theme].missing
    codes = np.where(np.arange(40) < 5, -1, np.arange(40) % 2)
    groups = figures.panels(
        [figures.Panel("UMAP", points)], figures.Colour("k", codes, ("a", "b")), cells, theme
    )
    assert (groups.data[0].name, groups.data[0].marker.color, len(groups.data[0].x)) == ("not known", grey, 5)
    values = np.linspace(3, 0, 40)
    values[[4, 9]] = np.nan, np.inf
    numbers = figures.panels([figures.Panel("UMAP", points)], figures.Colour("CD3E", values), cells, theme)
    assert (numbers.data[0].marker.color, numbers.data[0].customdata) == (grey, (4, 9))
    assert (np.diff(numbers.data[1].marker.color) >= 0).all()  # the highest is drawn last
    assert len(numbers.data[1].x) == 38
    sent(numbers)


@pytest.mark.parametrize("n_latent", [2, 3, 4])
@pytest.mark.parametrize("k", [2, 3])
def test_a_latent_of_two_or_three_dimensions_is_drawn_itself(n_latent, k):
    latent, axes = np.random.default_rng(0).standard_normal((2, 30, n_latent))
    first, pca = figures.panels_of(latent, np.hstack([axes, axes]), {}, k)
    assert pca.title == "Input, PCA" and pca.points.shape == (30, k)
    if n_latent == 4:
        assert first.points is None and first.note == "being drawn ..."
    else:
        assert first.points is latent and first.is_3d == (n_latent == 3) and first.x == "latent 1"


def test_all_panels_of_numbers_share_a_colour_bar_that_says_what_they_are():
    cells, points = cells_of(30)
    colour = figures.Colour("CD3E", np.linspace(0, 4, 30), None, "log1p of counts per 10,000")
    figure = figures.panels([figures.Panel("UMAP", points), figures.Panel("PCA", points)], colour, cells)
    assert {trace.marker.coloraxis for trace in figure.data} == {"coloraxis"}
    axis = figure.layout.coloraxis
    assert (axis.cmin, axis.cmax) == (0, 4)
    assert "CD3E" in axis.colorbar.title.text and "log1p of counts per 10,000" in axis.colorbar.title.text


def test_values_around_zero_get_a_scale_with_zero_in_the_middle():
    cells, points = cells_of(30)
    figure = figures.panels(
        [figures.Panel("UMAP", points)], figures.Colour("latent 1", np.linspace(-1, 3, 30)), cells
    )
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (-3, 3)


def test_a_rare_giant_does_not_rule_the_colours_and_the_bar_says_so():
    cells, points = cells_of(500)
    values = np.linspace(0, 1, 500)
    values[7] = 100
    axis = figures.panels(
        [figures.Panel("UMAP", points)], figures.Colour("n", values), cells
    ).layout.coloraxis
    assert axis.cmax < 2
    assert "and above" in axis.colorbar.title.text


@pytest.mark.parametrize("values", [np.full(20, np.nan), np.zeros(20)])
def test_values_that_are_all_unknown_or_all_equal_can_be_drawn(values):
    cells, points = cells_of(20)
    figure = figures.panels([figures.Panel("UMAP", points)], figures.Colour("x", values), cells)
    assert figure.layout.coloraxis.cmax > figure.layout.coloraxis.cmin
    sent(figure)


@pytest.mark.parametrize("n", [0, 1])
def test_no_cell_and_one_cell_can_be_drawn(n):
    cells, points = cells_of(n)
    for colour in (figures.Colour("k", np.zeros(n, int), ("a",)), figures.Colour("x", np.ones(n))):
        figure = figures.panels([figures.Panel("UMAP", points)], colour, cells)
        assert len(figure.data) == n
        sent(figure)


def test_a_panel_without_points_says_why():
    cells, points = cells_of(10)
    panels = [figures.Panel("UMAP", None, "being computed"), figures.Panel("PCA", points)]
    figure = figures.panels(panels, figures.Colour("k", np.zeros(10, int), ("a",)), cells)
    assert "being computed" in annotation_texts(figure)
    assert [(trace.xaxis, trace.showlegend) for trace in figure.data] == [("x2", True)]
    none = figures.panels(panels[:1], figures.Colour("k", np.zeros(10, int), ("a",)), cells)
    assert none.layout.xaxis.visible is False


def test_points_and_cells_must_be_as_many():
    cells, points = cells_of(10)
    with pytest.raises(ValueError, match="10 points for 9 cells"):
        figures.panels([figures.Panel("UMAP", points)], figures.Colour("x", np.ones(9)), cells[:9])


@pytest.mark.parametrize("numbers", [False, True])
def test_three_columns_of_points_make_a_scene(numbers):
    cells, points = cells_of(30, 3)
    colour = (
        figures.Colour("x", np.arange(30.0)) if numbers else figures.Colour("k", np.zeros(30, int), ("a",))
    )
    panels = [figures.Panel("UMAP", points), figures.Panel("PCA", points[:, :2])]
    figure = figures.panels(panels, colour, cells, selected=[1, 2])
    assert [trace.type for trace in figure.data] == ["scatter3d", "scatter3d", "scattergl"]
    assert len(figure.data[1].x) == 2  # plotly cannot dim single points in 3-D: the chosen ones stand out
    assert figure.layout.scene.zaxis.title.text == "UMAP 3"


def test_selected_cells_are_selected_in_every_panel():
    cells, points = cells_of(30)
    colour = figures.Colour("k", np.arange(30) % 2, ("a", "b"))
    figure = figures.panels(
        [figures.Panel("UMAP", points), figures.Panel("PCA", points)], colour, cells, selected=[3, 4, 6]
    )
    for trace in figure.data:
        chosen = {trace.customdata[i] for i in trace.selectedpoints}
        assert chosen == ({4, 6} if trace.name == "a" else {3})


@pytest.mark.parametrize("columns", [1, 2])
def test_sixty_groups_have_sixty_entries_in_the_legend(columns):
    cells, points = cells_of(600)
    colour = figures.Colour("leiden", np.arange(600) % 60, tuple(f"cluster {i}" for i in range(60)))
    figure = figures.panels([figures.Panel("UMAP", points)] * 2, colour, cells, columns=columns)
    assert sum(trace.showlegend for trace in figure.data) == 60
    assert figure.layout.legend.orientation == ("h" if columns == 1 else None)
    assert figure.layout.legend.groupclick == "togglegroup"


def test_names_are_drawn_as_text_not_as_markup():
    cells, points = cells_of(2)
    colour = figures.Colour("a<b", np.array([0, 0]), ("<a href='x'>T</a>",))
    figure = figures.panels([figures.Panel("<i>mine</i>", points, x="<b>1")], colour, ["<b>x</b>", "y"])
    assert figure.layout.annotations[0].text == "&lt;i&gt;mine&lt;/i&gt;"
    assert figure.layout.xaxis.title.text == "&lt;b&gt;1"
    assert "<a" not in figure.data[0].name and "<a" not in figure.data[0].hovertemplate
    assert figure.data[0].text[0] == "&lt;b&gt;x&lt;/b&gt;"
    assert figure.layout.legend.title.text == "a&lt;b"


@pytest.mark.parametrize("numbers", [False, True])
def test_seven_thousand_cells_in_four_panels_stay_small(numbers):
    cells, points = cells_of(7000)
    colour = (
        figures.Colour("x", np.random.default_rng(1).random(7000))
        if numbers
        else figures.Colour("k", np.arange(7000) % 20, tuple(f"cluster {i}" for i in range(20)))
    )
    text = figures.panels([figures.Panel("UMAP", points)] * 4, colour, cells).to_json()
    assert len(text) < 1.5e6
    assert json.loads(text)["data"][0]["x"]["dtype"] == "f4"  # base64, not a list of digits


def test_very_many_cells_are_sent_without_names():
    cells, points = cells_of(70_000)
    colour = figures.Colour("k", np.zeros(70_000, int), ("a",))
    figure = figures.panels([figures.Panel("UMAP", points)] * 2, colour, cells)
    assert figure.data[0].text is None
    assert "cell %{customdata}" in figure.data[0].hovertemplate
