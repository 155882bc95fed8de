"""Runs and searches are deleted: hidden at once, gone in a minute, and until then the deletion can be undone."""

import os
import shutil
import time

import pytest
from store_rows import furnish, new_run, stopped_run

from core import checkpoint_file
from core.config.search import SearchRecord
from core.errors import UserError
from core.store import Explored, Missing, Status, Store
from core.store.run_removal import UNDO, remove_due
from core.store.run_table import Query
from core.store.schema import jobs

LATER = UNDO + 1


def test_a_deleted_run_is_hidden_at_once_and_back_after_undo(store):
    view, run = store.of("local"), furnish(store, visibility="shared")["run"]
    assert view.removals.size([run]) == sum(
        path.stat().st_size for path in (store.root / "runs" / run).iterdir()
    )
    view.removals.remove([run])
    assert [row["id"] for row in view.removals.pending().runs] == [run]
    for user in ("local", "ann"):
        assert store.of(user).runs.all() == [] and store.of(user).readable("run", run) is None
    assert view.runs.deleted(run)["name"] == "first"
    assert remove_due(store) == []  # the minute is not over
    with pytest.raises(Missing):
        store.of("ann").removals.restore([run])
    view.removals.restore([run])
    assert view.runs.one(run)["id"] == run and not any(view.removals.pending())


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


# --- a search with its trials


@pytest.fixture
def search(store):
    """The id of a search that was stopped after two trials, which have files."""
    view, preparation = store.of("local"), furnish(store)["preparation"]
    record = SearchRecord(space={"n_latent": [2, 4]}, n_trials=2, pruner="none")
    id = view.searches.create(preparation, record, "my search")
    for n in (2, 4):
        run = view.runs.create(preparation, {"n_latent": n}, f"trial {n}", parent=id)
        view.runs.train(run)
        (store.run_folder(run) / "model.pt").write_bytes(bytes(1000))
    folder = store.root / "searches" / id
    folder.mkdir(parents=True)
    (folder / "trials.journal").write_bytes(bytes(10))
    view.searches.stop(id)
    return id


def trials(store, search):
    return [row["id"] for row in store.of("local").searches.trials(search)]


def test_a_deleted_search_takes_its_trials_along_and_brings_them_back(store, search):
    view, runs = store.of("local"), trials(store, search)
    assert view.removals.size([], [search]) == 2010 and view.removals.size(runs, [search]) == 2010
    view.removals.remove([runs[0]])  # an hour ago
    store.set("run", runs[0], remove_at=time.time() + 30)
    view.removals.remove([], [search])
    assert view.readable("search", search) is None and view.readable("run", runs[1]) is None
    assert "my search" not in [line.name for line in view.run_table.page(Query()).lines]
    pending = view.removals.pending()
    assert [row["id"] for row in pending.searches] == [search] and not pending.runs
    with pytest.raises(Missing):
        store.of("ann").removals.restore([], [search])
    view.removals.restore([], [search])
    assert trials(store, search) == [runs[1]]  # what was deleted before stays deleted
    assert [row["id"] for row in view.removals.pending().runs] == [runs[0]]


def test_nothing_is_left_of_a_deleted_search_after_the_minute(store, search):
    runs = trials(store, search)
    store.of("local").removals.remove([], [search])
    assert remove_due(store) == [] and store.exists("search", search)
    assert set(remove_due(store, time.time() + LATER)) == {*runs, search}
    assert not store.exists("search", search) and not (store.root / "searches" / search).exists()
    assert not store.jobs(jobs.c.target.in_([search, *runs]))
    assert not any((store.root / "runs" / run).exists() for run in runs)


def test_a_search_that_is_active_or_somebody_elses_is_not_deleted(store, search):
    view = store.of("local")
    with pytest.raises(Missing):
        store.of("ann").removals.remove([], [search])
    view.searches.go_on(search)
    with pytest.raises(UserError, match="'my search' is still active: stop it first"):
        view.removals.remove([], [search])
    view.searches.stop(search)
    run = trials(store, search)[0]
    store.set("run", run, status=Status.CANCELLING)
    with pytest.raises(UserError, match="'trial 2' is still active: cancel it first"):
        view.removals.remove([], [search])
    assert store.row("search", search)["remove_at"] is None


def test_a_dataset_takes_the_searches_on_it_along(store, search):
    view, dataset = store.of("local"), store.row("search", search)["dataset"]
    view.removals.remove([row["id"] for row in view.runs.all()])
    view.searches.go_on(search)
    with pytest.raises(UserError, match="'my search' still trains on this dataset: stop it first"):
        view.datasets.forget(dataset)
    view.searches.stop(search)
    view.datasets.forget(dataset)
    assert not store.exists("search", search) and not (store.root / "searches" / search).exists()


# --- what depends on a run


def gone(store, run):
    """Delete a run for good; nothing in the database names it as its own."""
    store.of("local").removals.remove([run])
    remove_due(store, time.time() + LATER)
    assert not (store.root / "runs" / run).exists() and not store.exists("run", run)
    with store.reading() as db:
        for table in ("epochs", "clusterings"):
            assert not db.exec_driver_sql(f"select count(*) from {table} where run = '{run}'").scalar()
        for table in ("jobs", "shares", "project_items"):
            assert not db.exec_driver_sql(f"select count(*) from {table} where target = '{run}'").scalar()


@pytest.mark.parametrize("mark", ["starred", "archived"])
def test_a_run_with_a_mark_is_deleted_as_any_other(store, mark):
    run = furnish(store)["run"]
    store.set("run", run, **{mark: True})
    gone(store, run)


def test_a_seed_is_trained_again_after_a_run_with_it_was_deleted(store):
    view, run = store.of("local"), furnish(store)["run"]
    store.set("run", run, explored=Explored.READY)
    for _ in range(2):
        (stopped,) = view.seeds.train(run, 2)
        view.runs.cancel(stopped)
    first = next(row["id"] for row in reversed(view.seeds.all(run)) if row["id"] != stopped)
    gone(store, first)
    (again,) = view.seeds.train(run, 2)
    assert view.jobs.last(again, "train")["status"] == Status.QUEUED
    view.runs.cancel(again)
    gone(store, run)
    assert view.seeds.first_run(again) is None
    view.seeds.explored(again)  # there is nothing to compare it with


def test_a_run_that_is_being_extended_is_deleted_and_its_extension_goes_on(store):
    view = store.of("local")
    run, _ = stopped_run(store, Status.DONE, epochs=(4,))
    more = view.resumed.extend(run, 5)
    assert [row["id"] for row in view.resumed.extensions(run)] == [more]
    gone(store, run)
    assert checkpoint_file.newest(store.run_folder(more)).epoch == 4 and view.runs.epochs(more)
    assert view.jobs.last(more, "train")["status"] == Status.QUEUED


@pytest.mark.parametrize("act", ["extend", "create_from"])
def test_a_run_that_is_deleted_while_another_begins_from_it_leaves_nothing_of_that(store, monkeypatch, act):
    view = store.of("local")
    run, folder = stopped_run(store, Status.DONE, epochs=(4,))
    (folder / "model.pt").write_bytes(b"weights")
    before = [len(store.rows("run")), len(store.jobs()), set(folder.parent.iterdir())]

    def vanished(*_):
        raise FileNotFoundError

    monkeypatch.setattr(os, "link", vanished)
    monkeypatch.setattr(shutil, "copy", vanished)
    with pytest.raises(Missing, match="This run no longer exists"):
        if act == "extend":
            view.resumed.extend(run, 5)
        else:
            view.resumed.create_from(run, store.row("run", run)["preparation"], {"epochs": 2})
    assert [len(store.rows("run")), len(store.jobs()), set(folder.parent.iterdir())] == before
