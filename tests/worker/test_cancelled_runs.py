"""A run is cancelled by several people, as it ends, or while it waits to continue."""

import pytest
from queued_work import prepared, queued_run
from store_rows import at_once, new_run

from core.export import run_folder
from core.store import Status
from core.worker import execute, lost_jobs


def at_work(store):
    """(run, its training job at work)."""
    run = new_run(store)
    job = store.of("local").runs.train(run)
    store.move_job(job, "queued", "running")
    store.move("run", run, "queued", "running", started=1.0)
    return run, job


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING])
def test_two_people_who_cancel_at_once_cancel_it_once(store, status):
    run = new_run(store)
    job = store.of("local").runs.train(run)
    if status == Status.RUNNING:
        store.move_job(job, "queued", "running")
        store.move("run", run, "queued", "running")
    assert at_once(2, lambda _: store.of("local").runs.cancel(run)) == [None, None]
    ended = status == Status.QUEUED
    assert store.row("run", run)["status"] == ("cancelled" if ended else "cancelling")
    assert store.job(job)["status"] == ("cancelled" if ended else "running")


def test_a_run_that_has_ended_stays_as_it_is(store):
    run, job = at_work(store)
    store.move("run", run, "running", "done")
    store.move_job(job, "running", "done")
    store.of("local").runs.cancel(run)
    assert (store.row("run", run)["status"], store.job(job)["cancel"]) == ("done", False)


def test_a_run_whose_process_died_while_it_was_cancelled_keeps_its_job_when_it_is_cancelled_again(store):
    run, job = at_work(store)
    store.of("local").runs.cancel(run)
    lost_jobs.lost(store, store.job(job), -9)
    store.of("local").runs.cancel(run)
    assert (store.row("run", run)["status"], store.job(job)["status"]) == ("cancelling", "queued")


def test_a_run_that_waits_to_continue_says_so_when_it_is_cancelled(store):
    run, job = at_work(store)
    lost_jobs.lost(store, store.job(job), -9)
    store.of("local").runs.cancel(run)
    row = store.row("run", run)
    assert (row["status"], row["message"]) == ("cancelled", "Cancelled before it continued.")
    assert store.job(job)["status"] == "cancelled"


@pytest.mark.slow
@pytest.mark.usefixtures("tiny_demo")
def test_a_run_that_is_cancelled_just_as_it_ends_keeps_its_weights(store, monkeypatch):
    run = queued_run(store, prepared(store))
    write = run_folder.write_learnt

    def cancel(*arguments):
        store.of("local").runs.cancel(run)
        write(*arguments)

    monkeypatch.setattr(run_folder, "write_learnt", cancel)
    execute.drain(store)
    row = store.row("run", run)
    assert (row["status"], row["explored"]) == ("cancelled", "ready")
    assert row["message"].startswith("Cancelled after epoch 3; the weights of epoch")
    assert store.of("local").resumed.kept(run).epoch == 3
