"""A disk that is full while a checkpoint is written fails the run with a sentence, and the run goes on once there is room."""

import errno
import os

import pytest
from queued_work import prepared, queued_run

from core import checkpoint_file
from core.store import Status
from core.training.checkpoint import Checkpoints
from core.worker import execute

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tiny_demo")]


def test_a_run_keeps_its_earlier_checkpoint_and_resumes_when_there_is_room(store, monkeypatch):
    run, write, epochs = queued_run(store, prepared(store)), checkpoint_file.write, []

    def remember(folder, head, content):
        epochs.append(head["epoch"])
        write(folder, head, content)

    def full_at_the_second(_):
        if epochs[-1:] == [2]:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "is_due", True)
        patch.setattr(checkpoint_file, "write", remember)
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
