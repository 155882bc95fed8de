"""Celery on Redis with PostgreSQL, all for real on 127.0.0.1: a run outlives the machines that train it."""

import os
import subprocess
import sys
import time

import psutil
import pytest
from constants import ROOT
from queued_work import LONG, queued_run
from real_worker import Server, wait
from services import postgresql, redis

from core.settings import Settings
from core.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tiny_demo")]
LOST_AFTER = 10


class Host:
    """The Celery worker of a host, with all processes that it starts."""

    def __init__(self, env, *lanes):
        command = [sys.executable, "-m", "core.worker", "celery", *lanes]
        self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ | env, start_new_session=True)

    def family(self):
        process = psutil.Process(self.process.pid)
        return [process, *process.children(recursive=True)]

    def has(self, pid):
        return self.process.poll() is None and pid in {process.pid for process in self.family()}

    def die(self):
        """As when the power fails: nothing of it says a word."""
        if self.process.poll() is None:
            for process in self.family():
                process.kill()
            self.process.wait(20)

    def stop(self):
        """Seconds that it takes to end after SIGTERM."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(60)
        return time.monotonic() - began


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """(Server, a function that starts a Host) over one PostgreSQL and one Redis."""
    with postgresql() as database, redis() as broker:
        env = {
            "NUWA_DATA_DIR": str(tmp_path / "data"),
            "NUWA_DATABASE_URL": database,
            "NUWA_BROKER_URL": broker,
            "NUWA_EXECUTOR": "celery",
            "NUWA_LOST_AFTER": str(LOST_AFTER),
        }
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        store = Store(Settings(data_dir=tmp_path / "data", inline=True, database_url=database))
        hosts = []

        def start(*lanes):
            hosts.append(Host(env, *lanes))
            return hosts[-1]

        server = Server(store)
        yield server, start
        for host in hosts:
            host.die()
        server.close()
        store.engine.dispose()


def test_a_run_goes_on_elsewhere_when_its_host_is_stopped_and_when_it_dies(cluster):
    server, start = cluster
    store = server.store
    hosts = [start("train"), start("train")]
    run = queued_run(store, server.preparation, LONG)

    def job():
        return store.of("local").jobs.last(run, "train")

    def goes_on_elsewhere(host, there):
        wait(lambda: len(store.epochs(run)) > there + 3)
        assert not host.has(job()["pid"]) and any(other.has(job()["pid"]) for other in hosts)
        epochs = [epoch["epoch"] for epoch in store.epochs(run)]
        assert epochs == list(range(1, len(epochs) + 1))

    wait(lambda: len(store.epochs(run)) > 3)
    first = next(host for host in hosts if host.has(job()["pid"]))
    assert first.stop() < 20
    goes_on_elsewhere(first, len(store.epochs(run)))
    assert job()["deaths"] == 0  # it was saved

    second = next(host for host in hosts if host.has(job()["pid"]))
    hosts.append(start())
    second.die()
    there = len(store.epochs(run))
    began = time.monotonic()
    goes_on_elsewhere(second, there)
    print(f"{time.monotonic() - began:.0f} s from the death of a host to the next epochs on another one")

    store.of("local").runs.cancel(run)
    wait(lambda: server.status(run) == "cancelled")
    assert store.of("local").results.array(run, "latent") is not None
    assert "Traceback" not in server.log()
