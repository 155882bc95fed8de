"""Panels show every cell in its place and colour, nothing lost on the way to the browser."""

import json

import numpy as np
import pytest
from figure_data import THEMES, annotation_texts, cells_of, sent

from core import figures
from core.figures.theme import CATEGORIES, THEME_COLOURS


def cells_with_a_value(figure):
    """The traces that have cells in the colours of their values."""
    return [trace for trace in figure.data if trace.customdata is not None and trace.name != "no value"]


def entries(figure):
    """(name, colour) of the legend."""
    return [(trace.name, trace.marker.color) for trace in figure.data if trace.showlegend]


def test_all_categories_of_a_panel_are_one_trace_in_the_shuffled_order():
    cells, points = cells_of(90)
    colour = figures.Colour("cell type", np.arange(90) % 3, ("B", "T", "NK"))
    figure = figures.panels([figures.Panel("UMAP", points), figures.Panel("PCA", points)], colour, cells)
    drawn = cells_with_a_value(figure)
    assert [(trace.type, trace.xaxis) for trace in drawn] == [("scattergl", "x"), ("scattergl", "x2")]
    for trace in drawn:
        assert list(trace.customdata) == figures.shuffled(90).tolist()
        assert [("B", "T", "NK")[code] for code in trace.marker.color] == list(trace.hovertext)
        assert [paint for _, paint in trace.marker.colorscale] == list(CATEGORIES[:3])
    assert entries(figure) == list(zip(("B", "T", "NK"), CATEGORIES, strict=False))


def test_a_point_knows_its_cell():
    cells, points = cells_of(50)
    codes = np.arange(50) % 4
    figure = figures.panels([figures.Panel("UMAP", points)], figures.Colour("k", codes, tuple("abcd")), cells)
    assert isinstance(sent(figure)["data"][0]["customdata"], list)  # dash cannot index a base64 array
    trace = figure.data[0]
    assert len(trace.x) == 50
    for x, y, i, name in zip(trace.x, trace.y, trace.customdata, trace.text, strict=True):
        assert (x, y) == tuple(points[i])
        assert name == cells[i]


def test_a_group_keeps_its_colour_when_another_is_absent():
    cells, points = cells_of(10)
    figure = figures.panels(
        [figures.Panel("UMAP", points)], figures.Colour("k", np.full(10, 2), ("a", "b", "c")), cells
    )
    assert entries(figure) == [("c", CATEGORIES[2])]
    assert set(figure.data[0].marker.color) == {2} and figure.data[0].marker.cmax == 2


@pytest.mark.parametrize("theme", THEMES)
def test_unknown_values_are_grey_and_lie_beneath(theme):
    cells, points = cells_of(40)
    grey = THEME_COLOURS[theme].missing
    codes = np.where(np.arange(40) < 5, -1, np.arange(40) % 2)
    groups = figures.panels(
        [figures.Panel("UMAP", points)], figures.Colour("k", codes, ("a", "b")), cells, theme
    )
    assert (groups.data[0].name, groups.data[0].marker.color, len(groups.data[0].x)) == ("no value", grey, 5)
    assert entries(groups)[-1] == ("no value, 5 cells", grey)
    values = np.linspace(3, 0, 40)
    values[[4, 9]] = np.nan, np.inf
    numbers = figures.panels([figures.Panel("UMAP", points)], figures.Colour("CD3E", values), cells, theme)
    assert (numbers.data[0].marker.color, numbers.data[0].customdata) == (grey, (4, 9))
    assert entries(numbers) == [("no value, 2 cells", grey)]
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
    assert (axis.cmin, axis.cmax) == pytest.approx((0, np.percentile(colour.values, 99)))
    assert "CD3E" in axis.colorbar.title.text and "log1p of counts per 10,000" in axis.colorbar.title.text


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
        assert len(cells_with_a_value(figure)) == n
        sent(figure)


def test_a_panel_without_points_says_why():
    cells, points = cells_of(10)
    panels = [figures.Panel("UMAP", None, "being computed"), figures.Panel("PCA", points)]
    figure = figures.panels(panels, figures.Colour("k", np.zeros(10, int), ("a",)), cells)
    assert "being computed" in annotation_texts(figure)
    assert [(trace.xaxis, trace.showlegend) for trace in figure.data] == [("x2", False), ("x2", True)]
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
    drawn = [trace for trace in figure.data if not trace.showlegend]
    assert [trace.type for trace in drawn] == ["scatter3d", "scatter3d", "scattergl"]
    assert len(figure.data[1].x) == 2  # plotly cannot dim single points in 3-D: the chosen ones stand out
    assert figure.layout.scene.zaxis.title.text == "UMAP 3"


def test_selected_cells_are_selected_in_every_panel():
    cells, points = cells_of(30)
    colour = figures.Colour("k", np.arange(30) % 2, ("a", "b"))
    figure = figures.panels(
        [figures.Panel("UMAP", points), figures.Panel("PCA", points)], colour, cells, selected=[3, 4, 6]
    )
    for trace in cells_with_a_value(figure):
        assert {trace.customdata[i] for i in trace.selectedpoints} == {3, 4, 6}


@pytest.mark.parametrize("columns", [1, 2])
def test_sixty_groups_have_sixty_entries_in_the_legend(columns):
    cells, points = cells_of(600)
    colour = figures.Colour("leiden", np.arange(600) % 60, tuple(f"cluster {i}" for i in range(60)))
    figure = figures.panels([figures.Panel("UMAP", points)] * 2, colour, cells, columns=columns)
    assert sum(trace.showlegend for trace in figure.data) == 60
    assert figure.layout.legend.orientation == ("h" if columns == 1 else None)
    assert figure.layout.legend.itemclick is False  # it would hide an entry of the legend alone


def test_names_are_drawn_as_text_not_as_markup():
    cells, points = cells_of(2)
    colour = figures.Colour("a<b", np.array([0, 0]), ("<a href='x'>T</a>",))
    figure = figures.panels([figures.Panel("<i>mine</i>", points, x="<b>1")], colour, ["<b>x</b>", "y"])
    assert figure.layout.annotations[0].text == "&lt;i&gt;mine&lt;/i&gt;"
    assert figure.layout.xaxis.title.text == "&lt;b&gt;1"
    assert "<a" not in entries(figure)[0][0] and "<a" not in figure.data[0].hovertext[0]
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
    assert len(text) < 1.7e6
    assert json.loads(text)["data"][0]["x"]["dtype"] == "f4"  # base64, not a list of digits


def test_very_many_cells_are_sent_without_names():
    cells, points = cells_of(70_000)
    colour = figures.Colour("k", np.zeros(70_000, int), ("a",))
    figure = figures.panels([figures.Panel("UMAP", points)] * 2, colour, cells)
    assert figure.data[0].text is None
    assert "cell %{customdata}" in figure.data[0].hovertemplate


def test_each_panel_can_have_a_colour_of_its_own_with_its_own_bar():
    cells, points = cells_of(60)
    kinds = figures.Colour("kind", np.arange(60) % 2, ("a", "b"))
    rna, protein = (
        figures.Colour(name, np.arange(60.0) * times, None, "log1p")
        for name, times in (("CD3E", 1), ("CD3", 2))
    )
    panels = [
        figures.Panel(colour.name, points, key="u", colour=colour) for colour in (kinds, rna, protein, rna)
    ]
    figure = figures.panels(panels, kinds, cells)
    drawn = cells_with_a_value(figure)
    axes = [trace.marker.coloraxis for trace in drawn]
    assert axes == [None, "coloraxis2", "coloraxis3", "coloraxis2"]  # the same gene has one scale
    bars = [figure.layout[axis].colorbar for axis in ("coloraxis2", "coloraxis3")]
    assert bars[0].y > bars[1].y and "CD3E" in bars[0].title.text and "clipped at" in bars[1].title.text
    assert figure.layout.coloraxis3.cmax == pytest.approx(2 * figure.layout.coloraxis2.cmax)
    assert entries(figure) == [("a", CATEGORIES[0]), ("b", CATEGORIES[1])]


@pytest.mark.parametrize("webgl", [True, False])
def test_a_panel_of_one_category_shows_all_other_cells_in_grey(webgl, monkeypatch):
    cells, points = cells_of(40)
    donor = np.arange(40) % 4
    values = np.arange(40.0)
    values[0] = np.nan
    panel = figures.Panel("donor 0", points, only=donor == 0)
    figure = figures.panels([panel], figures.Colour("CD3E", values), cells, webgl=webgl)
    others, unknown, coloured = figure.data[:3]
    assert (len(others.x), others.name, others.marker.color) == (
        30,
        "other cells",
        THEME_COLOURS["light"].missing,
    )
    assert list(unknown.customdata) == [0] and set(coloured.customdata) == set(range(4, 40, 4))
    assert figure.layout.coloraxis.cmax == pytest.approx(np.percentile(values[1:], 99))  # of all cells


def test_nine_panels_stand_in_three_columns():
    cells, points = cells_of(10)
    panels = [figures.Panel(str(i), points) for i in range(9)]
    layout = figures.panels(panels, figures.Colour("x", np.arange(10.0)), cells, columns=3).layout
    assert layout.xaxis9.domain[1] == pytest.approx(1) and layout.yaxis9.domain[0] == pytest.approx(
        0, abs=1e-9
    )
    assert layout.xaxis4.domain == layout.xaxis.domain
