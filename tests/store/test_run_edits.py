"""Runs are named, tagged, starred, archived and deleted; a deletion can be undone for a minute."""

import numpy as np
import pytest
from store_rows import furnish, new_run

from core import files
from core.errors import UserError
from core.store import Missing, run_summary
from core.store.run_table import Query
from core.worker import older_runs


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
