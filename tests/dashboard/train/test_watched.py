"""A look at a run: what it reads, what all tabs share, and that its parts belong together."""

import pytest
from app_under_test import sent
from sqlalchemy import event
from store_rows import EPOCH, at_once, new_run

from core.config import RunConfig
from core.config.run_facts import Baselines, Parts, RunFacts
from core.store import Missing
from core.training.diagnosis_case import Case
from dashboard.components.job_progress import run_state
from dashboard.pages.train import watched

LOSSES = Baselines(Parts(1.2, 1.0), Parts(0.7, 0.5))


@pytest.fixture
def run(store):
    """A run at work with its facts, as it has them before its first epoch."""
    run = new_run(store, "running")
    facts = RunFacts(valid_baselines=LOSSES, test_baselines=LOSSES, n_epochs=100, n_train=90, n_valid=10)
    facts = facts.model_copy(update={"training_since": 1.0})
    config = RunConfig(epochs=100).model_dump()
    store.set("run", run, facts=facts.record(), n_epochs=100, started=1.0, config=config)
    return run


def add(store, run, first, last):
    for n in range(first, last + 1):
        store.add_epoch(run, EPOCH | {"epoch": n, "train_loss": 1 / n, "valid_loss": 1 / n})


def statements_of(store, look):
    """How many statements a look sends to the database."""
    sent = []

    def count(*arguments):
        sent.append(arguments[2])

    event.listen(store.engine, "before_cursor_execute", count)
    try:
        look()
    finally:
        event.remove(store.engine, "before_cursor_execute", count)
    return len(sent)


def test_a_page_that_is_opened_in_the_middle_of_training_has_a_diagnosis_of_its_epochs(store, run):
    """Once its first look said "No epoch yet" beside "epoch 31"."""
    assert watched.of(store.of("local"), run).diagnosis.case == Case.WAITING
    add(store, run, 1, 31)
    watched._kept._values.clear()  # as in a server that has just started
    now = watched.of(store.of("local"), run)
    assert now.so_far.n == 31 and now.diagnosis.case == Case.LEARNING and now.diagnosis.evidence.last == 31


def test_the_first_answer_of_the_page_has_the_epoch_and_its_diagnosis(finished):
    add(finished.store, (run := new_run(finished.store, "running")), 1, 31)
    facts = finished.view.runs.one(finished.run)["facts"]
    finished.store.set("run", run, facts=facts, n_epochs=100, config=RunConfig(epochs=100).model_dump())
    try:
        answer = finished.press("status.children", {"run.data": run})
        assert "epoch 31 of 100" in sent(answer["status"])
        page = sent(answer["train-next"])
        assert "No epoch yet" not in page and "Learning. " in page
    finally:
        finished.store.forget("run", run)


def test_a_look_without_news_asks_the_database_once_and_reads_nothing_again(store, run):
    add(store, run, 1, 40)
    view, other = store.of("local"), store.of("local")
    first = watched.of(view, run)
    assert statements_of(store, lambda: watched.of(other, run)) == 1
    assert watched.of(other, run) is first  # all tabs share it
    assert statements_of(store, lambda: run_state(store, view, run)) == 1
    add(store, run, 41, 41)
    assert statements_of(store, lambda: watched.of(view, run)) <= 4
    assert watched.of(other, run) is watched.of(view, run) is not first
    with pytest.raises(Missing):
        watched.of(store.of("stranger"), run)


@pytest.mark.parametrize(
    "change", [{"phase": "encoding the cells"}, {"message": "Stopped."}, {"best_epoch": 2}, {"ended": 9.0}]
)
def test_a_change_of_the_run_is_seen_without_a_new_epoch(store, run, change):
    add(store, run, 1, 3)
    view = store.of("local")
    before = watched.of(view, run)
    store.set("run", run, **change)
    now = watched.of(view, run)
    assert now is not before and change.items() <= now.run.items()


def test_a_run_that_is_trained_again_gets_a_diagnosis_of_its_new_epochs(store, run):
    view = store.of("local")
    add(store, run, 1, 31)
    assert watched.of(view, run).diagnosis.case == Case.LEARNING
    worse = [EPOCH | {"epoch": n, "train_loss": 50.0 * n, "valid_loss": 50.0 * n} for n in range(1, 32)]
    store.set_epochs(run, worse)
    store.set("run", run, started=2.0)
    assert watched.of(view, run).diagnosis.case == Case.RATE_TOO_HIGH


def test_tabs_that_look_at_the_same_time_read_a_run_once(store, run, monkeypatch):
    calls, real = [], watched.history.grown
    monkeypatch.setattr(watched.history, "grown", lambda *a: calls.append(a) or real(*a))
    add(store, run, 1, 50)
    looks = at_once(4, lambda _: watched.of(store.of("local"), run))
    assert len(calls) == 1 and all(one is looks[0] for one in looks)


def test_a_long_history_is_diagnosed_again_when_it_has_grown_by_a_hundredth(store, run, monkeypatch):
    view, calls = store.of("local"), []
    real = watched.diagnosis_of
    monkeypatch.setattr(watched, "diagnosis_of", lambda *a: calls.append(a) or real(*a))
    add(store, run, 1, 400)
    for n in range(400, 412):
        add(store, run, n + 1, n + 1)
        watched.of(view, run)
    assert len(calls) == 4  # 401 (of 400), 404, 408, 412
