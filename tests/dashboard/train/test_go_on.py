"""The card that resumes, repeats and extends a run, without a browser."""

import pytest
from app_under_test import sent
from store_rows import flip

from core import checkpoint_file
from core.config.extensions import LOWER
from core.store import Status
from dashboard.pages.train import go_on


@pytest.fixture
def stopped(finished, monkeypatch):
    """A cancelled run with checkpoints of its first two epochs; nothing trains when it is queued."""
    monkeypatch.setattr(finished.app, "work_here", lambda: None)
    run = finished.view.runs.create(finished.preparation, {"epochs": 4}, "stopped")
    finished.view.runs.train(run)
    finished.view.runs.cancel(run)
    finished.store.set("run", run, n_epochs=4)
    for epoch in (1, 2):
        head = {"epoch": epoch, "seconds": {}, "of": {}}
        checkpoint_file.write(finished.store.run_folder(run), head, b"content")
    yield run
    if finished.store.row("run", run)["status"] == Status.QUEUED:
        finished.view.runs.cancel(run)
    finished.view.removals.remove([run])


def shown(nuwa, run):
    return nuwa.press("go-on.hidden", {"run.data": run})


def test_a_stopped_run_says_from_where_it_continues_and_continues(finished, stopped):
    card = shown(finished, stopped)
    assert not card["go-on"]["hidden"] and not card["resume"]["hidden"] and card["extend-box"]["hidden"]
    assert "continues the training after epoch 2 of 4" in card["resume-text"]["children"]
    answer = finished.press("poll.disabled", {"resume.n_clicks": 1, "run.data": stopped}, "resume.n_clicks")
    assert answer["poll"]["disabled"] is False
    assert finished.store.row("run", stopped)["status"] == "queued"
    assert shown(finished, stopped)["go-on"]["hidden"]
    again = finished.press("poll.disabled", {"resume.n_clicks": 2, "run.data": stopped}, "resume.n_clicks")
    assert "This run was not stopped" in sent(again)


def test_a_damaged_checkpoint_is_named_and_the_older_one_offered(finished, stopped):
    flip(finished.store.run_folder(stopped) / checkpoint_file.NAMES[0])
    text = shown(finished, stopped)["resume-text"]["children"]
    assert "newest checkpoint is damaged" in text and "after epoch 1 of 4" in text


def test_a_run_without_checkpoints_can_be_trained_again(finished, stopped):
    checkpoint_file.remove(finished.store.run_folder(stopped))
    card = shown(finished, stopped)
    assert card["resume"]["hidden"] and "Start a new run from its weights" in card["resume-text"]["children"]
    values = {"train-again.n_clicks": 1, "run.data": stopped}
    assert finished.press("poll.disabled", values, "train-again.n_clicks")["poll"]["disabled"] is False
    assert finished.store.row("run", stopped)["status"] == "queued"


def test_a_finished_run_is_extended_by_a_run_that_opens(finished, monkeypatch):
    monkeypatch.setattr(finished.app, "work_here", lambda: None)
    card = shown(finished, finished.run)
    assert not card["extend-box"]["hidden"] and card["resume-box"]["hidden"]
    values = {"run.data": finished.run, "extend-epochs.value": "7", "extend-schedule.value": "cosine"}
    answer = finished.press("url.href", values | {"extend.n_clicks": 1}, "extend.n_clicks")
    run = answer["url"]["href"].removeprefix("/train?run=")
    (more,) = finished.view.runs.one(run)["config"]["extensions"]
    assert (more["epochs"], more["schedule"]) == (7, "cosine")
    assert more["lr"] == pytest.approx(finished.view.runs.one(run)["config"]["lr"] * LOWER)
    finished.view.runs.cancel(run)
    finished.view.removals.remove([run])
    wrong = finished.press(
        "url.href", values | {"extend-epochs.value": "0", "extend.n_clicks": 2}, "extend.n_clicks"
    )
    assert "url" not in wrong and "1" in sent(wrong["go-on-message"])


def test_a_run_at_work_offers_nothing(finished):
    run = finished.view.runs.create(finished.preparation, {"epochs": 4}, "ready")
    row = finished.view.runs.one(run)
    assert go_on.offered(finished.view, row)[0]
    finished.view.removals.remove([run])
