"""The card that resumes, repeats and extends a run, without a browser."""

import pytest
from app_under_test import sent
from store_rows import EPOCH, flip

from core import checkpoint_file
from core.config import parse
from core.config.extensions import LOWER
from core.config.run_facts import Baselines, Parts
from core.store import Status
from core.training.diagnosis import diagnose
from core.training.diagnosis_case import Case, State
from dashboard.pages import run_diagnosis
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
    page = finished.press("status.children", {"run.data": run})  # it has epochs, and has not begun
    assert "Waiting in the queue" in sent(page["status"]) and page["tiles"]["children"] == []
    finished.store.move("run", run, "queued", "running", phase="reading the dataset")
    page = finished.press("status.children", {"run.data": run})
    assert "reading the dataset" in sent(page["status"])
    finished.store.move("run", run, "running", "queued")
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


def one_cycle_until_the_end(nuwa, run, n=20):
    """Give a finished run a flat history whose learning rate falls to nothing."""
    loss = {"train_loss": 0.4, "valid_loss": 0.4}
    rows = [EPOCH | loss | {"epoch": i, "learning_rate": 0.01 * (1.0001 - i / n)} for i in range(1, n + 1)]
    nuwa.store.set_epochs(run, rows)


def test_a_curve_that_cannot_tell_is_extended_by_its_button_and_the_extension_has_the_answer(
    finished, monkeypatch
):
    monkeypatch.setattr(finished.app, "work_here", lambda: None)
    view, run = finished.view, finished.run
    before = view.runs.epochs(run)
    state = State(
        config=parse(view.runs.one(run)["config"]),
        baselines=Baselines(Parts(1.0, 1.0), Parts(0.5, 0.5)),
        n_epochs=20,
        n_train=200,
        n_valid=20,
        is_over=True,
    )
    try:
        one_cycle_until_the_end(finished, run)
        diagnosis = diagnose(view.runs.epochs(run), state)
        assert diagnosis.case == Case.CANNOT_TELL
        page = sent(run_diagnosis.shown({"id": run}, diagnosis))
        assert "Add 10 epochs at a constant rate" in page and '"name": 10' in page
        pressed = '{"name":10,"type":"extend-constant"}.n_clicks'
        answer = finished.press("url.href", {"run.data": run, "extend-constant": {10: 1}}, pressed)
        id = answer["url"]["href"].removeprefix("/train?run=")
        (more,) = view.runs.one(id)["config"]["extensions"]
        assert (more["epochs"], more["schedule"]) == (10, "constant")
        listed = sent(shown(finished, run)["extensions"])
        assert f"/train?run={id}" in listed and "waiting in the queue" in listed
        flat = [
            epoch | {"epoch": 20 + i, "learning_rate": 0.003}
            for i, epoch in enumerate(view.runs.epochs(id)[:10], 1)
        ]
        rows = view.runs.epochs(run) + flat
        assert diagnose(rows, state).case == Case.CONVERGED  # a constant rate has the answer
        view.runs.cancel(id)
        view.removals.remove([id])
    finally:
        finished.store.set_epochs(run, before)
