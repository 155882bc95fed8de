"""What is computed after training before anybody asks: once, last of all, and found by the cards."""

import json

import numpy as np
import pytest

from core.analysis import cell_types
from core.config.run_files import SUGGESTED
from core.store import Priority
from core.worker.execute import drain
from core.worker.jobs.after_training import likeliest_set
from dashboard.pages.clusters import colours
from dashboard.pages.clusters.markers.results import chosen_groups

BLOOD = cell_types.shipped("pbmc")
GENES = sorted({gene for genes in BLOOD.values() for gene in genes})


@pytest.fixture(scope="module")
def finished(new_finished):
    """An app of this module's own: pages that other tests open ask for the same jobs."""
    return new_finished()


@pytest.fixture(scope="module")
def jobs_ahead(finished):
    """The jobs that the run of the tests has left for when nobody asks for anything, by kind."""
    jobs = [job for job in finished.store.jobs() if job["target"] == finished.run]
    return {job["kind"]: job for job in jobs if job["priority"] == Priority.AHEAD}


def test_they_wait_in_the_slow_lane_with_the_lowest_priority(jobs_ahead):
    assert {"markers", "suggest", "spaces"} <= set(jobs_ahead)
    assert {job["lane"] for job in jobs_ahead.values()} == {"slow"}


def test_pressing_the_button_finds_the_job_that_waits(finished, jobs_ahead):
    view, run = finished.view, finished.view.runs.one(finished.run)
    groups = chosen_groups(view, run, "each", "clusters", 1.0, None, None)
    pressed = view.groups.find_markers(run["id"], groups)
    assert pressed["id"] == jobs_ahead["markers"]["id"]
    assert (pressed["lane"], pressed["priority"]) == ("short", Priority.ASKED)
    ahead = view.jobs.once("spaces", run["id"], {"resolution": 0.2}, "slow", Priority.AHEAD)
    assert view.jobs.ask("spaces", run["id"], {"resolution": 0.2}) == ahead["id"]
    assert finished.store.job(ahead["id"])["lane"] == "short"
    for job in (pressed, ahead):
        finished.store.move_job(job["id"], "queued", "cancelled")


def test_other_arguments_stop_what_nobody_asked_for(finished):
    view, store = finished.view, finished.store
    ahead = view.jobs.once("spaces", finished.run, {"resolution": 0.4}, "slow", Priority.AHEAD)
    asked = view.jobs.ask("spaces", finished.run, {"resolution": 0.6})
    assert asked != ahead["id"] and store.job(ahead["id"])["status"] == "cancelled"
    store.move_job(asked, "queued", "cancelled")


def test_suggestions_are_a_colour_of_the_cells(finished, monkeypatch):
    from core.worker.jobs import after_training

    view, run = finished.view, finished.view.runs.one(finished.run)
    names = [
        cell_types.Suggestion(n, n, 0.5, "", 0.0, ()) for n in ("T cells", "unknown", "B cells", "T cells")
    ]
    monkeypatch.setattr(
        after_training, "likeliest_set", lambda auc, *_: ("pbmc", (names * len(auc))[: len(auc)])
    )
    view.jobs.once("suggest", run["id"])
    drain(finished.store)
    record = json.loads(view.results.file(run["id"], SUGGESTED).read_text())
    colour = colours.colour_of(view, run, colours.SUGGESTED, 0.4)
    clusters = np.asarray(view.results.array(run["id"], "clusters/leiden_1.0"))
    shown = np.array(colour.categories)[colour.values]
    assert (shown == np.array(record["names"])[clusters]).all() and colour.categories[-1] == "unknown"
    assert "Blood" in colour.unit and record["title"] == "Blood (PBMC)"
    assert colours.SUGGESTED in [option["value"] for option in colours.groupings(view, run)]


def test_the_likeliest_tissue_names_most_cells():
    first, second, *_ = BLOOD
    auc = np.full((2, len(GENES)), 0.5)
    for group, name in enumerate((first, second)):
        auc[group, [GENES.index(gene) for gene in BLOOD[name]]] = 0.99
    name, suggestions = likeliest_set(auc, GENES, [100, 50])
    assert name == "pbmc" and first in [one.best for one in suggestions]
    unknown = np.full((2, len(GENES)), 0.5)
    name, suggestions = likeliest_set(unknown, GENES, [100, 50])
    assert name == "general" and {one.name for one in suggestions} == {"unknown"}
