"""SIGKILL at random moments and SIGTERM: every run goes on, and ends as it would have without them."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import psutil
import pytest
import torch
from queued_work import LONG, QUICK, prepared, queued_run
from real_worker import Server, wait

from core.settings import Settings
from core.store import FINISHED, Store
from core.worker import launch, processes

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tiny_demo")]
SERVERS, KILLS = 2, 5  # side by side, as most of the time is that of one core that imports torch
SETTINGS = QUICK | {"epochs": 40, "dropout": 0.1, "input_dropout": 0.1}
WHOLE = list(range(1, SETTINGS["epochs"] + 1))


@pytest.fixture
def servers(tmp_path, monkeypatch):
    """Servers that train: one thread each, and no process for short work, so that nothing is computed of trained runs."""
    monkeypatch.setenv("NUWA_THREADS", "1")
    started = []
    for n in range(SERVERS):
        store = Store(Settings(data_dir=tmp_path / str(n), inline=True))
        store.remember("short_worker", processes.identity())
        started.append(Server(store))
    yield started
    for server in started:
        server.close()
        server.store.engine.dispose()


def result(store, run):
    """(weights, latent, losses by epoch) of a run that is done."""
    folder = store.run_folder(run)
    weights = torch.load(folder / "model.pt", weights_only=True)["weights"]
    losses = [(e["epoch"], e["train_loss"], e["valid_loss"], e["learning_rate"]) for e in store.epochs(run)]
    return weights, np.load(folder / "latent.npy"), losses


def has_reached(store, run, epoch):
    """Has a run trained for so many epochs? A negative number: has its process been started?"""
    if epoch < 0:
        return store.of("local").jobs.last(run, "train")["pid"] is not None
    return store.row("run", run)["status"] != "queued" and len(store.epochs(run)) >= epoch


def kill(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_each_once(server, moments):
    """(ids of runs that were killed once each and have ended, how many epochs each had then)."""
    store, reached = server.store, []
    runs = [queued_run(store, server.preparation, SETTINGS) for _ in range(KILLS)]
    for run in runs:
        epoch = moments.randrange(-8, SETTINGS["epochs"] - 2)
        wait(lambda run=run, epoch=epoch: has_reached(store, run, epoch))
        time.sleep(
            moments.uniform(0, 0.05 if epoch > 0 else 1)
        )  # somewhere between two epochs, or before the first
        server.worker.kill()
        kill(store.of("local").jobs.last(run, "train")["pid"])
        server.worker.wait(10)
        reached.append(len(store.epochs(run)))
        server.start()
    wait(lambda: all(server.status(run) in FINISHED for run in runs))
    return runs, reached


def test_ten_runs_that_are_killed_at_ten_random_moments_end_as_the_uninterrupted_one(servers):
    """The worker and the process of the training are killed at once, each run somewhere before its end."""
    store = servers[0].store
    whole = queued_run(store, servers[0].preparation, SETTINGS)
    with ThreadPoolExecutor() as pool:
        moments = [random.Random(14 + n) for n in range(SERVERS)]
        killed = list(pool.map(kill_each_once, servers, moments))
    reached = [n for _, numbers in killed for n in numbers]
    print("epochs at the kills:", reached)
    assert len(reached) == 10 and sum(0 < n < SETTINGS["epochs"] for n in reached) >= 5
    weights, latent, losses = result(store, whole)
    assert [epoch for epoch, *_ in losses] == WHOLE
    for server, (runs, _) in zip(servers, killed, strict=True):
        for run in runs:
            assert server.status(run) == "done"
            again = result(server.store, run)
            assert again[2] == losses  # every epoch once
            assert all(torch.equal(again[0][name], value) for name, value in weights.items())
            assert np.array_equal(again[1], latent)
            lines = (server.store.run_folder(run) / "history.csv").read_text().splitlines()
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
