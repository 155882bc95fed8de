"""The Runs page without a browser: its rows, its link, and what is done with ticked runs."""

import csv
import io
import json

import pytest
from app_under_test import sent
from store_rows import furnish

from core.config.search import SearchRecord
from core.store import Missing
from core.store.run_table import Query
from dashboard.components import location
from dashboard.pages.runs import columns, link, page
from dashboard.pages.runs.actions import csv_of

KNOWN = [column.field for column in columns.EVERY]


def ask(nuwa, start=0, end=100, options=(), **request):
    """The answer to a request of the grid for its rows."""
    values = {
        "runs-grid.getRowsRequest": {"startRow": start, "endRow": end} | request,
        "runs-options.value": list(options),
        "runs-opened.data": {"opened": [], "closed": []},
        "runs-clock.data": 0,
    }
    answer = nuwa.press("runs-grid.getRowsResponse", values, "runs-grid.getRowsRequest")
    return answer["runs-grid"]["getRowsResponse"], answer["runs-count"]["children"]


def ticked(*ids, **fields):
    return [{"kind": "run", "id": id} | fields for id in ids]


def act(nuwa, button, rows, **more):
    """Press a button for ticked runs."""
    state = {"runs-grid.selectedRows": rows, "runs-changed.data": 0} | more
    outputs = {
        "runs-star": "runs-changed.data",
        "runs-archive": "runs-changed.data",
        "runs-save": "runs-editor.is_open",
        "runs-edit": "runs-editor.is_open",
        "runs-delete": "runs-confirm.displayed",
        "runs-compare": "url.href",
        "runs-confirm": "runs-undo-notice.children",
        "runs-undo": "runs-undo-notice.children",
    }
    part = "submit_n_clicks" if button == "runs-confirm" else "n_clicks"
    return nuwa.press(outputs[button], {f"{button}.{part}": 1} | state, f"{button}.{part}")


@pytest.fixture
def run(finished):
    """The id of a run that a test may change."""
    return finished.view.runs.create(finished.preparation, {"n_latent": 4, "epochs": 3})


def test_the_grid_has_the_runs_with_their_scores(finished):
    answer, count = ask(finished)
    row = next(row for row in answer["rowData"] if row["id"] == finished.run)
    assert (row["name"], row["dataset"], row["status"], row["model"]) == (
        "first",
        "tiny.h5ad",
        "Done",
        "citeseq",
    )
    assert row["href"] == f"/clusters?run={finished.run}"
    assert 0 < row["loss"] < 2 and 0 < row["neighbours_kept"] < 1 and row["explained_rna"] is not None
    assert row["difference"] == pytest.approx((row["loss"] - row["pca_loss"]) / row["pca_loss"])
    assert count.endswith(("run", "runs")) and answer["rowCount"] == len(answer["rowData"])
    sent(answer)


def test_a_request_is_sorted_filtered_and_grouped(finished, run):
    name = finished.view.runs.one(run)["name"]
    model = {"name": {"filterType": "text", "type": "equals", "filter": name}}
    answer, count = ask(finished, filterModel=model, sortModel=[{"colId": "created", "sort": "asc"}])
    assert [row["id"] for row in answer["rowData"]] == [run] and count.startswith("1 of ")
    grouped, _ = ask(finished, filterModel=model, options=["group"])
    assert [row["kind"] for row in grouped["rowData"]] == ["group", "run"]
    assert grouped["rowData"][0]["name"] == "tiny.h5ad"


def test_a_group_is_folded_and_opened_again(finished):
    state = {"runs-opened.data": {"opened": [], "closed": []}}
    for expected in ([finished.dataset], []):
        pressed = {"value": {"what": "fold", "kind": "group", "id": finished.dataset}}
        values = {"runs-grid.cellRendererData": pressed} | state
        answer = finished.press("runs-opened.data", values, "runs-grid.cellRendererData")
        state = {"runs-opened.data": answer["runs-opened"]["data"]}
        assert state["runs-opened.data"]["closed"] == expected


def test_a_link_says_what_is_shown(finished):
    filters = {"loss": {"filterType": "number", "type": "lessThan", "filter": 1}}
    search = f"?columns=loss,status&sort=loss:desc,name:asc&show=group&filter={json.dumps(filters)}"
    content = sent(page.layout(finished.view, location.resolve(finished.view, search)))
    definitions = {one["field"]: one for one in json.loads(content_of(content, "columnDefs"))}
    assert [name for name in KNOWN if not definitions[name]["hide"]] == ["name", "status", "loss"]
    assert definitions["loss"]["sort"] == "desc" and definitions["name"]["sortIndex"] == 1
    assert '"lessThan"' in content and '["group"]' in content


def content_of(text, name):
    """The JSON of a property in a page."""
    start = text.index(f'"{name}": ') + len(name) + 4
    value, _ = json.JSONDecoder().raw_decode(text[start:])
    return json.dumps(value)


@pytest.mark.parametrize(
    "query",
    [
        {"columns": "nonsense,,", "sort": "x:asc,:", "filter": "{", "show": "x"},
        {"filter": "[1]"},
        {"filter": '{"loss": 1}'},
        {},
    ],
)
def test_a_link_that_cannot_be_read_shows_the_default(query):
    assert link.shown_columns(query, KNOWN) == columns.DEFAULT and link.shown_options(query) == []
    assert link.sorting(query, KNOWN) == () and link.filters(query, KNOWN) == {}


def test_ticked_runs_are_starred_and_archived_and_back(finished, run):
    act(finished, "runs-star", ticked(run))
    assert finished.view.runs.one(run)["starred"]
    act(finished, "runs-star", ticked(run))
    assert not finished.view.runs.one(run)["starred"]
    answer = act(finished, "runs-archive", ticked(run))
    assert "1 run is archived" in sent(answer["runs-message"])
    assert run not in {row["id"] for row in ask(finished)[0]["rowData"]}
    assert run in {row["id"] for row in ask(finished, options=["archived"])[0]["rowData"]}
    assert "listed again" in sent(act(finished, "runs-archive", ticked(run)))


def test_the_star_beside_a_name_is_pressed(finished, run):
    pressed = {"value": {"what": "star", "id": run, "starred": True}}
    values = {"runs-grid.cellRendererData": pressed, "runs-changed.data": 4}
    assert finished.press("runs-changed.data", values, "runs-grid.cellRendererData")["runs-changed"] == {
        "data": 5
    }
    assert finished.view.runs.one(run)["starred"]


def test_a_run_is_renamed_in_the_dialog(finished, run):
    opened = act(finished, "runs-edit", ticked(run))
    assert opened["runs-name"]["value"] == finished.view.runs.one(run)["name"]
    values = {"runs-name.value": "my run", "runs-tags.value": "a, b", "runs-note.value": "Best so far."}
    assert act(finished, "runs-save", ticked(run), **values)["runs-editor"] == {"is_open": False}
    row = finished.view.runs.one(run)
    assert (row["name"], row["tags"], row["note"]) == ("my run", "a, b", "Best so far.")
    refused = act(
        finished, "runs-save", ticked(run), **values | {"runs-name.value": "", "runs-note.value": "lost"}
    )
    assert "1 to 100 characters" in sent(refused["runs-editor-error"])
    finished.view.run_edits.rename(run, "my run no more")


def test_of_several_runs_the_dialog_changes_tags_alone(finished, run):
    other = finished.view.runs.create(finished.preparation, {"n_latent": 4, "epochs": 3})
    names = [finished.view.runs.one(id)["name"] for id in (run, other)]
    assert act(finished, "runs-edit", ticked(run, other))["runs-name-field"] == {"hidden": True}
    act(finished, "runs-save", ticked(run, other), **{"runs-name.value": "", "runs-tags.value": "both"})
    assert [finished.view.runs.one(id)["tags"] for id in (run, other)] == ["both", "both"]
    assert [finished.view.runs.one(id)["name"] for id in (run, other)] == names


def test_ticked_runs_are_deleted_after_a_question_and_back_after_undo(finished, run):
    question = act(finished, "runs-delete", ticked(run))["runs-confirm"]
    name = finished.view.runs.one(run)["name"]
    assert question["displayed"] and f"Delete the run '{name}'" in question["message"]
    assert "This frees 1 MB. It can be undone for 60 seconds." in question["message"]
    answer = act(finished, "runs-confirm", ticked(run))
    undo = sent(answer["runs-undo-notice"])  # of all runs that tests before have deleted in the last minute
    assert "deleted (" in undo and name in undo
    with pytest.raises(Missing):
        finished.view.runs.one(run)
    assert name in sent(
        page.layout(finished.view, location.resolve(finished.view, ""))
    )  # also after a reload
    back = act(finished, "runs-undo", None, **{"runs-undo-ids.data": {"runs": [run], "searches": []}})
    assert finished.view.runs.one(run)["name"] == name and "What was deleted is back." in sent(back)


def test_a_ticked_search_is_deleted_with_its_trials_and_back_after_undo(empty_nuwa):
    nuwa, preparation = empty_nuwa, furnish(empty_nuwa.store)["preparation"]
    record = SearchRecord(space={"n_latent": [2, 4]}, n_trials=2, pruner="none")
    search = nuwa.view.searches.create(preparation, record, "sizes")
    for n in (2, 4):
        nuwa.view.runs.create(preparation, {"n_latent": n}, f"sizes, trial {n}", parent=search)
    answer, count = ask(nuwa)
    assert [row["kind"] for row in answer["rowData"]] == ["search", "run"]
    assert count == "3 runs, 2 of them trials of searches"
    assert len(ask(nuwa, options=["trials"])[0]["rowData"]) == 4
    rows = [{"kind": "search", "id": search}]
    assert "still active" in sent(act(nuwa, "runs-confirm", rows)["runs-message"])
    nuwa.view.searches.stop(search)
    question = act(nuwa, "runs-delete", rows)["runs-confirm"]["message"]
    assert question.startswith(
        "Delete the search 'sizes' with 2 trials, with weights and figures? This frees "
    )
    notice = sent(act(nuwa, "runs-confirm", rows)["runs-undo-notice"])
    assert "1 search was deleted (sizes)" in notice and ask(nuwa)[1] == "1 run"
    deleted = {"runs": [], "searches": [search]}
    act(nuwa, "runs-undo", None, **{"runs-undo-ids.data": deleted})
    assert len(nuwa.view.searches.trials(search)) == 2 and ask(nuwa)[1].startswith("3 runs")


def test_two_ticked_runs_are_compared(finished, run):
    answer = act(finished, "runs-compare", ticked(finished.run, run))
    assert answer["url"]["href"] == f"/compare?runs={finished.run},{run}"
    assert act(finished, "runs-compare", ticked(run)) is None
    many = act(finished, "runs-compare", ticked(*(str(i) for i in range(11))))
    assert "Up to 10 runs" in sent(many["runs-message"]) and "url" not in many


def test_the_csv_has_what_the_table_shows_and_no_formula(finished, run):
    finished.view.run_edits.rename(run, "=HYPERLINK(1)")
    try:
        text = csv_of(finished.view, Query(), ["loss", "created", "status"])
    finally:
        finished.view.run_edits.rename(run, "no formula")
    head, *lines = csv.reader(io.StringIO(text))
    assert head == ["id", "run", "status", "loss", "created"]
    records = {line[0]: dict(zip(head, line, strict=True)) for line in lines}
    assert records[run]["run"] == "'=HYPERLINK(1)" and records[run]["loss"] == ""
    assert records[finished.run]["status"] == "done" and float(records[finished.run]["loss"]) > 0
    assert records[finished.run]["created"].endswith("+00:00")


def test_without_a_run_the_page_leads_to_the_first(bare):
    content = sent(page.layout(bare.view, location.resolve(bare.view, "")))
    assert "Create a model first" in content and "runs-grid" not in content


def test_a_change_of_a_run_is_seen(empty_nuwa):
    run = furnish(empty_nuwa.store)["run"]
    values = {"runs-tick.n_intervals": 1, "runs-stamp.data": None, "runs-changed.data": 0}
    stamp = empty_nuwa.press("runs-stamp.data", values, "runs-tick.n_intervals")["runs-stamp"]["data"]
    same = values | {"runs-stamp.data": stamp}
    assert not empty_nuwa.press("runs-stamp.data", same, "runs-tick.n_intervals")
    empty_nuwa.store.set("run", run, status="failed")
    assert empty_nuwa.press("runs-stamp.data", same, "runs-tick.n_intervals")["runs-changed"] == {"data": 1}
