"""A real Slurm of one node with PostgreSQL: a run is trained, goes on after a requeue, and is cancelled."""

import os
import subprocess

import pytest
from queued_work import LONG, queued_run
from real_worker import Server, wait
from services import postgresql, slurm

from core.settings import Settings
from core.store import Store
from core.store.executions import Executions

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tiny_demo")]


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A Server whose runs are jobs of Slurm."""
    with postgresql() as database, slurm():
        env = {
            "NUWA_DATABASE_URL": database,
            "NUWA_EXECUTOR": "slurm",
            "NUWA_SLURM_OPTIONS": "--partition=all",
            "NUWA_LOST_AFTER": "10",
        }
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        store = Store(Settings(data_dir=tmp_path / "data", inline=True, database_url=database))
        server = Server(store)
        yield server
        subprocess.run(["scancel", "--me", "--full"], check=False)
        server.close()
        store.engine.dispose()


def states():
    """{name of a job in Slurm: its state}."""
    done = subprocess.run(
        ["squeue", "-h", "--me", "--states=all", "-o", "%j %T"], capture_output=True, text=True
    )
    return dict(line.split() for line in done.stdout.splitlines())


def test_a_run_is_trained_goes_on_after_a_requeue_and_is_cancelled(server):
    store = server.store
    run = queued_run(store, server.preparation, LONG)

    def job():
        return store.of("local").jobs.last(run, "train")

    wait(lambda: len(store.epochs(run)) > 3)
    first, name = job()["pid"], f"nuwa-{Executions(store).one(job()['id'])['handle']}"
    assert first != os.getpid() and states()[name] == "RUNNING"

    found = subprocess.run(["squeue", "-h", f"--name={name}", "-o", "%i"], capture_output=True, text=True)
    subprocess.run(["scontrol", "requeue", found.stdout.strip()], check=True)
    wait(lambda: job()["pid"] not in (first, None))
    there = len(store.epochs(run))
    wait(lambda: len(store.epochs(run)) > there)
    epochs = [epoch["epoch"] for epoch in store.epochs(run)]
    assert epochs == list(range(1, len(epochs) + 1))

    store.of("local").runs.cancel(run)
    wait(lambda: server.status(run) == "cancelled")
    assert store.of("local").results.array(run, "latent") is not None
    wait(lambda: "RUNNING" not in states().values())
    assert "Traceback" not in server.log()
