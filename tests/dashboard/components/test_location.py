"""Which dataset, preparation and run a link means."""

import pytest
from app_under_test import sent

from dashboard.components import location


def test_without_a_link_the_page_shows_the_latest_run(finished):
    context = location.resolve(finished.view, "")
    latest = finished.view.runs.all()[0]  # other tests add runs to this store
    assert (context.run["id"], context.lost) == (latest["id"], "")
    assert context.preparation["id"] == latest["preparation"]


@pytest.mark.parametrize("search", [None, "", "?", "?run=", "?nonsense=1", "?run=../../etc", "&&==?"])
def test_an_odd_link_is_no_accident(finished, search):
    assert location.resolve(finished.view, search).run["id"] == finished.view.runs.all()[0]["id"]


def test_a_link_to_a_preparation_brings_its_dataset_and_run(finished):
    context = location.resolve(finished.view, f"?preparation={finished.preparation}")
    assert context.dataset["id"] == finished.dataset
    assert context.preparation["id"] == finished.preparation
    assert context.run["id"] == finished.run and not context.lost


def test_a_link_to_a_dataset_brings_its_newest_preparation(finished):
    context = location.resolve(finished.view, f"?dataset={finished.dataset}")
    newest = next(p for p in finished.view.preparations.all(finished.dataset) if p["status"] == "ready")
    assert context.dataset["id"] == finished.dataset and context.preparation["id"] == newest["id"]
    assert context.run is None or context.run["preparation"] == newest["id"]


def test_the_example_is_where_a_newcomer_starts(with_demo):
    context = location.resolve(with_demo.view, "")
    assert context.dataset["origin"] == "demo:pbmc_citeseq" and context.run is None


def test_another_persons_run_is_not_there(empty_nuwa):
    row = {"dataset": "d", "preparation": "p", "name": "r", "config": {}, "phase": "", "explored": ""}
    theirs = empty_nuwa.store.add("run", "somebody", **row, status="done")
    context = location.resolve(empty_nuwa.view, f"?run={theirs}")
    assert context.run is None and "no longer exists" in context.lost
    assert empty_nuwa.client.get(f"/download/{theirs}/config.json").status_code == 404


def test_a_link_to_a_deleted_run_names_it_and_the_other_runs_of_its_dataset(finished):
    view, config = finished.view, finished.view.runs.one(finished.run)["config"]
    deleted, other = (view.runs.create(finished.preparation, config, name) for name in ("old", "new"))
    view.removals.remove([deleted])
    context = location.resolve(view, f"?run={deleted}")
    assert context.dataset["id"] == finished.dataset and {finished.run, other} <= {
        r["id"] for r in context.others
    }
    assert context.run["id"] == other and deleted not in [run["id"] for run in context.others]
    assert context.lost.startswith("The run 'old' of this link was deleted. This page shows 'new'.")
    page = sent(
        finished.press("content.children", {"url.pathname": "/clusters", "url.search": f"?run={deleted}"})
    )
    assert f'"href": "/clusters?run={finished.run}"' in page and f'"href": "/clusters?run={other}"' in page
    view.removals.remove([other])


def test_the_last_run_of_a_dataset_that_was_deleted_leaves_the_dataset(empty_nuwa):
    store = empty_nuwa.store
    dataset = store.add("dataset", "local", name="d", origin="o", status="ready", record={}, message="")
    row = {
        "dataset": dataset,
        "preparation": "p",
        "name": "r",
        "config": {},
        "phase": "",
        "explored": "",
        "status": "done",
    }
    mine, theirs = (
        store.add("run", "local", **row),
        store.add("run", "somebody", **row | {"dataset": "hidden"}),
    )
    empty_nuwa.view.removals.remove([mine])
    context = location.resolve(empty_nuwa.view, f"?run={mine}")
    assert context.lost == "The run 'r' of this link was deleted. Its dataset 'd' has no other run."
    assert context.run is None and context.dataset["id"] == dataset
    store.of("somebody").removals.remove([theirs])
    assert "'r'" not in location.resolve(empty_nuwa.view, f"?run={theirs}").lost
