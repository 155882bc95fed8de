"""Runs are named, tagged, starred, archived and deleted; a deletion can be undone for a minute."""

import re
import time

import numpy as np
import pytest
from store_rows import furnish, new_run

from core import files
from core.errors import UserError
from core.store import Missing, Store, run_summary
from core.store.run_names import new_name
from core.store.run_removal import UNDO, remove_due
from core.store.run_table import Query
from core.worker import older_runs

NAME = re.compile(r"[a-z]+-[a-z]+-\d{1,2}")


def test_a_run_without_a_name_gets_one_that_no_other_has(store):
    view = store.of("local")
    names = [view.runs.one(new_run(store))["name"] for _ in range(5)]
    assert all(NAME.fullmatch(name) for name in names) and len(set(names)) == 5


def test_a_name_that_is_taken_is_drawn_again():
    tried = []

    def is_taken(name):
        tried.append(name)
        return len(tried) < 4

    assert new_name(is_taken) == tried[3]


def test_a_run_is_renamed_to_a_name_that_none_of_ones_other_runs_has(store):
    view, run = store.of("local"), new_run(store)
    view.run_edits.rename(run, "  figure   2 ")
    assert view.runs.one(run)["name"] == "figure 2"
    with pytest.raises(UserError, match="Another run is called 'figure 2'"):
        view.run_edits.rename(new_run(store), "figure 2")
    for name in ("", "   ", "x" * 101):
        with pytest.raises(UserError, match="1 to 100 characters"):
            view.run_edits.rename(run, name)


def test_tags_are_written_once_each(store):
    view, runs = store.of("local"), [new_run(store), new_run(store)]
    view.run_edits.tag(runs, "control,  figure 2 , control,,")
    assert {view.runs.one(run)["tags"] for run in runs} == {"control, figure 2"}
    with pytest.raises(UserError, match="up to 20 tags"):
        view.run_edits.tag(runs, ",".join(map(str, range(21))))


def test_what_is_done_to_several_runs_is_done_to_all_or_none(store):
    view, mine, theirs = store.of("local"), new_run(store), new_run(store, owner="ann")
    for act in (
        lambda: view.run_edits.star([mine, theirs], True),
        lambda: view.run_edits.archive([mine, theirs]),
        lambda: view.removals.remove([mine, theirs]),
    ):
        with pytest.raises(Missing):
            act()
    row = view.runs.one(mine)
    assert not row["starred"] and not row["archived"] and row["remove_at"] is None


def test_archived_runs_are_listed_only_when_asked_for(store):
    view, run = store.of("local"), new_run(store)
    before = view.run_table.n_runs()
    view.run_edits.archive([run])
    assert view.run_table.n_runs() == before - 1
    assert run in [row["id"] for row in view.run_table.rows(Query(archived=True))]


def test_a_deleted_run_is_hidden_at_once_and_back_after_undo(store):
    view, run = store.of("local"), furnish(store, visibility="shared")["run"]
    assert view.removals.size([run]) == sum(
        path.stat().st_size for path in (store.root / "runs" / run).iterdir()
    )
    view.removals.remove([run])
    assert [row["id"] for row in view.removals.pending()] == [run]
    for user in ("local", "ann"):
        assert store.of(user).runs.all() == [] and store.of(user).readable("run", run) is None
    assert view.runs.deleted(run)["name"] == "first"
    assert remove_due(store) == []  # the minute is not over
    with pytest.raises(Missing):
        store.of("ann").removals.restore([run])
    view.removals.restore([run])
    assert view.runs.one(run)["id"] == run and view.removals.pending() == []


def test_a_deleted_run_goes_after_the_minute_also_over_a_restart(store):
    view, run = store.of("local"), furnish(store)["run"]
    view.removals.remove([run])
    again = Store(store.settings)
    assert remove_due(again, time.time() + UNDO + 1) == [run]
    again.engine.dispose()
    assert not (store.root / "runs" / run).exists() and store.epochs(run) == []
    with pytest.raises(Missing):
        view.removals.restore([run])


def test_a_run_that_is_active_is_not_deleted(store):
    view, run = store.of("local"), new_run(store, "running")
    with pytest.raises(UserError, match="is still active: cancel it first"):
        view.removals.remove([run])
    store.move("run", run, "running", "done", explored="working")
    with pytest.raises(UserError, match="are being computed: delete it when they are ready"):
        view.removals.remove([run])


def test_a_dataset_whose_runs_were_just_deleted_can_be_deleted(store):
    ids, view = furnish(store), store.of("local")
    with pytest.raises(UserError, match="1 runs were trained"):
        view.datasets.forget(ids["dataset"])
    view.removals.remove([ids["run"]])
    view.datasets.forget(ids["dataset"])
    assert not store.exists("run", ids["run"]) and not store.exists("dataset", ids["dataset"])


def test_scores_in_the_folders_of_older_runs_are_written_into_their_rows_once(store):
    run, broken = furnish(store)["run"], furnish(store)["run"]
    records = [
        {"score": score, "space": space, "value": value}
        for score, space, value in (
            ("knn_accuracy", "latent", 0.9),
            ("knn_accuracy", "pca", 0.8),
            ("nmi", "latent", None),
        )
    ]
    files.write_json(store.root / "runs" / run / "spaces.json", {"records": records})
    (store.root / "runs" / broken / "spaces.json").write_text("{")
    older_runs.fill_scores(store)
    row = store.row("run", run)
    assert (row["knn_accuracy"], row["nmi"]) == (0.9, None)
    assert store.row("run", broken)["knn_accuracy"] is None
    store.set("run", run, knn_accuracy=0.1)
    older_runs.fill_scores(store)
    assert store.row("run", run)["knn_accuracy"] == 0.1


def test_a_summary_has_only_what_is_written(store):
    assert run_summary.summary({"phase": "reading"}) == {}
    assert run_summary.summary({"scores": {"silhouette": 0.1}}) == {}
    assert np.isclose(run_summary.summary({"scores": {"ilisi": 1.5}})["ilisi"], 1.5)
