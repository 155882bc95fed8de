"""Which dataset, preparation and run a link means."""

import pytest

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


def test_the_simulated_set_is_where_a_newcomer_starts(with_demo):
    context = location.resolve(with_demo.view, "")
    assert context.dataset["origin"] == "demo:simulated" and context.run is None


def test_another_persons_run_is_not_there(empty_nuwa):
    row = {"dataset": "d", "preparation": "p", "name": "r", "config": {}, "phase": "", "explored": ""}
    theirs = empty_nuwa.store.add("run", "somebody", **row, status="done")
    context = location.resolve(empty_nuwa.view, f"?run={theirs}")
    assert context.run is None and "no longer exists" in context.lost
    assert empty_nuwa.client.get(f"/download/{theirs}/config.json").status_code == 404
