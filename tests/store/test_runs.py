"""Runs are created, trained once, cancelled and deleted; the same click twice is one job."""

import math

import pytest
from store_rows import EPOCH, at_once, furnish, new_run

from core.config import run_files
from core.config.run_facts import Parts
from core.errors import UserError
from core.store import Missing, schema
from core.store.run_removal import remove_due
from core.training.learn import epoch_record
from core.training.loop import Epoch

# --- the same click twice


def test_a_token_is_one_job_however_often_it_is_submitted(store):
    first = at_once(4, lambda _: store.submit("local", "short", "read", "x", token="click"))
    assert len(set(first)) == 1 and len(store.jobs()) == 1
    assert store.submit("local", "short", "read", "x") != store.submit("local", "short", "read", "x")


def test_the_same_work_twice_is_one_job_while_it_is_under_way(store):
    run, view = new_run(store), store.of("local")
    labels = {"column": "a", "resolution": 1.0}
    first = view.jobs.submit("labels", run, labels, "first press")
    assert view.jobs.submit("labels", run, labels, "second press") == first
    assert view.jobs.submit("labels", run, labels | {"column": "b"}, "another column") != first
    assert store.of("bob").access.under_way("labels", labels, run) is None
    store.set_job(first, status="running", cancel=True)
    assert view.access.under_way("labels", labels, run) is None  # it ends, so a press starts another
    store.set_job(first, status="done", cancel=False)
    assert view.jobs.submit("labels", run, labels, "after it") != first


def test_the_same_preparation_twice_is_one(store):
    ids, view = furnish(store), store.of("local")
    first = view.preparations.create(ids["dataset"], {"clip": 7}, "click")
    assert view.preparations.create(ids["dataset"], {"clip": 7}, "click") == first
    assert len(view.preparations.all(ids["dataset"])) == 2  # the one that was there, and this
    assert store.row("preparation", first[0])["settings"]["clip"] == 7


def test_a_run_is_trained_once_however_often_train_is_called(store):
    run, view = new_run(store), store.of("local")
    assert view.jobs.last(run, "train") is None
    assert len({view.runs.train(run) for i in range(3)}) == 1
    assert view.runs.one(run)["status"] == "queued"
    run = new_run(store)
    assert len(set(at_once(4, lambda i: view.runs.train(run)))) == 1


def test_an_embedding_is_queued_once_and_again_after_a_failure(store):
    run, view = furnish(store)["run"], store.of("local")
    job = view.results.embed(run, "input_tsne")
    for status in ("queued", "running", "done"):
        store.set_job(job, status=status)
        assert view.results.embed(run, "input_tsne") == job and store.job(job)["status"] == status
    store.set_job(job, status="failed", message="killed", pid=1)
    assert view.results.embed(run, "input_tsne") == job
    row = store.job(job)
    assert (row["status"], row["message"], row["pid"]) == ("queued", "", None)
    assert view.results.embed(run, "latent_umap_3d") != job


# --- runs


def test_the_stamp_of_a_run_changes_with_it_and_is_as_private_as_the_run(store):
    run, view = new_run(store, "running"), store.of("local")
    before = view.runs.stamp(run)
    assert before == view.runs.stamp(run) and (before.status, before.last_epoch) == ("running", 0)
    store.add_epoch(run, EPOCH | {"epoch": 7})
    assert view.runs.stamp(run) == before._replace(last_epoch=7)
    for values in ({"phase": "encoding"}, {"message": "Stopped."}, {"ended": 2.0}, {"name": "another"}):
        last = view.runs.stamp(run)
        store.set("run", run, **values)
        assert view.runs.stamp(run) == last._replace(**values)
    with pytest.raises(Missing):
        store.of("stranger").runs.stamp(run)
    store.set("run", run, visibility="shared")
    assert store.of("stranger").runs.stamp(run).name == "another"
    store.move("run", run, "running", "cancelled")
    assert view.runs.stamp(run).status == "cancelled"
    view.removals.remove([run])
    with pytest.raises(Missing):
        view.runs.stamp(run)


def test_a_run_takes_its_preprocessing_from_the_preparation(store):
    ids, view = furnish(store), store.of("local")
    run = view.runs.one(view.runs.create(ids["preparation"], {"n_latent": 7}))
    assert (run["config"]["clip"], run["config"]["n_latent"], run["status"]) == (5.0, 7, "created")
    for values, sentence in (
        ({"n_latent": 126}, "126 latent"),
        ({"lr": 0}, "Learning rate"),
        ({"nope": 1}, "nope"),
    ):
        with pytest.raises(UserError, match=sentence):
            view.runs.create(ids["preparation"], values)
    assert len(view.runs.all()) == 2


def test_epochs_are_read_as_they_were_written(store):
    run = furnish(store)["run"]
    second = {name: i / 7 for i, name in enumerate(run_files.HISTORY)}
    second |= {"epoch": 2, "train_protein": None, "valid_protein": None}
    assert store.add_epoch(run, second) == "done"
    assert store.epochs(run) == [EPOCH, second]
    assert list(store.epochs(run)[0]) == list(run_files.HISTORY)


def test_the_columns_of_a_history_are_written_once():
    parts = Parts(1.0, 0.5, None)
    epoch = Epoch(1, parts, parts, 0.01, 2.34567, 0.1, 0.2, best=True)
    row = epoch_record(epoch)
    assert tuple(row) == run_files.HISTORY and (row["train_loss"], row["valid_rna"]) == (1.0, 0.5)
    assert (row["seconds"], row["penalty_kl"]) == (2.3457, 0.2)
    assert [column.name for column in schema.epochs.columns] == ["run", *run_files.HISTORY]


def test_a_cancelled_run_learns_of_it_with_its_next_epoch(store):
    run = new_run(store, "running")
    assert store.add_epoch(run, EPOCH) == "running"
    store.of("local").runs.cancel(run)
    assert store.add_epoch(run, EPOCH | {"epoch": 2}) == "cancelling"
    assert store.cancelled(store.of("local").jobs.last(run, "train")["id"])


def test_a_queued_run_is_cancelled_at_once(store):
    run, view = new_run(store), store.of("local")
    view.runs.cancel(run)
    assert view.runs.one(run)["status"] == "created"  # nothing to cancel yet
    job = view.runs.train(run)
    view.runs.cancel(run)
    row = view.runs.one(run)
    assert row["status"] == "cancelled" and "before it began" in row["message"] and row["ended"]
    assert store.job(job)["status"] == "cancelled" and store.waiting("train") == []


def test_a_run_whose_process_is_just_starting_can_be_cancelled(store):
    run, view = new_run(store), store.of("local")
    job = view.runs.train(run)
    store.move_job(job, "queued", "running")  # the queue has begun, the run itself has not
    view.runs.cancel(run)
    assert view.runs.one(run)["status"] == "cancelled"


def test_an_active_run_cannot_be_deleted(store):
    run, view = new_run(store, "running"), store.of("local")
    with pytest.raises(UserError, match="still active: cancel it first"):
        view.removals.remove([run])


def test_forgetting_removes_row_folder_epochs_and_jobs(store):
    ids, view = furnish(store), store.of("local")
    folder = store.run_folder(ids["run"])
    with pytest.raises(UserError, match="1 runs were trained"):
        view.datasets.forget(ids["dataset"])
    (store.dataset_folder(ids["dataset"]).folder).mkdir(parents=True)
    view.removals.remove([ids["run"]])
    remove_due(store, now=math.inf)
    assert (
        not folder.exists()
        and view.runs.all() == []
        and store.epochs(ids["run"]) == []
        and store.jobs() == []
    )
    view.datasets.forget(ids["dataset"])
    assert view.datasets.all() == [] and view.preparations.all(ids["dataset"]) == []
    assert not any((store.root / "datasets").iterdir()) and not any((store.root / "runs").iterdir())
