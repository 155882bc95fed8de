"""Applying a recipe is one job: what it makes is there in the end, whoever went away, or nothing is."""

import time

import psutil
import pytest
from app_under_test import AppUnderTest, bring
from serving import Http

from core.errors import UserError
from core.settings import Settings
from core.store import FINISHED, Store
from core.worker import failed_jobs
from core.worker.execute import drain, execute, take
from core.worker.jobs import apply_recipe, ingest, prepare
from dashboard.pages.preprocess.limits import ALL_CELLS, suggest

GENES = {"name": "filter_genes", "params": {"min_cells": 60}}
TOO_STRICT = {"name": "filter_cells", "params": {"limits": {"counts": [9e9, None]}}}


@pytest.fixture
def dataset(store, tiny_file):
    id = bring(store.of("local"), "tiny.h5ad", tiny_file.read_bytes())
    drain(store)
    return id


def run(store, *arguments, **named):
    """The job of a recipe after it was carried out."""
    job = store.of("local").recipes.apply(*arguments, **named)
    drain(store)
    return store.job(job["id"])


def left(store):
    """The ids of all datasets and preparations, and how many jobs are not finished."""
    ids = {row["id"] for kind in ("dataset", "preparation") for row in store.rows(kind)}
    return ids, sum(job["status"] not in FINISHED for job in store.jobs())


def test_a_recipe_makes_a_dataset_and_its_preparation(store, dataset):
    job = run(store, dataset, [GENES], "page", {"n_top_genes": 20})
    assert job["status"] == "done" and job["progress"] == 1
    result_id, preparation = (job["result"][name] for name in ("dataset", "preparation"))
    assert store.row("dataset", result_id)["record"]["derived"]["of"] == dataset
    row = store.row("preparation", preparation)
    assert row["dataset"] == result_id and row["status"] == "ready" and row["settings"]["n_top_genes"] == 20
    assert left(store) == ({dataset, result_id, preparation}, 0)


def test_the_running_step_is_named(store, dataset, monkeypatch):
    messages = []
    monkeypatch.setattr(
        store, "set_job", lambda id, **values: not messages.append((id, values.get("message")))
    )
    steps = [{"name": "filter_cells", "params": {"limits": {"genes": [1, None]}}}, GENES]
    job = store.of("local").recipes.apply(dataset, steps, "page", {})
    drain(store)
    own = [message for id, message in messages if id == job["id"]]
    assert "Filter cells (step 1 of 2) ..." in own and "Filter genes (step 2 of 2) ..." in own
    assert own.index("Filter genes (step 2 of 2) ...") < own.index("Reading the dataset.")


def test_the_same_token_queues_one_job(store, dataset):
    view = store.of("local")
    first, second = (view.recipes.apply(dataset, [GENES], "page", {}) for _ in range(2))
    assert first["id"] == second["id"] and len(store.waiting("short")) == 1
    drain(store)
    assert view.recipes.apply(dataset, [GENES], "page", {})["status"] == "done"
    assert view.recipes.apply(dataset, [GENES], "page", {"n_top_genes": 20})["id"] != first["id"]


def test_an_existing_dataset_of_the_same_steps_is_used_again(store, dataset):
    first = run(store, dataset, [GENES], "page")["result"]
    assert first["preparation"] is None
    second = run(store, dataset, [GENES], "another page", {})["result"]
    assert second["dataset"] == first["dataset"] and second["preparation"]


def test_one_more_step_replaces_a_dataset_that_nothing_needs(store, dataset):
    first = run(store, dataset, [GENES], "page")["result"]["dataset"]
    more = {"name": "filter_cells", "params": {"limits": {"genes": [1, None]}}}
    second = run(store, first, [more], "page", keep="everything")["result"]["dataset"]
    steps = store.row("dataset", second)["record"]["derived"]["steps"]
    assert [step["name"] for step in steps] == ["filter_genes", "filter_cells"]
    assert left(store) == ({dataset, second}, 0)


@pytest.mark.parametrize(
    ("steps", "preprocessing", "sentence"),
    [
        ([GENES, TOO_STRICT], {}, "no cell would stay"),
        ([GENES], {"hvg_batch_key": "no such column"}, "no such column"),
    ],
    ids=["a step", "the preprocessing"],
)
def test_a_failed_recipe_leaves_nothing_behind(store, dataset, steps, preprocessing, sentence):
    before = left(store)
    job = run(store, dataset, steps, "page", preprocessing)
    assert job["status"] == "failed" and sentence in job["message"]
    assert left(store) == before and [p.name for p in (store.root / "datasets").iterdir()] == [dataset]
    again = store.of("local").recipes.apply(dataset, steps, "page", preprocessing)
    assert again["id"] == job["id"] and again["status"] == "queued"  # it may be tried again


def test_an_existing_dataset_survives_a_failure(store, dataset):
    result_id = run(store, dataset, [GENES], "page")["result"]["dataset"]
    assert run(store, dataset, [GENES], "page", {"hvg_batch_key": "no such column"})["status"] == "failed"
    assert store.row("dataset", result_id)["status"] == "ready"


@pytest.mark.parametrize(
    ("steps", "preprocessing"),
    [([{"name": "no such step"}], {}), ([GENES], {"epochs": 3})],
    ids=["step", "setting"],
)
def test_an_unknown_step_is_refused_before_anything_is_queued(store, dataset, steps, preprocessing):
    with pytest.raises(UserError):
        store.of("local").recipes.apply(dataset, steps, "page", preprocessing)
    assert left(store) == ({dataset}, 0)


@pytest.mark.parametrize("function", ["make_by_steps", "prepare_data"])
def test_a_job_that_is_cancelled_in_the_middle_leaves_nothing(store, dataset, monkeypatch, function):
    module = ingest if function == "make_by_steps" else prepare
    whole, view = getattr(module, function), store.of("local")
    job = view.recipes.apply(dataset, [GENES], "page", {})

    def cancelled_meanwhile(store, row, say):
        view.jobs.cancel(job["id"])
        whole(store, row, say)

    monkeypatch.setattr(module, function, cancelled_meanwhile)
    drain(store)
    job = store.job(job["id"])
    assert (job["status"], job["message"]) == ("cancelled", apply_recipe.CANCELLED)
    assert left(store) == ({dataset}, 0)


def test_a_job_whose_process_died_leaves_nothing(store, dataset, monkeypatch):
    job = store.of("local").recipes.apply(dataset, [GENES], "page", {})
    with monkeypatch.context() as patch:
        patch.setattr(prepare, "prepare_data", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            execute(store, take(store, "short"))
    assert len(left(store)[0]) == 3
    for running in store.working():  # as the queue does with each
        failed_jobs.fail(store, running, "died")
    assert left(store) == ({dataset}, 0) and store.job(job["id"])["message"] == "died"


def wait_until(true, seconds=240):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.mark.slow
def test_a_recipe_is_applied_though_the_web_process_is_killed_in_the_middle(serve, tiny_file, tmp_path):
    base = serve(tmp_path)
    web = psutil.Process(serve.processes[-1].pid)
    store = Store(
        Settings(
            port=int(base.rpartition(":")[2]),
            data_dir=tmp_path,
            inline=False,
        )
    )
    dataset = bring(store.of("local"), "tiny.h5ad", tiny_file.read_bytes())
    wait_until(lambda: store.row("dataset", dataset)["status"] == "ready")
    workers = web.children(recursive=True)
    nuwa = AppUnderTest.__new__(AppUnderTest)
    nuwa.client = Http(base)
    values = {"setting": {}, "limit": {}, "prepare-dataset.data": dataset, "prepare.n_clicks": 1}
    values |= {"remove-cells.value": True, "remove-genes.value": True, "min-cells.value": "3"}
    values |= {"quality-limits.data": suggest(store.of("local"), dataset, ALL_CELLS)}
    pressed = "prepare.n_clicks"
    try:
        job_id = nuwa.press("apply-recipe-job.data", values, pressed)["apply-recipe-job"]["data"]
        wait_until(lambda: store.job(job_id)["status"] != "queued")
        web.kill()
        web.wait(10)
        assert store.job(job_id)["status"] == "running"
        wait_until(lambda: store.job(job_id)["status"] in FINISHED)
        job = store.job(job_id)
        assert job["status"] == "done", job["message"]
        preparation = store.row("preparation", job["result"]["preparation"])
        assert preparation["status"] == "ready" and preparation["dataset"] == job["result"]["dataset"]
        steps = store.row("dataset", preparation["dataset"])["record"]["derived"]["steps"]
        assert [step["name"] for step in steps] == ["filter_cells", "filter_genes"]
    finally:
        for worker in workers:
            if worker.is_running():
                worker.kill()
        store.engine.dispose()
