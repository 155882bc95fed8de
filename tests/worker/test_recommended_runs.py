"""A run with recommended settings: one job prepares it, and what is left of one that failed or was cancelled."""

import numpy as np
import psutil
import pytest
from app_under_test import AppUnderTest, bring
from browsing import wait_until
from serving import Http

from core import config, files
from core.config import DEFAULT_RESOLUTION
from core.config.preparation_record import PreparationRecord
from core.config.run_files import clusters_of
from core.errors import UserError
from core.settings import Settings
from core.store import FINISHED, Store
from core.worker import failed_jobs
from core.worker.execute import drain, execute, take
from core.worker.jobs import after_training, prepare, recommended


@pytest.fixture
def dataset(store, tiny_file):
    id = bring(store.of("local"), "tiny.h5ad", tiny_file.read_bytes())
    drain(store)
    return id


def begun(store, dataset, batch_key=None):
    """The job of a run with recommended settings after its own part: the run waits to be trained."""
    job = store.of("local").recommended.start(dataset, batch_key)
    execute(store, take(store, job["lane"]))
    return store.job(job["id"])


def test_the_run_has_the_recommended_settings_for_its_data(store, dataset):
    job = begun(store, dataset, "sample")
    assert job["status"] == "done", job["message"]
    run = store.row("run", job["result"]["run"])
    record = PreparationRecord.of(store.row("preparation", job["result"]["preparation"]))
    wanted = config.recommended("sample").for_data(record.n_cells, record.n_genes, record.n_proteins)
    assert config.parse(run["config"]) == wanted and run["status"] == "queued"
    assert [waiting["kind"] for waiting in store.waiting("train")] == ["train"]


def test_without_a_batch_column_none_is_guessed(store, dataset):
    assert store.row("dataset", dataset)["record"]["batch"] == "sample"
    job = begun(store, dataset)
    assert store.row("run", job["result"]["run"])["config"]["batch_key"] is None


def test_two_presses_make_one_run(store, dataset):
    view = store.of("local")
    first, second = (view.recommended.start(dataset)["id"] for _ in range(2))
    assert first == second
    execute(store, take(store, "short"))
    assert view.recommended.start(dataset)["id"] == first  # its run waits
    assert len(store.rows("run")) == 1


def test_an_existing_preparation_is_used_and_the_run_is_found_again(store, dataset):
    view = store.of("local")
    preparation, _ = view.preparations.create(dataset, {}, "by hand")
    drain(store)
    job = begun(store, dataset)
    assert job["result"]["preparation"] == preparation
    assert view.recommended.existing(dataset)["id"] == job["result"]["run"]
    assert view.recommended.existing(dataset, "sample") is None


def test_a_dataset_that_waits_to_be_read_is_read_first(store):
    view = store.of("local")
    dataset = view.recommended.example()
    assert view.recommended.example() == dataset  # it is added once
    job = begun(store, dataset)
    assert job["status"] == "done" and store.row("dataset", dataset)["status"] == "ready"
    assert {row["status"] for row in store.jobs() if row["kind"] in ("read", "prepare")} == {"done"}
    assert store.row("dataset", dataset)["visibility"] == "shared"


def test_an_open_question_and_an_unknown_column_are_refused(store, dataset):
    view = store.of("local")
    with pytest.raises(UserError, match="There is no obs column 'donor'"):
        view.recommended.start(dataset, "donor")
    store.move("dataset", dataset, "ready", "asking")
    with pytest.raises(UserError, match="has an open question"):
        view.recommended.start(dataset)
    assert not store.waiting()


def test_a_dataset_that_cannot_be_trained_on_is_refused(store, dataset):
    record = store.row("dataset", dataset)["record"]
    stop = {
        "code": "x",
        "severity": "stop",
        "sentence": "It lies on its side.",
        "evidence": "",
        "repair": None,
    }
    store.set("dataset", dataset, record=record | {"findings": [stop]})
    with pytest.raises(UserError, match="It lies on its side"):
        store.of("local").recommended.start(dataset)


def test_a_job_that_is_cancelled_leaves_no_preparation(store, dataset, monkeypatch):
    view, whole = store.of("local"), prepare.prepare_data

    def cancelled_meanwhile(store, row, say):
        view.recommended.cancel(dataset)
        whole(store, row, say)

    monkeypatch.setattr(prepare, "prepare_data", cancelled_meanwhile)
    job = begun(store, dataset)
    assert (job["status"], job["message"]) == ("cancelled", recommended.CANCELLED)
    assert not store.rows("preparation") and not store.rows("run")
    assert all(row["status"] in FINISHED for row in store.jobs())


def test_cell_types_are_suggested_at_once_where_a_page_waits_for_them(store, dataset):
    view = store.of("local")
    run = store.row("run", begun(store, dataset)["result"]["run"])
    other = view.runs.create(run["preparation"], {"epochs": 3}, "by hand")
    assert view.recommended.has_started(run) and not view.recommended.has_started(store.row("run", other))
    for id, lane in ((run["id"], "short"), (other, "slow")):
        labels = np.arange(240) % 3
        files.write_array(store.run_folder(id) / f"{clusters_of(DEFAULT_RESOLUTION)}.npy", labels)
        after_training.queue(store, {"owner": "local"}, store.row("run", id))
        kinds = [job["kind"] for job in store.waiting(lane) if job["target"] == id]
        assert "suggest" in kinds and "markers" in kinds


def test_cancelling_reaches_a_waiting_job_and_a_waiting_run(store, dataset):
    view = store.of("local")
    waiting = view.recommended.start(dataset)
    view.recommended.cancel(dataset)
    assert store.job(waiting["id"])["status"] == "cancelled"
    run = begun(store, dataset)["result"]["run"]
    view.recommended.cancel(dataset)
    assert store.row("run", run)["status"] == "cancelled"
    assert not view.recommended.under_way(view.recommended.last(dataset))


@pytest.mark.parametrize("error", [UserError("No gene varies."), KeyboardInterrupt()])
def test_a_failed_job_leaves_nothing_and_may_be_tried_again(store, dataset, monkeypatch, error):
    def fails(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(prepare, "prepare_data", fails)
        if isinstance(error, UserError):
            begun(store, dataset)
        else:  # its process dies; the queue then fails what it had begun
            with pytest.raises(KeyboardInterrupt):
                begun(store, dataset)
            for running in store.working():
                failed_jobs.fail(store, running, "died")
    job = store.of("local").recommended.last(dataset)
    assert job["status"] == "failed" and job["message"] in ("No gene varies.", "died")
    assert not store.rows("preparation") and not store.rows("run")
    assert begun(store, dataset)["status"] == "done"


@pytest.mark.slow
def test_the_clusters_are_named_though_the_web_process_is_killed_in_the_middle(serve, tiny_file, tmp_path):
    base = serve(tmp_path)
    web = psutil.Process(serve.processes[-1].pid)
    store = Store(Settings(port=int(base.rpartition(":")[2]), data_dir=tmp_path, inline=False))
    view = store.of("local")
    dataset = bring(view, "tiny.h5ad", tiny_file.read_bytes())
    wait_until(lambda: store.row("dataset", dataset)["status"] == "ready", seconds=240)
    workers = web.children(recursive=True)
    nuwa = AppUnderTest.__new__(AppUnderTest)
    nuwa.client = Http(base)
    values = {"recommended.n_clicks": 1, "dataset-id.data": dataset}
    values |= {"recommended-batch.value": "sample", "recommended-sure.value": False}
    try:
        nuwa.press("recommended-message.children", values, "recommended.n_clicks")
        wait_until(lambda: view.recommended.last(dataset)["status"] != "queued")
        web.kill()
        web.wait(10)
        wait_until(lambda: not view.recommended.under_way(view.recommended.last(dataset)), seconds=240)
        run = view.recommended.run(view.recommended.last(dataset))
        assert (run["status"], run["explored"]) == ("done", "ready"), run["message"]
        wait_until(lambda: view.jobs.last(run["id"], "suggest")["status"] in FINISHED, seconds=120)
    finally:
        for worker in workers:
            if worker.is_running():
                worker.kill()
        store.engine.dispose()
