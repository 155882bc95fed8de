"""Work that a card watches: what a page shows of it, also after a reload, and who may look."""

import pytest
from app_under_test import sent

from core.store import Missing
from dashboard.components import job_card
from dashboard.pages.clusters import spaces

GO = "markers-go.n_clicks"


@pytest.fixture
def job(finished):
    """A row of work on the run that nobody carries out."""
    id = finished.store.submit("local", "slow", "spaces", finished.run)
    yield lambda: finished.view.jobs.one(id)
    finished.store.move_job(id, finished.view.jobs.one(id)["status"], "cancelled")


def shown(finished, row):
    """(what is said, is the clock still, the id of work that is done) in the layout."""
    said, _cancel, at, clock, done = job_card.parts(finished.view, spaces.JOB, row)
    assert at.data == (row and row["id"])
    return sent(said), clock.disabled, done.data


def test_a_page_that_is_drawn_again_continues_with_its_job(finished, job):
    said, still, done = shown(finished, job())
    assert "Starting" in said and not still and done is None
    finished.store.move_job(job()["id"], "queued", "running", message="Counting.", progress=0.5)
    assert "Counting." in shown(finished, job())[0]
    finished.store.move_job(job()["id"], "running", "failed", message="It broke.")
    said, still, done = shown(finished, job())
    assert "It broke." in said and still and done is None
    finished.store.move_job(job()["id"], "failed", "done")
    assert shown(finished, job())[1:] == (True, job()["id"])
    assert shown(finished, None)[1:] == (True, None)


def test_a_job_that_cannot_be_queued_gives_the_reason_and_polling_stays_unchanged(finished):
    values = {"markers-how.value": "two", "resolution.value": 1.0, "run.data": finished.run, GO: 1}
    answer = finished.press("markers-job.data", values, GO)
    assert "Group A is empty" in sent(answer["markers-message"]) and set(answer) == {"markers-message"}
    assert (
        finished.press("markers-job.data", values | {GO: None}, GO) is None
    )  # the button has just been drawn


def test_a_job_of_a_shared_run_is_followed_by_all_who_see_it_and_done_once(finished, job):
    other = finished.store.of("other")
    with pytest.raises(Missing):
        other.jobs.one(job()["id"])
    finished.store.set("run", finished.run, visibility="shared")
    try:
        assert other.jobs.one(job()["id"]) == job()
        assert other.jobs.ask("spaces", finished.run, {}) == job()["id"]
        own = finished.store.submit("local", "slow", "markers", finished.run, {"groups": "f" * 24})
        with pytest.raises(Missing):
            other.jobs.one(own)
        finished.store.move_job(own, "queued", "cancelled")
    finally:
        finished.store.set("run", finished.run, visibility="private")
