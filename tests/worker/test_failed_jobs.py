"""What becomes of the rows of jobs that failed or never existed, and of datasets that are deleted while they are read."""

import threading
import time
from pathlib import Path

import formats
import pytest
from queued_work import bring
from store_rows import new_run

from core.data import read
from core.store import Explored, Missing, Status
from core.worker import execute, failed_jobs, job_kinds
from core.worker.jobs import ingest
from core.worker.queue import sweep

pytestmark = pytest.mark.usefixtures("tiny_demo")


def taken(store, lane="short"):
    """The next job of a lane, running."""
    return execute.take(store, lane)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING])
def test_rows_that_wait_for_a_job_that_does_not_exist_fail_when_the_queue_starts(store, status):
    dataset = store.add("dataset", "local", name="x", origin="demo:tiny", status=status)
    preparation = store.add("preparation", "local", dataset=dataset, settings={}, status=status)
    new = {"dataset": dataset, "preparation": preparation, "name": "r", "config": {}, "phase": ""}
    run = store.add("run", "local", status=status, explored=Explored.NOT_STARTED, **new)
    done = store.add("run", "local", status=Status.DONE, explored=Explored.WORKING, **new)
    failed_jobs.settle(store)
    for kind, id in (("dataset", dataset), ("preparation", preparation), ("run", run)):
        row = store.row(kind, id)
        assert (row["status"], row["message"]) == (Status.FAILED, failed_jobs.LOST)
    assert store.row("run", run)["ended"]
    assert (store.row("run", done)["status"], store.row("run", done)["explored"]) == ("done", "failed")
    store.of("local").removals.remove([done])  # which was refused for ever while it said "working"
    store.of("local").removals.remove([run])


def test_rows_with_a_waiting_or_running_job_are_left_alone(store):
    run, waiting = new_run(store, "queued"), bring(store)
    store.submit("local", "short", "explore", run)
    store.set("run", run, explored=Explored.WORKING)
    assert taken(store)["target"] == waiting
    store.move("dataset", waiting, Status.QUEUED, Status.RUNNING)
    failed_jobs.settle(store)
    assert store.row("dataset", waiting)["status"] == Status.RUNNING
    row = store.row("run", run)
    assert (row["status"], row["explored"]) == (Status.QUEUED, Explored.WORKING)


def test_a_failed_job_leaves_no_folder_of_its_dataset(store):
    id = bring(store)
    job = taken(store)
    store.move("dataset", id, Status.QUEUED, Status.RUNNING)
    half = store.dataset_folder(id).folder / "genes" / "data.npy"
    half.parent.mkdir(parents=True)
    half.touch()
    failed_jobs.fail(store, job, "The disk is full.")
    assert store.row("dataset", id)["message"] == "The disk is full."
    assert not store.dataset_folder(id).folder.exists()


def test_a_stale_job_changes_nothing_of_a_dataset_that_is_ready(store):
    id = bring(store)
    job = taken(store)
    execute.execute(store, job)
    failed_jobs.fail(store, job, "The worker stopped.")
    assert store.row("dataset", id)["status"] == Status.READY and store.dataset_folder(id).file.exists()


@pytest.mark.parametrize("at", ["Reading", "Looking", "Writing"])
def test_a_dataset_deleted_while_it_is_read_leaves_nothing(store, monkeypatch, at):
    id = bring(store)
    set_job = store.set_job

    def delete_first(job_id, **values):
        if values.get("message", "").startswith(at):
            store.of("local").datasets.forget(id)
        return set_job(job_id, **values)

    monkeypatch.setattr(store, "set_job", delete_first)
    execute.drain(store)
    assert not store.exists("dataset", id) and store.jobs() == []
    assert not list((store.root / "datasets").iterdir())


def test_a_dataset_deleted_while_it_is_written_leaves_nothing(store, monkeypatch):
    id = bring(store)
    move = store.move

    def delete_first(kind, row, old, new, **values):
        if new == Status.READY:
            store.of("local").datasets.forget(id)
        return move(kind, row, old, new, **values)

    monkeypatch.setattr(store, "move", delete_first)
    execute.drain(store)
    assert not list((store.root / "datasets").iterdir())


def test_deleting_a_dataset_stops_its_reading(store, tmp_path, monkeypatch):
    """The reader would otherwise go on to the end of the file, and everybody else's short work would wait."""
    view = store.of("local")
    with (store.root / "inbox" / "long.csv").open("w") as file:
        file.write("cell," + ",".join(f"GENE{i}" for i in range(4000)) + "\n")
        for cell in range(1000):
            file.write(f"cell{cell}," + ",".join("1" * 4000) + "\n")
    id = view.datasets.add_from_inbox("long.csv", "click")
    monkeypatch.setattr(ingest, "POLL", 0.05)
    reading = threading.Thread(target=execute.drain, args=(store,))
    reading.start()
    end = time.monotonic() + 60
    while store.row("dataset", id)["status"] != Status.RUNNING:
        assert time.monotonic() < end
        time.sleep(0.01)
    view.datasets.forget(id)
    reading.join(60)
    assert not reading.is_alive() and read.SERVER.process is None  # the reader was ended, not waited for
    assert not list((store.root / "datasets").iterdir())
    assert not list((store.root / "cache").glob("nuwa-read-*"))
    good = view.datasets.add_from_inbox(formats.h5ad(formats.counts(), store.root / "inbox").name, "next")
    execute.drain(store)
    assert store.row("dataset", good)["status"] == Status.READY  # a new reader was started


def test_a_job_whose_row_was_deleted_stops_at_its_next_message(store, monkeypatch):
    run = new_run(store)
    job = store.of("local").jobs.once("markers", run, {"groups": "f" * 24})
    steps = []

    def work(store, job, say):
        steps.append(say("first"))
        store.forget("run", run)
        steps.append(say("second"))

    monkeypatch.setitem(job_kinds.KINDS, "markers", work)
    execute.drain(store)
    assert steps == [None]
    with pytest.raises(Missing):
        store.job(job["id"])


def test_the_sweep_removes_folders_without_a_dataset(store):
    good = bring(store)
    execute.drain(store)
    failed = store.add("dataset", "local", name="x", origin="x", status=Status.FAILED)
    running = store.add("dataset", "local", name="x", origin="x", status=Status.RUNNING)
    folders = {name: store.root / "datasets" / name for name in ("orphan", failed, running, ".gone-x-1")}
    for folder in (*folders.values(), store.root / "runs" / ".gone-y-2", store.root / "runs" / "mine"):
        Path(folder).mkdir()
    sweep(store)
    assert {path.name for path in (store.root / "datasets").iterdir()} == {good, running}
    assert [path.name for path in (store.root / "runs").iterdir()] == ["mine"]
