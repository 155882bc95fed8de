"""Which dataset, preparation and run a link means."""

import pytest

from dashboard.components import location


def test_without_a_link_the_page_shows_the_latest_run(finished):
    found = location.resolve(finished.view, "")
    assert (found.run["id"], found.lost) == (finished.run, "")
    assert found.preparation["id"] == finished.preparation and found.dataset["id"] == finished.dataset


@pytest.mark.parametrize("search", [None, "", "?", "?run=", "?nonsense=1", "?run=../../etc", "&&==?"])
def test_an_odd_link_is_no_accident(finished, search):
    assert location.resolve(finished.view, search).run["id"] == finished.run


def test_a_link_to_a_preparation_brings_its_dataset_and_run(finished):
    found = location.resolve(finished.view, f"?preparation={finished.preparation}")
    assert found.dataset["id"] == finished.dataset
    assert found.preparation["id"] == finished.preparation
    assert found.run["id"] == finished.run and not found.lost


def test_a_link_to_a_dataset_brings_its_newest_preparation(finished):
    found = location.resolve(finished.view, f"?dataset={finished.dataset}")
    newest = next(p for p in finished.view.preparations.all(finished.dataset) if p["status"] == "ready")
    assert found.dataset["id"] == finished.dataset and found.preparation["id"] == newest["id"]
    assert found.run is None or found.run["preparation"] == newest["id"]


def test_the_simulated_set_is_where_a_newcomer_starts(with_demo):
    found = location.resolve(with_demo.view, "")
    assert found.dataset["origin"] == "demo:simulated" and found.run is None


def test_another_persons_run_is_not_there(empty_nuwa):
    row = {"dataset": "d", "preparation": "p", "name": "r", "config": {}, "phase": "", "explored": ""}
    theirs = empty_nuwa.store.add("run", "somebody", **row, status="done")
    found = location.resolve(empty_nuwa.view, f"?run={theirs}")
    assert found.run is None and "no longer exists" in found.lost
    assert empty_nuwa.client.get(f"/download/{theirs}/config.json").status_code == 404
