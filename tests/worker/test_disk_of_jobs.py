"""A full disk is called that, wherever it shows, and nothing half written stays."""

import errno
import os
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError
from store_rows import furnish

from core.errors import DISK_FULL, is_disk_full
from core.store import limits
from core.worker import execute, job_kinds


@pytest.mark.parametrize(
    ("error", "is_full"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), True),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), True),
        (
            OSError(
                "Can't write data (file write failed: errno = 28, error message = 'No space left on device')"
            ),
            True,
        ),
        (OperationalError("INSERT", {}, Exception("database or disk is full")), True),
        (OSError(errno.EACCES, os.strerror(errno.EACCES)), False),
        (MemoryError(), False),
        (ValueError("a column is full"), False),
    ],
)
def test_a_full_disk_is_known_by_its_number_or_its_words(error, is_full):
    assert is_disk_full(error) == is_full


def working(store, kind="steps"):
    dataset = store.add("dataset", "local", name="cells", origin="x", status="running")
    job = store.submit("local", "short", kind, dataset, {"of": "x", "steps": []} if kind == "steps" else None)
    store.start_job(job)
    return dataset, job


def test_a_job_that_fills_the_disk_says_so_and_leaves_nothing(store, monkeypatch, capsys):
    dataset, job = working(store)

    def fill(store, job, say):
        folder = store.dataset_folder(dataset).folder
        folder.mkdir()
        (folder / "half").write_text("a dataset")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(job_kinds.KINDS, "steps", fill)
    execute.execute(store, store.job(job))
    assert store.job(job)["message"] == store.row("dataset", dataset)["message"] == DISK_FULL
    assert store.row("dataset", dataset)["status"] == "failed"
    assert not store.dataset_folder(dataset).folder.exists()


def test_below_the_floor_a_waiting_job_does_not_begin(store, monkeypatch):
    dataset, job = working(store)
    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    monkeypatch.setitem(job_kinds.KINDS, "steps", lambda *_: pytest.fail("it began"))
    execute.execute(store, store.job(job))
    assert "nearly full" in store.row("dataset", dataset)["message"]


def test_below_the_floor_small_work_goes_on(store, monkeypatch):
    job = store.submit("local", "short", "explained", furnish(store)["run"])
    store.start_job(job)
    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    monkeypatch.setitem(job_kinds.KINDS, "explained", lambda *_: {"done": 1})
    execute.execute(store, store.job(job))
    assert store.job(job)["result"] == {"done": 1}
