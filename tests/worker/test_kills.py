"""SIGKILL at random moments and SIGTERM: every run goes on, and ends as it would have without them."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import psutil
import pytest
import torch
from queued_work import LONG, QUICK, prepared, queued_run
from real_worker import Server, wait

from core.settings import Settings
from core.store import Store
from core.worker import launch

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tiny_demo")]
KILLS = 4
SETTINGS = QUICK | {"epochs": 60, "dropout": 0.1, "input_dropout": 0.1}


@pytest.fixture
def server(tmp_path):
    store = Store(Settings(data_dir=tmp_path / "data", inline=True))
    server = Server(store)
    yield server
    server.close()
    store.engine.dispose()


def result(store, run):
    """(weights, latent, losses by epoch) of a run that is done."""
    folder = store.run_folder(run)
    weights = torch.load(folder / "model.pt", weights_only=True)["weights"]
    losses = [(e["epoch"], e["train_loss"], e["valid_loss"], e["learning_rate"]) for e in store.epochs(run)]
    return weights, np.load(folder / "latent.npy"), losses


def only_training(store):
    """Stop what is to be computed of trained runs: it would take most of the time of this test."""
    for job in store.waiting():
        if job["kind"] != "train":
            store.stop_job(job["id"])
    return True


def has_reached(store, run, epoch):
    return store.row("run", run)["status"] != "queued" and len(store.epochs(run)) >= epoch


def kill(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_runs_that_are_killed_at_random_moments_end_as_the_uninterrupted_one(server):
    """The worker and the process of the training are killed at once; each run is killed once, somewhere."""
    store, moments = server.store, random.Random(14)
    whole = queued_run(store, server.preparation, SETTINGS)
    wait(lambda: only_training(store) and server.status(whole) == "done")
    runs = [queued_run(store, server.preparation, SETTINGS) for _ in range(KILLS)]
    reached = []
    for run in runs:
        epoch = moments.randrange(SETTINGS["epochs"] - 10)
        wait(lambda run=run, epoch=epoch: only_training(store) and has_reached(store, run, epoch))
        time.sleep(moments.uniform(0, 0.1))  # somewhere between two epochs
        server.worker.kill()
        kill(store.of("local").jobs.last(run, "train")["pid"])
        server.worker.wait(10)
        reached.append(len(store.epochs(run)))
        server.start()
    wait(lambda: only_training(store) and all(server.status(run) == "done" for run in runs))
    print("epochs at the kills:", reached)
    assert any(0 < n < SETTINGS["epochs"] for n in reached)  # some were killed in the middle
    expected = result(store, whole)
    assert [epoch for epoch, *_ in expected[2]] == list(range(1, SETTINGS["epochs"] + 1))
    for run in runs:
        weights, latent, losses = result(store, run)
        assert losses == expected[2]  # every epoch once
        assert all(torch.equal(weights[name], value) for name, value in expected[0].items())
        assert np.array_equal(latent, expected[1])
        lines = (store.run_folder(run) / "history.csv").read_text().splitlines()
        assert len(lines) == SETTINGS["epochs"] + 1
    assert "Traceback" not in server.log()


@pytest.fixture
def pages():
    """Processes of the page that a test has started; none is left."""
    processes = []
    yield processes
    for process in processes:
        process.kill()
        process.wait(10)


def test_sigterm_ends_the_service_within_ten_seconds_and_the_run_goes_on_at_the_next_start(tmp_path, pages):
    """As docker stop, which tells the process of the page alone."""
    store = Store(Settings(data_dir=tmp_path / "data", inline=True))
    store.remember("demos_added", True)
    run = queued_run(store, prepared(store), LONG)
    pages.append(start_page(store))
    wait(lambda: len(store.epochs(run)) > 3)
    pid = store.of("local").jobs.last(run, "train")["pid"]
    seconds = stop(pages[-1])
    job = store.of("local").jobs.last(run, "train")
    assert (store.row("run", run)["status"], job["status"], job["deaths"]) == ("queued", "queued", 0)
    assert not psutil.pid_exists(pid) and not launch.is_running(store.root)
    saved = store.of("local").resumed.kept(run).epoch
    assert saved == len(store.epochs(run))  # not one epoch is lost
    pages.append(start_page(store))
    wait(lambda: len(store.epochs(run)) > saved)
    assert [epoch["epoch"] for epoch in store.epochs(run)] == list(range(1, len(store.epochs(run)) + 1))
    store.of("local").runs.cancel(run)
    stop(pages[-1])
    assert "Traceback" not in (store.root / "worker.log").read_text()
    assert seconds < 10
    store.engine.dispose()


def stop(page):
    """Seconds that it takes to end after SIGTERM."""
    began = time.monotonic()
    page.send_signal(signal.SIGTERM)
    assert page.wait(20) == 0
    return time.monotonic() - began


def start_page(store):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {"NUWA_DATA_DIR": str(store.root), "NUWA_PORT": str(port), "NUWA_INLINE": ""}
    return subprocess.Popen([sys.executable, "-m", "dashboard"], env=env | {"NUWA_HOST": "127.0.0.1"})
