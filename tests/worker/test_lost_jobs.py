"""Jobs whose process ended are taken up again, and those that end again and again fail in a sentence."""

import signal
import subprocess
import sys

import pytest
from sqlalchemy.exc import OperationalError
from store_rows import new_run

from core import checkpoint_file
from core.errors import UserError
from core.worker import lost_jobs, patience, processes


def running(store, status="running"):
    """(run, its training job at work)."""
    run = new_run(store)
    job = store.of("local").runs.train(run)
    store.move_job(job, "queued", "running")
    store.move("run", run, "queued", status)
    return run, job


def die(store, job, code=-signal.SIGKILL):
    lost_jobs.lost(store, store.job(job), code)


def start(store, run, job):
    assert store.move_job(job, "queued", "running") and store.move("run", run, "queued", "running")


def test_a_training_is_queued_again_and_fails_after_three_ends_without_progress(store):
    run, job = running(store)
    for _ in range(2):
        die(store, job)
        start(store, run, job)
    die(store, job)
    row = store.row("run", run)
    assert row["status"] == store.job(job)["status"] == "failed"
    assert row["message"].startswith("Training was started 3 times from the beginning")
    assert "was killed (signal 9), most likely because memory ran out" in row["message"]


def test_progress_makes_the_count_of_ends_begin_again(store):
    run, job = running(store)
    for epoch in range(1, 8):
        head = {"epoch": epoch, "seconds": {}, "of": {}}
        checkpoint_file.write(store.run_folder(run), head, b"")
        die(store, job)
        start(store, run, job)
    assert store.row("run", run)["status"] == "running"
    for _ in range(2):
        die(store, job)
        if store.row("run", run)["status"] == "queued":
            start(store, run, job)
    assert store.row("run", run)["message"].startswith("Training was started 3 times from epoch 7 and")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-9, "killed (signal 9), most likely because memory ran out"),
        (-15, "stopped (signal 15)"),
        (-2, "stopped (signal 2)"),
        (-11, "crashed (signal 11)"),
        (-7, "crashed (signal 7)"),
        (1, "stopped in the middle"),
        (None, "stopped in the middle"),
    ],
)
def test_the_words_on_an_end_are_those_of_its_signal(code, words):
    assert words in lost_jobs.sentence(code) and ("memory" in lost_jobs.sentence(code)) == (code == -9)


def test_a_run_that_was_being_cancelled_stays_so_until_its_weights_are_kept(store):
    run, job = running(store, "cancelling")
    die(store, job)
    assert store.row("run", run)["status"] == "cancelling" and store.job(job)["status"] == "queued"


@pytest.mark.parametrize("kind", ["read", "steps", "recipe", "recommended"])
def test_work_that_may_have_been_killed_by_its_file_is_not_repeated(store, kind):
    arguments = {"of": "x", "steps": []} if kind == "steps" else {"dataset": "x", "steps": []}
    arguments = arguments if kind in ("steps", "recipe") else None
    job = store.submit("local", "short", kind, "target", arguments)
    store.move_job(job, "queued", "running")
    die(store, job)
    assert store.job(job)["status"] == "failed"


def test_other_work_is_repeated_once_and_not_where_it_was_cancelled(store):
    job = store.submit("local", "short", "explained", "target")
    store.move_job(job, "queued", "running")
    die(store, job)
    assert store.job(job)["status"] == "queued"
    store.move_job(job, "queued", "running")
    store.set_job(job, cancel=True)
    lost_jobs.again(store, store.job(job))
    assert store.job(job)["status"] == "cancelled"


# --- which process, whatever the clock says


def test_a_process_is_known_by_its_start_and_the_boot_and_not_by_the_clock(monkeypatch):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    record = processes.identity(child.pid)
    monkeypatch.setattr("time.time", lambda: 0.0)
    monkeypatch.setattr("psutil.boot_time", lambda: 1e9)
    assert processes.is_alive(record)
    assert not processes.is_alive(record | {"pid_started": record["pid_started"] + 1})
    assert not processes.is_alive(record | {"boot": "another"})  # the machine was booted again
    assert not processes.is_alive(record | {"boot": None}) and not processes.is_alive({"pid": None})
    child.kill()
    assert not wait_while(lambda: processes.is_alive(record))  # a zombie until it is waited for
    child.wait()
    assert not processes.is_alive(record)


def wait_while(question, n=1000):
    return all(question() for _ in range(n))


# --- a database that cannot be written to


def locked(text):
    return OperationalError("INSERT", {}, Exception(text))


@pytest.mark.parametrize("text", ["database is locked", "database or disk is full", "disk I/O error"])
def test_a_write_waits_while_the_database_is_locked_or_its_disk_full(monkeypatch, text):
    monkeypatch.setattr(patience, "PAUSE", 0)
    problems = iter([locked(text), locked(text), None])

    def write():
        if problem := next(problems):
            raise problem
        return "written"

    assert patience.patiently(write) == "written"


@pytest.mark.parametrize(
    ("text", "words"), [("database is locked", "locked by"), ("disk is full", "full for")]
)
def test_a_write_that_waited_for_minutes_is_an_error_in_a_sentence(monkeypatch, text, words):
    monkeypatch.setattr(patience, "PAUSE", 0)
    now = iter(range(0, 10_000, 100))
    monkeypatch.setattr(patience.time, "monotonic", lambda: next(now))

    def write():
        raise locked(text)

    with pytest.raises(UserError, match=f"{words}.* 6|{words}.* 4|{words}.* 5|{words}.* 7"):
        patience.patiently(write)


def test_another_error_of_the_database_is_raised_at_once():
    def write():
        raise locked("no such table: runs")

    with pytest.raises(OperationalError):
        patience.patiently(write)
