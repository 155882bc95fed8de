"""A disk that is full while a checkpoint is written fails the run with a sentence, and the run goes on once there is room."""

import errno
import os

import pytest
from queued_work import prepared, queued_run

from core.store import Status
from core.training.checkpoint import Checkpoints
from core.worker import execute

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tiny_demo")]


def test_a_run_keeps_its_earlier_checkpoint_and_resumes_when_there_is_room(store, monkeypatch):
    run, calls = queued_run(store, prepared(store)), []

    def full_at_the_second(handle):
        calls.append(handle)
        if len(calls) == 3:  # each checkpoint has its file and its folder synced
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "is_due", True)
        patch.setattr(os, "fsync", full_at_the_second)
        execute.drain(store)
    row = store.row("run", run)
    assert row["status"] == Status.FAILED and row["message"] == (
        "The disk of the server is full, so the checkpoint of epoch 2 could not be written. The checkpoint of epoch 1 is kept. "
        "Free some space, then press Resume."
    )
    assert store.of("local").resumed.kept(run).epoch == 1
    store.of("local").resumed.resume(run)
    execute.drain(store)
    assert store.row("run", run)["status"] == Status.DONE
    assert [epoch["epoch"] for epoch in store.epochs(run)] == [1, 2, 3]
