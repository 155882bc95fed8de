"""The files of what the maps show, and sizes in legend and titles within a filter; without a browser."""

from urllib.parse import parse_qsl

import numpy as np
import pytest
from app_under_test import sent

from core import figures
from core.figures import maps_file
from core.figures.printed import maps_pdf
from dashboard.pages.clusters.bundle.callbacks import shown_maps
from dashboard.pages.clusters.viewer import draw, legend, link_state, map_files
from dashboard.pages.clusters.viewer.link_state import ViewerState

GENE, PROTEIN = "gene:SIM-0007", "protein:ADT-01"
FILTER = ({"by": "obs:cell_type", "is": ["type A", "type C"]},)


@pytest.fixture
def run(finished):
    return finished.view.runs.one(finished.run)


def sizes_of(finished, name, rows=slice(None)):
    """[cells of each category] of an obs column, among some of the cells."""
    entry, codes = finished.view.datasets.folder(finished.dataset).column(name)
    return np.bincount(np.asarray(codes)[rows], minlength=len(entry["categories"]))


def inside_of(finished):
    entry, codes = finished.view.datasets.folder(finished.dataset).column("cell_type")
    return np.isin(np.array(entry["categories"])[codes], ["type A", "type C"])


def numbers_of(entries):
    """The sizes that a legend shows."""
    rows = [part for part in entries if getattr(part, "className", "") == "rows"]
    return [int(row.children[2].children.replace(",", "")) for row in rows[0].children]


def test_the_legend_counts_the_cells_that_pass_the_filter(finished, run):
    inside, all_cells = inside_of(finished), sizes_of(finished, "sample")
    drawn = draw.draw(finished.view, run, ViewerState(("pca",), "obs:sample", filter=FILTER))
    entries = legend.legends(drawn.maps, ViewerState(("pca",), "obs:sample"), drawn.shown)
    assert numbers_of(entries) == sizes_of(finished, "sample", inside).tolist() != all_cells.tolist()
    entries = legend.legends(drawn.maps, ViewerState(("pca",), "obs:sample"))
    assert numbers_of(entries) == all_cells.tolist()


def test_a_category_outside_the_filter_keeps_its_row_with_no_cell(finished, run):
    drawn = draw.draw(finished.view, run, ViewerState(("pca",), "obs:cell_type", filter=FILTER))
    numbers = numbers_of(legend.legends(drawn.maps, ViewerState(("pca",), "obs:cell_type"), drawn.shown))
    expected = sizes_of(finished, "cell_type")
    expected[[1, *range(3, 8)]] = 0
    assert numbers == expected.tolist() and 0 in numbers


def test_cells_without_a_value_are_counted_within_the_filter():
    inside = np.arange(6) < 3
    for categories, values in (
        (("a", "b"), [0, 1, -1, -1, 0, 1]),
        (None, [0.0, 1.0, np.nan, np.nan, 0.5, 1.0]),
    ):
        colour = figures.Colour("k", np.array(values), categories)
        assert "2 cells" in sent(legend.legend(colour, None, "light", "obs:k", 1.0))
        assert '1 cell"' in sent(legend.legend(colour, None, "light", "obs:k", 1.0, inside=inside))


def test_titles_of_small_maps_count_the_cells_that_pass_the_filter(finished, run):
    state = ViewerState(("pca",), "clusters", split="obs:sample", filter=FILTER)
    titles = [one.title for one in draw.draw(finished.view, run, state).maps.maps]
    entry, _ = finished.view.datasets.folder(finished.dataset).column("sample")
    counts = sizes_of(finished, "sample", inside_of(finished))
    assert titles == [f"{name} ({n})" for name, n in zip(entry["categories"], counts, strict=True)]


def test_a_pdf_and_a_bundle_have_the_colour_of_each_panel(finished, run, monkeypatch):
    contents = []
    monkeypatch.setattr(maps_pdf, "pdf", lambda content: contents.append(content) or b"%PDF-")
    state = ViewerState(("pca", "pca"), GENE, colours=(PROTEIN,), filter=FILTER, labels=True)
    link = link_state.to_link(state, run)
    answer = finished.client.get(f"/download/{finished.run}/maps.pdf?{link}")
    assert answer.status_code == 200 and answer.mimetype == "application/pdf" and answer.data == b"%PDF-"
    assert f"nuwa_{finished.run}_maps.pdf" in answer.headers["Content-Disposition"]
    contents.append(shown_maps(finished.view, run, ["figures"], link))
    for content in contents:
        maps = maps_file.read(content)
        assert [panel.colour.name for panel in maps.panels] == ["SIM-0007", "ADT-01"] and maps.labels
        assert maps.panels[0].points is maps.panels[1].points
        np.testing.assert_array_equal(maps.filtered.inside, inside_of(finished))
    assert shown_maps(finished.view, run, ["h5ad"], link) is None  # nothing is drawn


def test_what_is_wrong_with_a_pdf_is_said(finished, monkeypatch):
    monkeypatch.setattr(maps_pdf, "AT_ONCE", type("Busy", (), {"acquire": lambda *_, **__: False})())
    answer = finished.client.get(f"/download/{finished.run}/maps.pdf?panels=pca")
    assert answer.status_code == 404 and "Wait a minute" in answer.text


def test_every_state_of_the_page_has_a_record(finished, run):
    for changed in (
        {"k": 3},
        {"by": f"each:{GENE}~{PROTEIN}"},
        {"split": "obs:sample"},
        {"by": "gene:nope"},
        {"selection": {"by": "obs:cell_type", "is": ["type A"]}, "outside": "hidden", "filter": FILTER},
    ):
        state = ViewerState(("pca", "input_tsne"), **changed)
        link = dict(parse_qsl(link_state.to_link(state, run)))
        maps = maps_file.read(
            map_files.record_of(finished.view, run, link_state.from_link(link, finished.view, run))
        )
        assert maps.panels and all(panel.colour for panel in maps.panels)
