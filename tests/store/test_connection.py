"""A row and the job that fills it are written together or not at all, wherever a process stops in between."""

from contextlib import suppress

import pytest
from queued_work import QUICK
from store_rows import at_once, furnish, new_run

from core.store import Explored, Status


class Killed(BaseException):
    """The process stopped here."""


def stop_at(monkeypatch, store, method):
    """Let the process stop when it calls a method of the store."""

    def stop(*_, **__):
        raise Killed

    monkeypatch.setattr(store, method, stop)


def upload(view, ids):
    view.datasets.add_upload("a.h5ad", view.store.root / "a.h5ad", "click")


def steps(view, ids):
    view.steps.add(ids["dataset"], "filter_genes", {"min_cells": 3})


def preparation(view, ids):
    view.preparations.create(ids["dataset"], {}, "click")


def join(view, ids):
    other = furnish(view.store)["dataset"]
    view.joins.create(
        [{"dataset": ids["dataset"], "name": "a"}, {"dataset": other, "name": "b"}], "sample", "click"
    )


def select(view, ids):
    view.selections.create(ids["run"], [True] * 12, "by hand", "click")


def train(view, ids):
    view.runs.train(view.runs.create(ids["preparation"], QUICK))


def seeds(view, ids):
    view.store.set("run", ids["run"], explored=Explored.READY)
    view.seeds.train(ids["run"], 2)


def explore_again(view, ids):
    view.runs.explore_again(ids["run"])


@pytest.mark.parametrize("begin", [upload, steps, preparation, join, select, train, seeds, explore_again])
@pytest.mark.parametrize("method", ["add", "submit", "move", "set"])
def test_no_row_waits_for_a_job_that_does_not_exist(store, monkeypatch, begin, method):
    ids = furnish(store)
    with monkeypatch.context() as patch:
        stop_at(patch, store, method)
        with suppress(Killed):
            begin(store.of("local"), ids)
    targets = {(job["kind"], job["target"]) for job in store.jobs() if job["status"] == Status.QUEUED}
    for kind, jobs in (("dataset", ("read", "steps", "join", "select")), ("preparation", ("prepare",))):
        for row in store.rows(kind):
            waits = row["status"] == Status.QUEUED
            assert not waits or any((job, row["id"]) in targets for job in jobs)
    for row in store.rows("run"):
        assert row["status"] != Status.QUEUED or ("train", row["id"]) in targets
        assert row["explored"] != Explored.WORKING or ("explore", row["id"]) in targets
    existing = {row["id"] for kind in ("dataset", "preparation", "run") for row in store.rows(kind)}
    assert {target for _, target in targets} <= existing


@pytest.mark.parametrize("method", ["move_job", "move"])
def test_a_run_and_its_job_are_cancelled_together(store, monkeypatch, method):
    run = new_run(store, "queued")
    job = store.of("local").jobs.last(run, "train")["id"]
    with monkeypatch.context() as patch:
        stop_at(patch, store, method)
        with pytest.raises(Killed):
            store.of("local").runs.cancel(run)
    assert (store.row("run", run)["status"], store.job(job)["status"]) == ("queued", "queued")
    store.of("local").runs.cancel(run)
    assert (store.row("run", run)["status"], store.job(job)["status"]) == ("cancelled", "cancelled")


def test_an_answer_and_its_job_are_written_together(store, monkeypatch):
    question = {"sentence": "Which?", "asks": "genome", "choices": [["human", "Human"]], "default": None}
    row = {"name": "a.h5", "origin": "inbox:a.h5", "record": {"question": question}}
    id = store.add("dataset", "local", status=Status.ASKING, **row)
    store.submit("local", "short", "read", id, {"path": "/a.h5"})
    with monkeypatch.context() as patch:
        stop_at(patch, store, "submit")
        with pytest.raises(Killed):
            store.of("local").datasets.answer(id, "human", "click")
    assert store.row("dataset", id)["status"] == Status.ASKING
    store.of("local").datasets.answer(id, "human", "click")
    assert store.row("dataset", id)["status"] == Status.QUEUED and len(store.jobs()) == 2


def test_a_transaction_sees_its_own_writes_and_others_do_not(store):
    with store.transaction():
        id = store.submit("local", "short", "read", "x")
        assert store.job(id)["status"] == Status.QUEUED
        with store.transaction():
            store.set_job(id, message="inside")
        others = at_once(1, lambda _: store.jobs())
    assert others == [[]] and store.job(id)["message"] == "inside"
