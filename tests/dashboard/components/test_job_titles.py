"""Whoever waits reads what for: which job of whom runs before, and how long."""

import pytest

from core.store import Priority
from core.worker.job_kinds import KINDS
from dashboard.components.job_progress import status_text
from dashboard.components.job_titles import TITLES, waiting


@pytest.fixture
def queued(finished):
    """A function that queues a job that nobody carries out."""
    ids = []

    def queue(kind="spaces", owner="local", lane="slow", priority=Priority.ASKED, arguments=None):
        ids.append(finished.store.submit(owner, lane, kind, finished.run, arguments, None, priority))
        return finished.store.job(ids[-1])

    yield queue
    for id in ids:
        finished.store.move_job(id, finished.store.job(id)["status"], "cancelled")


def test_every_kind_of_job_has_words():
    assert set(TITLES) == set(KINDS)


def test_a_waiting_job_names_what_runs_before_it_and_whose_it_is(finished, queued):
    first = queued("embed", "anna", arguments={"name": "latent_tsne"})
    assert waiting(finished.view, first, 0.0) == "Starting ..."
    second = queued()
    assert waiting(finished.view, second, 0.0).startswith(
        "Waiting for the embedding latent_tsne of 'first' (anna)."
    )
    third = queued()
    assert (
        waiting(finished.view, third, 0.0)
        .partition(" Expected")[0]
        .endswith(" 1 more job is before this one.")
    )
    finished.store.move_job(first["id"], "queued", "running")
    started = finished.store.job(first["id"])["started"]
    assert "(anna), running for 12 s." in waiting(finished.view, second, started + 12)
    other = finished.store.of("other")  # may not see the run
    assert waiting(other, second, started).startswith("Waiting for the embedding latent_tsne (anna)")


def test_a_running_job_says_what_it_does_and_for_how_long(finished, queued):
    job = queued()
    finished.store.move_job(job["id"], "queued", "running", message="Counting.")
    job = finished.store.job(job["id"])
    assert status_text(finished.view, job) == "Counting."
    assert status_text(finished.view, job | {"started": job["started"] - 30}) == "Counting. 30 s so far."
    assert status_text(finished.view, job | {"cancel": True}) == "Stopping ..."
