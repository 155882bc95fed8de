"""The forecast on its way, asked for by the Create model page and by the command line."""

import time

import pytest
import torch
from app_under_test import sent

from core.cli import main
from core.config import NETWORK, TRAINING, specs
from core.errors import UserError
from core.store import preparations
from core.worker import execute
from core.worker.jobs import prepare
from dashboard.components import location
from dashboard.pages.model import forecast
from dashboard.pages.model import page as model

QUICK = {"epochs": 3, "n_hidden": 16, "n_hidden_protein": 8, "n_latent": 4, "batch_size": 64, "device": "cpu"}


@pytest.fixture
def asking(finished):
    """A function of settings: the job of their forecast, as yet undone, none of other tests waiting."""

    def ask(**changed):
        return finished.view.preparations.forecast(finished.preparation, QUICK | changed)

    yield ask
    execute.drain(finished.store)


def page(nuwa, request=None, **changed):
    """What the page answers a second after its fields said this: (what it shows, the request)."""
    setting = {s.name: s.default for s in (*specs(NETWORK), *specs(TRAINING))} | QUICK | changed
    values = {
        "setting": setting,
        "model-preparation.data": nuwa.preparation,
        "forecast-request.data": request,
    }
    answer = nuwa.press("forecast.children", values, "forecast-tick.n_intervals")
    return sent(answer["forecast"]), answer["forecast-request"]["data"]


# --- the job


def test_a_forecast_is_made_by_the_worker(finished, asking):
    job = asking(seed=1)
    assert (job["status"], job["lane"], job["priority"]) == ("queued", "short", -1)
    execute.drain(finished.store)
    job = finished.view.jobs.one(job["id"])
    result = job["result"]
    assert job["status"] == "done" and result["beside"] is False and result["warning"] == ""
    assert (result["n_epochs"], result["n_steps"], result["device"]["kind"]) == (3, 4, "cpu")
    assert 0 < result["seconds"] < 60 and result["memory"] < result["free"]
    assert result["sentence"].endswith(f"3 epochs of 4 steps, {result['path']} path.")


def test_the_same_settings_are_forecast_once(finished, asking, monkeypatch):
    first = asking(seed=2)
    execute.drain(finished.store)
    again = asking(seed=2)
    assert (again["id"], again["status"]) == (first["id"], "done") and not finished.store.waiting("short")
    now = time.time()
    monkeypatch.setattr(
        preparations.time, "time", lambda: now + preparations.FRESH + 1
    )  # memory may have been taken since
    assert asking(seed=2)["id"] == first["id"]
    assert finished.view.jobs.one(first["id"])["status"] == "queued"


def test_only_the_last_settings_wait(finished, asking):
    first, second = asking(seed=3), asking(seed=4)
    assert [job["id"] for job in finished.store.waiting("short")] == [second["id"]]
    assert finished.view.jobs.one(first["id"])["status"] == "cancelled"
    assert asking(seed=3)["status"] == "queued"  # who goes back to them asks again
    assert [job["id"] for job in finished.store.waiting("short")] == [first["id"]]


def test_settings_of_the_model_alone_do_not_prepare_the_data_again(finished, asking, monkeypatch):
    prepared, real = [], prepare.prepare
    monkeypatch.setattr(prepare, "prepare", lambda *a: prepared.append(a[1]) or real(*a))
    for changed in ({"seed": 5}, {"seed": 5, "n_hidden": 32}, {"seed": 5, "lr": 0.1, "batch_size": 32}):
        asking(**changed)
        execute.drain(finished.store)
    assert len(prepared) == 1
    for changed in ({"seed": 6}, {"seed": 6, "model": "counts"}, {"seed": 6, "train_share": 0.5}):
        asking(**changed)
        execute.drain(finished.store)
    assert len(prepared) == 4


def test_a_forecast_beside_a_training_says_so(finished, asking):
    job = asking(seed=7)
    other = finished.store.submit("local", "train", "train", "a run")
    finished.store.move_job(other, "queued", "running")
    execute.drain(finished.store)
    finished.store.move_job(other, "running", "failed")
    result = finished.view.jobs.one(job["id"])["result"]
    assert result["beside"] is True
    assert "Another run is training now" in sent(forecast.forecast_of(result))


def test_settings_that_cannot_be_trained_are_not_forecast(finished):
    with pytest.raises(UserError, match="1000 latent dimensions"):
        finished.view.preparations.forecast(finished.preparation, QUICK | {"n_latent": 1000})


# --- the page


def test_the_page_shows_the_forecast_of_its_fields(finished):
    shown, request = page(finished, seed=8)
    assert "of training on the CPU (" in shown and "3 epochs of 4 steps" in shown
    assert (
        request["over"] is True
        and request["values"]
        and finished.view.jobs.one(request["job"])["kind"] == "forecast"
    )
    again, _ = page(finished, request, seed=8)
    assert again == shown
    other, _ = page(finished, request, seed=8, epochs=5)
    assert "5 epochs of 4 steps" in other


def test_the_page_says_that_a_forecast_is_under_way(finished, monkeypatch):
    monkeypatch.setattr(finished.app, "work_here", lambda: None)  # as with a worker of its own
    shown, request = page(finished, seed=9)
    assert "Forecasting time and memory" in shown and request["over"] is False
    shown, request = page(finished, request, seed=9)
    assert "Forecasting time and memory" in shown and request["over"] is False
    execute.drain(finished.store)
    shown, request = page(finished, request, seed=9)
    assert "of training on the CPU" in shown and request["over"] is True


def test_a_forecast_that_another_tab_dropped_is_queued_again(finished, monkeypatch):
    monkeypatch.setattr(finished.app, "work_here", lambda: None)
    _, request = page(finished, seed=10)
    page(finished, seed=11)
    _, request = page(finished, request, seed=10)
    assert request["job"] is None and request["over"] is False
    _, request = page(finished, request, seed=10)
    assert finished.view.jobs.one(request["job"])["status"] == "queued"
    execute.drain(finished.store)


def test_fields_that_cannot_work_have_no_forecast(finished):
    shown, request = page(finished, n_latent=1000)
    assert 'children": ""' in shown and request["over"] is True and request["job"] is None


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_gives_a_message_before_the_run(finished):
    shown, request = page(finished, device="cuda")
    assert "No GPU can be used" in shown and "warn" in shown and request["over"] is True


def test_a_run_that_does_not_fit_is_warned_of(finished, monkeypatch):
    monkeypatch.setattr("core.device.free_memory", lambda: 100_000_000)
    shown, _ = page(finished, seed=12)
    assert "nuwa-notice warn" in shown and "of memory and 0.1 GB are free" in shown


def test_the_model_page_has_a_place_for_the_forecast(finished):
    shown = sent(model.layout(finished.view, location.resolve(finished.view, "")))
    assert '"id": "forecast"' in shown and '"id": "forecast-tick"' in shown


# --- the command line


def test_the_command_line_says_what_a_run_will_cost_before_it_begins(
    tiny_file, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("core.device.free_memory", lambda: 10**12)

    def no_further(*_):
        raise UserError("far enough")

    monkeypatch.setattr("core.training.baselines.fit", no_further)
    arguments = ["train", str(tiny_file), "--out", str(tmp_path / "out"), "--device", "cpu", "--epochs", "3"]
    assert main(arguments) == 2
    stderr = capsys.readouterr().err
    assert "of training on the CPU (" in stderr
    assert "3 epochs of 2 steps" in stderr and stderr.index("3 epochs of") < stderr.index("far enough")
