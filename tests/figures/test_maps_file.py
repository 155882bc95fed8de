"""What the maps show, as a file, and that file drawn by matplotlib."""

import io
import re

import numpy as np
import pytest

from core.config.bundle import Size
from core.errors import UserError
from core.figures import PERCENTILE, Clip, Colour, Filtered, Over, Panel, maps_file
from core.figures.maps_file import Maps
from core.figures.printed import maps_pdf, matplotlib_figures, matplotlib_maps, paper_figures

N = 60


@pytest.fixture(scope="module")
def shown():
    """Two maps of the same embedding with colours of their own, one of a second dataset, and one that is not computed."""
    rng = np.random.default_rng(0)
    points = rng.standard_normal((N, 2)).astype(np.float32)
    kinds = Colour("kind", np.arange(N) % 3 - (np.arange(N) == 0), ("A", "B", "C"), "from the file")
    level = Colour("CD3E", rng.random(N), None, "log1p", clip=Clip(None, 50))
    over = Over(points[:5], Colour("label", np.arange(5) % 2, ("x", "y")), np.array(list("abcde")), "second")
    panels = (
        Panel("first", points, "", "UMAP 1", "UMAP 2", key="u", colour=kinds),
        Panel("second", points, "", "UMAP 1", "UMAP 2", key="u", colour=level, only=np.arange(N) < 50),
        Panel("mapped", points, "", "UMAP 1", "UMAP 2", key="m", over=over),
        Panel("third", None, "not computed yet", key="t"),
    )
    inside = np.arange(N) < 40
    return Maps(panels, kinds, 2, True, Filtered(inside), np.arange(N) < 10, "X: counts")


def test_maps_come_back_from_their_file_as_they_were(shown):
    read = maps_file.read(maps_file.written(shown))
    assert (read.columns, read.labels, read.badge) == (2, True, "X: counts")
    first, second, mapped, third = read.panels
    assert first.points is second.points and first.colour is read.colour  # each array is in the file once
    np.testing.assert_array_equal(first.points, shown.panels[0].points)
    np.testing.assert_array_equal(second.colour.values, shown.panels[1].colour.values)
    assert second.colour.clip == Clip(None, 50, PERCENTILE) and first.colour.categories == ("A", "B", "C")
    assert (
        second.only.sum() == 50
        and mapped.over.title == "second"
        and mapped.over.colour.categories == ("x", "y")
    )
    assert third.points is None and third.note == "not computed yet"
    assert read.filtered.inside.sum() == 40 and not read.filtered.hidden and read.selected.sum() == 10


def drawn(maps, **options):
    """(matplotlib Figure, its SVG) of Maps."""
    with matplotlib_figures.styled():
        figure = matplotlib_figures.sheet(Size(180, 120, 72))
        matplotlib_maps.shown(figure, maps._replace(**options))
        file = io.StringIO()
        figure.savefig(file, format="svg")
    return figure, file.getvalue()


def test_each_panel_has_its_colour_and_the_legend_says_whose_it_is(shown):
    figure, svg = drawn(shown)
    words = set(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
    assert {
        "first",
        "second",
        "mapped",
        "third",
        "not computed yet",
        "X: counts",
        "A",
        "B",
        "C",
        "x",
        "y",
    } <= words
    assert {"kind, map 1", "label, map 3", "CD3E"} <= words and any("clipped at" in word for word in words)
    assert "no value, 1 cell" in words  # of the cells that pass the filter
    first, second = (axes.collections[0].get_facecolors() for axes in figure.axes[:2])
    assert len(first) == N and len(np.unique(first[:, :3], axis=0)) == 4  # three categories, and grey
    assert len(np.unique(second[:, :3], axis=0)) > 10


def test_cells_outside_the_filter_are_small_and_grey_or_not_drawn(shown):
    cells = drawn(shown)[0].axes[0].collections[0]
    assert len(cells.get_offsets()) == N and len(np.unique(cells.get_sizes())) == 2
    hidden = drawn(shown, filtered=Filtered(shown.filtered.inside, True))[0].axes[0].collections[0]
    assert len(hidden.get_offsets()) == 40
    assert np.isclose(hidden.get_facecolors()[:, 3], 0.85).sum() == 10  # the selected cells


def test_one_colour_for_all_panels_has_one_scale(shown):
    level = shown.panels[1].colour
    panels = [panel._replace(colour=level, only=None) for panel in shown.panels[:2]]
    figure, svg = drawn(shown, panels=panels, colour=level, filtered=None)
    assert len(figure.axes) == 3 and svg.count("CD3E") == 1


def test_panels_in_three_dimensions_are_drawn(shown):
    points = np.random.default_rng(1).standard_normal((N, 3)).astype(np.float32)
    panel = Panel("3-D", points, "", "a", "b", "c", colour=shown.colour)
    figure, _ = drawn(shown, panels=[panel], filtered=None)
    assert figure.axes[0].name == "3d"


def test_a_pdf_is_drawn_in_a_process_of_its_own(shown):
    content = maps_pdf.pdf(maps_file.written(shown._replace(panels=shown.panels[:2])))
    wide, high = map(float, re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", content).groups())
    assert content.startswith(b"%PDF") and np.allclose(
        (wide / 72 * 25.4, high / 72 * 25.4), (226, 78), atol=0.2
    )


def test_what_cannot_be_drawn_is_refused_with_a_reason(shown, monkeypatch):
    with pytest.raises(UserError, match="could not be drawn"):
        maps_pdf.pdf(b"no maps")
    monkeypatch.setattr(maps_pdf, "SECONDS", 0.01)
    with pytest.raises(UserError, match="took longer"):
        maps_pdf.pdf(maps_file.written(shown))
    assert maps_pdf.AT_ONCE.acquire(blocking=False) and maps_pdf.AT_ONCE.acquire(blocking=False)
    with pytest.raises(UserError, match="Wait a minute"):
        maps_pdf.pdf(b"")
    maps_pdf.AT_ONCE.release(2)


def test_the_figure_of_a_bundle_is_as_high_as_its_rows(shown):
    one = paper_figures.shown_maps(shown._replace(panels=shown.panels[:1]), Size(180, 100, 72))
    four = paper_figures.shown_maps(shown, Size(180, 100, 72))
    assert one.size.height == 100 and four.size.height == pytest.approx(124, abs=1) and not four.vectors
