"""The selection bar without a browser: counts, the parts of the filter, names and markers of a selection, and links."""

import importlib
import json

import numpy as np
import pytest
from app_under_test import sent

from core import figures
from core.worker.execute import drain
from dashboard.components.location import resolve
from dashboard.pages.clusters import page as clusters
from dashboard.pages.clusters.selection_bar import callbacks
from dashboard.pages.clusters.viewer import draw, filters, link_state, selection
from dashboard.pages.clusters.viewer.link_state import ViewerState

A = {"by": "obs:cell_type", "is": ["type A"]}
B = {"by": "obs:cell_type", "is": ["type B"]}
HIGH = {"by": "gene:SIM-0007", "from": 0.5}


@pytest.fixture
def run(finished):
    return finished.view.runs.one(finished.run)


@pytest.fixture
def kind(finished):
    """(cells,) the type of each cell."""
    entry, codes = finished.view.datasets.folder(finished.dataset).column("cell_type")
    return np.array(entry["categories"])[codes]


def pressed(nuwa, button, output, **values):
    known = {
        "run.data": nuwa.run,
        "resolution.value": 1.0,
        "colour.value": "clusters",
        f"{button}.n_clicks": 1,
    }
    return nuwa.press(output, known | values, f"{button}.n_clicks")


# --- the filter


def test_the_bar_counts_the_cells_that_are_shown_and_names_the_parts_of_the_filter(finished, kind):
    shown = {"filter.data": [A, {"not": HIGH}], "run.data": finished.run}
    answer = finished.press("shown.children", shown)
    gene = finished.view.datasets.folder(finished.dataset).gene(6)
    n = int(((kind == "type A") & ~(gene >= 0.5)).sum())
    assert answer["shown"]["children"] == f"{n} of 240 cells shown."
    chips = sent(answer["bar-chips"])
    assert "cell_type (obs) is type A" in chips and "not: SIM-0007 (gene) is at least 0.5" in chips
    answer = finished.press("shown.children", {"filter.data": None, "run.data": finished.run})
    assert answer["shown"]["children"] == "All 240 cells are shown." and not answer["bar-chips"]["children"]


def test_a_chip_removes_its_part_alone(finished):
    press = '{"name":0,"type":"filter-chip"}.n_clicks'
    values = {"filter-chip": {0: 1, 1: None}, "filter.data": [A, HIGH]}
    assert finished.press("filter.data", values, press)["filter"]["data"] == [HIGH]
    values = {"filter-chip": {0: 1}, "filter.data": [A]}
    assert finished.press("filter.data", values, press)["filter"]["data"] is None


def test_a_selection_is_taken_within_the_filter(finished, run, kind):
    within = filters.within(HIGH, [A])
    assert (
        within == {"all": [HIGH, A]}
        and filters.within(HIGH, []) == HIGH
        and filters.within(None, [A]) is None
    )
    gene = finished.view.datasets.folder(finished.dataset).gene(6)
    cells = selection.cells(finished.view, run, within)
    np.testing.assert_array_equal(cells, (gene >= 0.5) & (kind == "type A"))
    assert selection.description(finished.view, run, within) == (
        "SIM-0007 (gene) is at least 0.5; cell_type (obs) is type A"
    )


def test_cells_outside_the_filter_are_grey_and_small_or_hidden(finished, run, kind, monkeypatch):
    state = ViewerState(("pca",), "obs:cell_type", 1.0, filter=(A,), selection=HIGH)
    n = int((kind == "type A").sum())
    traces = draw.draw(finished.view, run, state).figure.data
    assert [(t.name, len(t.x)) for t in traces] == [
        ("outside the filter", 240 - n),
        ("cell_type", n),
        ("type A", 1),  # the legend has no cell
    ]
    assert traces[0].marker.size < traces[1].marker.size
    hidden = draw.draw(finished.view, run, state._replace(outside="hidden"))
    assert [(t.name, len(t.x)) for t in hidden.figure.data] == [("cell_type", n), ("type A", 1)]
    numbers = draw.draw(finished.view, run, state._replace(by="gene:SIM-0007", outside="hidden"))
    assert sum(len(t.x) for t in numbers.figure.data) == n
    assert draw.draw(finished.view, run, state._replace(k=3)).figure.data[0].name == "outside the filter"
    monkeypatch.setattr(figures, "POINTS_WITHOUT_WEBGL", 0)
    monkeypatch.setattr(draw, "SCATTERGL_POINTS", 0)
    cells = draw.draw(finished.view, run, state).cells
    assert cells["outside"] == "grey" and finished.client.get(cells["filter"]).status_code == 200
    none = {"by": "obs:cell_type", "is": []}
    empty = draw.draw(finished.view, run, state._replace(filter=(none,)))
    assert (
        "No cell passes the filter." in empty.notes and empty.cells["filter"] and not empty.cells["selection"]
    )


def test_an_image_without_webgl_has_the_cells_that_pass_alone_or_the_others_in_grey(monkeypatch):
    monkeypatch.setattr(importlib.import_module("core.figures.panels"), "POINTS_WITHOUT_WEBGL", 0)
    points, codes = np.arange(8.0).reshape(4, 2), np.array([0, 1, 0, 1])
    inside = np.array([1, 0, 1, 1], bool)

    def image(rows, codes, filtered=None):
        colour, panel = figures.Colour("k", codes, ("a", "b")), figures.Panel("p", points[rows])
        names = [str(i) for i in range(len(codes))]
        return figures.panels([panel], colour, names, webgl=False, filtered=filtered).layout.images[0].source

    everything = np.arange(4)
    hidden = image(everything, codes, figures.Filtered(inside, True))
    assert hidden == image(np.flatnonzero(inside), codes[inside]) != image(everything, codes)
    assert image(everything, codes, figures.Filtered(inside)) == image(everything, np.array([0, -1, 0, 1]))


def test_a_filter_that_can_no_longer_be_applied_shows_all_cells_with_a_note(finished, run):
    gone = ({"by": "made:gone", "is": ["x"]},)
    drawn = draw.draw(finished.view, run, ViewerState(("pca",), "clusters", 1.0, filter=gone))
    assert drawn.shown is None and drawn.notes[0].endswith("All cells are shown.")


def test_the_filter_is_in_the_link_and_in_the_table(finished, run, kind):
    link = {"filter": json.dumps([A]), "outside": "hidden"}
    state = link_state.from_link(link, finished.view, run)
    assert state.filter == (A,) and state.outside == "hidden" and not state.notes
    page = sent(
        clusters.layout(
            finished.view, resolve(finished.view, f"?run={finished.run}&filter={json.dumps([A])}")
        )
    )
    assert "type A" in page
    state = link_state.from_link({"filter": "[1]", "outside": "elsewhere"}, finished.view, run)
    assert state.filter == () and state.outside == "grey" and state.notes == (filters.INVALID,)
    rows = finished.client.get(f"/download/{finished.run}/panels.csv", query_string=link).text.splitlines()
    at = rows[0].split(",").index("nuwa_shown")
    assert [row.split(",")[at] for row in rows[1:]] == (kind == "type A").astype(int).astype(str).tolist()


# --- actions on the selected cells


def test_selected_cells_are_named_within_the_filter_and_their_tab_opens(finished, run, kind):
    values = {"selection-within.data": {"all": [A, HIGH]}, "bar-name.value": "high A"}
    answer = pressed(finished, "bar-name-go", "bar-answer.data", **values)
    assert answer["bar-answer"]["data"]["tab"] == "clusters" and answer["bar-name"]["value"] == ""
    row = finished.view.clusterings.one(finished.run, answer["clustering-line"]["data"])
    groups = finished.view.groups.one(finished.run, row["groups"])
    gene = finished.view.datasets.folder(finished.dataset).gene(6)
    named = np.asarray(groups.codes) == groups.names.index("high A")
    np.testing.assert_array_equal(named, (kind == "type A") & (gene >= 0.5))
    answer = pressed(finished, "bar-name-go", "bar-answer.data", **values | {"bar-name.value": " "})
    assert "The name is missing" in sent(answer["bar-message"]) and "bar-answer" not in answer


def test_a_name_starts_from_the_clusters_that_are_shown():
    assert callbacks.start_of("clusters", "x") == "clusters"
    assert callbacks.start_of("made:y", "x") == "made:y"
    assert callbacks.start_of("gene:CD3E", "x") == "made:x"
    assert callbacks.start_of("gene:CD3E", None) == callbacks.start_of(None, "") == "clusters"


def test_markers_of_the_selection_against_the_rest_and_against_another(finished):
    answer = pressed(finished, "bar-markers-go", "bar-answer.data", **{"selection-within.data": A})
    opened = answer["bar-answer"]["data"]
    assert opened["tab"] == "markers" and opened["a"] == A and opened["b"] is None
    drain(finished.store)
    result = finished.view.jobs.one(opened["job"])["result"]
    assert result["names"] == ["A", "all others"] and "cell_type (obs) is type A" in result["words"]
    both = {"bar-kept.data": A, "selection-within.data": B}
    answer = pressed(finished, "bar-two-go", "bar-answer.data", **both)
    drain(finished.store)
    result = finished.view.jobs.one(answer["bar-answer"]["data"]["job"])["result"]
    assert result["names"] == ["A", "B"] and answer["bar-kept"]["data"] is None


@pytest.mark.parametrize(
    "button, values, sentence",
    [
        ("bar-markers-go", {}, "Group A is empty."),
        ("bar-markers-go", {"selection-within.data": {"by": "obs:cell_type", "is": []}}, "Group A is empty."),
        ("bar-two-go", {"bar-kept.data": A}, "Group B is empty."),
        ("bar-two-go", {"bar-kept.data": A, "selection-within.data": A}, "Each group needs at least"),
    ],
)
def test_markers_that_cannot_be_found_say_why(finished, button, values, sentence):
    answer = pressed(finished, button, "bar-answer.data", **values)
    assert sentence in sent(answer["bar-message"]) and "bar-answer" not in answer


def test_group_a_is_described_while_b_is_selected(finished, kind):
    values = {"bar-kept.data": A, "run.data": finished.run}
    note = finished.press("bar-two-note.children", values, "bar-kept.data")["bar-two-note"]["children"]
    n = int((kind == "type A").sum())
    assert note == f"Group A: {n} cells (cell_type (obs) is type A). Now select group B."


def test_the_form_adds_to_the_filter(finished):
    values = {"select-by.value": "gene:SIM-0007", "select-from.value": "0,5", "filter.data": [A]}
    answer = pressed(finished, "select-filter", "filter.data", **values)
    assert answer["filter"]["data"] == [A, HIGH]
