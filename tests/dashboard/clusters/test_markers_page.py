"""The card of markers without a browser: what is asked, what the table and the pictures show, what can be taken away."""

import csv
import io

import pytest
from app_under_test import sent

from core.analysis.marker_measures import CAUTION, P_NOTE
from core.errors import UserError
from dashboard.pages.clusters.markers.results import chosen_groups


@pytest.fixture(scope="module")
def asked(finished):
    """The job that a press on "Find markers" by cell type has queued and worked off."""
    values = {
        "markers-go.n_clicks": 1,
        "markers-how.value": "each",
        "markers-by.value": "obs:cell_type",
        "resolution.value": 1.0,
        "run.data": finished.run,
    }
    return finished.work("markers", values, "markers-go.n_clicks")["markers-done"]["data"]


def test_the_table_shows_the_markers_of_the_chosen_group(finished, asked):
    here = {"markers-done.data": asked, "run.data": finished.run}
    answer = finished.press("markers-box.hidden", here)
    assert answer["markers-box"]["hidden"] is False
    assert "log1p of counts per 10,000" in sent(answer["markers-notes"]["children"])
    badge = answer["markers-badge"]["children"]
    assert (
        badge.startswith("genes: log1p of counts") and "proteins: log1p" in badge
    )  # not X, which holds counts
    assert len(answer["markers-group"]["options"]) == 8
    group = answer["markers-group"]["value"]
    rows = finished.press("markers-table.rowData", here | {"markers-group.value": group})["markers-table"]
    aucs = [row["auc"] for row in rows["rowData"]]
    assert aucs == sorted(aucs, reverse=True) and aucs[0] > 0.8
    assert {row["kind"] for row in rows["rowData"]} == {"gene", "protein"}


def test_p_values_are_said_to_be_of_cells_wherever_they_stand(finished, asked):
    notes = sent(finished.press("markers-box.hidden", {"markers-done.data": asked, "run.data": finished.run}))
    assert CAUTION in notes and "adjusted p of cells" in notes
    text = finished.client.get(f"/download/{finished.run}/markers.csv?job={asked}").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["note"] for row in rows} == {P_NOTE}


def test_groups_are_compared_over_the_samples_of_a_column(finished):
    values = {
        "markers-go.n_clicks": 2,
        "markers-how.value": "each",
        "markers-by.value": "obs:cell_type",
        "resolution.value": 1.0,
        "markers-samples.value": "sample",
        "run.data": finished.run,
    }
    job = finished.work("markers", values, "markers-go.n_clicks")["markers-done"]["data"]
    here = {"markers-done.data": job, "run.data": finished.run}
    shown = finished.press("markers-box.hidden", here)
    assert "moderated t-test within each sample" in sent(shown)
    rows = finished.press("markers-table.rowData", here | {"markers-group.value": 0})["markers-table"][
        "rowData"
    ]
    genes = [row for row in rows if row["sample_p_adjusted"] is not None]
    assert {row["kind"] for row in genes} == {"gene"} and genes[0]["auc_within"] > 0.7
    text = finished.client.get(f"/download/{finished.run}/markers.csv?job={job}").text
    table = list(csv.DictReader(io.StringIO(text)))
    assert {"sample_p", "sample_log_fold", "auc_within"} < set(table[0])
    assert table[0]["auc_within"] and any(row["sample_p"] for row in table)
    values["markers-samples.value"] = "nothing"
    answer = finished.work("markers", values, "markers-go.n_clicks")
    assert "There is no obs column 'nothing'" in sent(answer)


def test_a_row_of_the_table_colours_the_panels(finished):
    row = {"feature": "SIM-0007", "kind": "gene"}
    values = {"markers-table.selectedRows": [row], "run.data": finished.run}
    answer = finished.press("colour.value", values, "markers-table.selectedRows")
    assert answer["colour"]["value"] == "gene:SIM-0007"
    assert answer["colour"]["value"] in [option["value"] for option in answer["colour"]["options"]]


@pytest.mark.parametrize("kind, trace", [("dots", "scatter"), ("heat", "heatmap"), ("violins", "violin")])
def test_each_picture_is_drawn(finished, asked, kind, trace):
    values = {
        "markers-picture.value": kind,
        "markers-top.value": 2,
        "markers-table.rowData": [{"feature": "ADT-01", "kind": "protein"}],
        "markers-done.data": asked,
        "run.data": finished.run,
    }
    figure = finished.press("markers-figure.figure", values)["markers-figure"]["figure"]
    assert {t["type"] for t in figure["data"]} == {trace}
    if kind == "violins":
        assert len(figure["data"]) == 8 and "ADT-01" in figure["layout"]["yaxis"]["title"]["text"]


def test_all_markers_leave_as_a_table(finished, asked):
    text = finished.client.get(f"/download/{finished.run}/markers.csv?job={asked}").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 8 * 128 and {"group", "feature", "kind", "auc", "p_adjusted"} <= set(rows[0])
    assert finished.client.get(f"/download/{finished.run}/markers.csv?job=none").status_code == 404


def test_two_selections_are_compared_without_the_cells_of_both(finished):
    view, run = finished.view, finished.view.runs.one(finished.run)
    types = view.datasets.folder(finished.dataset).column("cell_type")[0]["categories"]

    def some(*names):
        return {"by": "obs:cell_type", "is": list(names)}

    groups = chosen_groups(view, run, "two", "", 1.0, some(types[0], types[1]), some(types[1], types[2]))
    assert groups.names == ["A", "B"] and "cells in both groups are left out" in groups.words
    _, codes = view.datasets.folder(finished.dataset).column("cell_type")
    assert (groups.codes[codes == 0] == 0).all() and (groups.codes[codes == 2] == 1).all()
    assert (groups.codes[codes == 1] == -1).all() and (groups.codes[codes > 2] == -1).all()
    rest = chosen_groups(view, run, "two", "", 1.0, some(types[0]), None)
    assert rest.names == ["A", "all others"] and (rest.codes[codes > 0] == 1).all()
    for a, b, words in (
        (None, None, "Group A is empty"),
        (some("nobody"), None, "Group A is empty"),
        (some(types[0]), some("nobody"), "Group B is empty"),
        (some(types[0]), some(types[0]), "at least 3 cells"),
    ):
        with pytest.raises(UserError, match=words):
            chosen_groups(view, run, "two", "", 1.0, a, b)


def test_the_two_selections_are_described(finished):
    types = finished.view.datasets.folder(finished.dataset).column("cell_type")[0]["categories"]
    values = {"markers-a.data": {"by": "obs:cell_type", "is": types[:1]}, "run.data": finished.run}
    note = sent(finished.press("markers-two-note.children", values)["markers-two-note"])
    assert f"cell_type (obs) is {types[0]}" in note and "all other cells" in note
    gone = values | {"markers-b.data": {"by": "made:gone", "is": ["x"]}}
    assert "no longer exist" in sent(finished.press("markers-two-note.children", gone)["markers-two-note"])
