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

GENES = [
    "CD3D",
    "CD3E",
    "CD3G",
    "TRAC",
    "CD2",
    "IL7R",
    "NKG7",
    "GNLY",
    "KLRD1",
    "KLRF1",
    "PRF1",
    "MS4A1",
    "CD79A",
]
GENES += ["CD79B", "CD19", "BANK1", "INS", "GCG", "SST", "PPY"]


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
    arguments = jobs_ahead["spaces"]["arguments"]
    assert view.jobs.ask("spaces", run["id"], arguments) == jobs_ahead["spaces"]["id"]


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
    sets = {
        name: set(GENES) & {g for genes in cell_types.shipped(name).values() for g in genes}
        for name in cell_types.SETS
    }
    assert len(sets["pbmc"]) > 8
    auc = np.full((2, len(GENES)), 0.5)
    auc[0, :6], auc[1, 11:16] = 0.95, 0.95  # T and B cells
    name, suggestions = likeliest_set(auc, GENES, [100, 50])
    assert name in cell_types.SETS and "B" in suggestions[1].name
    unknown = np.full((2, len(GENES)), 0.5)
    name, suggestions = likeliest_set(unknown, GENES, [100, 50])
    assert name == "general" and {one.name for one in suggestions} == {"unknown"}
