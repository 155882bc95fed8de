"""Twenty tabs that watch ten live runs: bytes and processor time of a look, memory of the server, its processes.

The runs are simulated: a thread adds their epochs to the store of a real server, whose pages are asked over HTTP for what
a browser asks. Prints the table of README.md; with --write puts it there.
"""

import argparse
import datetime
import math
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.watching_tab import TICK, Tab

README = Path(__file__).with_name("README.md")
HEAD = (
    "| epochs a second, each run | epochs at the end | kB a second, each tab | of these the film | server CPU, ms a look | "
    "cores for 20 tabs | looks a second here | server memory, MB | processes, without a tab |"
)
RUNS, TABS = 10, 20
CELLS, LATENT = 5000, 10  # of a film
# Of each row: epochs a second, epochs before, and how many epochs lie between two frames of the film: each has one in a
# run of up to 120 epochs, which is the dearest, and every 84th in one of 10,000.
ROWS = ((0, 1000, 84), (1, 0, 1), (10, 1000, 84), (10, 9500, 84))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="of each measurement")
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    chosen = parser.parse_args(arguments)
    about = (
        f"Measured on {os.cpu_count()} cores ({platform.machine()}), shared with the tabs and the writers, dash "
        f"{version('dash')}, SQLite, {datetime.date.today()}, at a load of {os.getloadavg()[0]:.0f} at the start."
    )
    rows = [measured(*row, chosen.seconds) for row in ROWS]
    table = "\n".join([about, "", HEAD, "|---" * HEAD.count(" | ") + "|---|", *rows])
    print(table)
    if chosen.write:
        text = README.read_text()
        README.write_text(
            re.sub(r"(Measured on .*\n\n)?" + re.escape(HEAD) + r"\n(\|.*\n?)*", lambda _: table + "\n", text)
        )


def measured(pace, before, between, seconds):
    """A row of the table: `pace` epochs a second in each run, which has `before` epochs at first."""
    with tempfile.TemporaryDirectory() as folder:
        store, runs = furnished(Path(folder), before)
        films = [Film(store, run, before, between) for run in runs]
        port = free_port()
        env = os.environ | {"NUWA_DATA_DIR": folder, "NUWA_PORT": str(port)}
        words = [sys.executable, "-c", SERVE, str(port)]
        server = subprocess.Popen(words, env=env, start_new_session=True)
        try:
            return _watched(store, runs, films, server, port, pace, before, seconds)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(20)
            store.engine.dispose()


SERVE = """
import sys
from waitress import serve
from core.settings import from_environment
from core.store import Store
from dashboard.app import create_app
app = create_app(Store(from_environment()))
serve(app.server, host="127.0.0.1", port=int(sys.argv[1]), threads=16, _quiet=True)
"""


def _watched(store, runs, films, server, port, pace, before, seconds):
    base, over = f"http://127.0.0.1:{port}", threading.Event()
    wait_for(base)
    process = psutil.Process(server.pid)
    alone = 1 + len(process.children(recursive=True))
    tabs = [Tab(base, store.row("run", runs[i % RUNS])) for i in range(TABS)]
    threads = [threading.Thread(target=tab.watch, args=(over,)) for tab in tabs]
    threads.append(threading.Thread(target=write, args=(store, runs, films, pace, before, over)))
    for thread in threads:
        thread.start()
    while not over.wait(0.5):  # every tab has its first figure, which is not an increment
        if all(tab.looks > 1 or tab.failure for tab in tabs):
            break

    def now():
        sums = [sum(getattr(tab, name) for tab in tabs) for name in ("received", "of_film", "looks")]
        return [*sums, sum(process.cpu_times()[:2]), time.monotonic()]

    begin = now()
    time.sleep(seconds)
    received, of_film, looks, cpu, spent = (b - a for a, b in zip(begin, now(), strict=True))
    n_processes, memory = 1 + len(process.children(recursive=True)), process.memory_info().rss / 1e6
    over.set()
    for thread in threads:
        thread.join()
    if failures := [tab.failure for tab in tabs if tab.failure]:
        raise RuntimeError(failures[0])
    n, a_look = store.n_epochs(runs[0]), cpu / max(looks, 1)
    rates = [f"{size / spent / TABS / 1000:.1f}" for size in (received, of_film)]
    return (
        f"| {pace} | {n:,} | {rates[0]} | {rates[1]} | {1000 * a_look:.1f} | {a_look * TABS / TICK:.2f} | "
        f"{looks / spent:.0f} | {memory:.0f} | {n_processes}, {alone} |"
    )


def furnished(folder, before):
    """(store, ids of ten running runs) in a new folder, each with `before` epochs."""
    from core.config import RunConfig
    from core.config.run_facts import Baselines, Parts, RunFacts
    from core.settings import Settings
    from core.store import Status, Store

    store = Store(Settings(data_dir=folder))
    dataset = store.add("dataset", "local", name="cells", origin="demo:simulated", status="ready")
    store.dataset_folder(dataset).folder.mkdir(parents=True)
    record = {"n_cells": 5000, "n_genes": 2000, "n_proteins": 20, "kind": "counts"}
    preparation = store.add(
        "preparation", "local", dataset=dataset, settings={}, status="ready", record=record
    )
    losses = Baselines(Parts(1.2, 0.9, 1.0), Parts(0.7, 0.5, 0.6), 0.5)
    facts = RunFacts(
        n_epochs=10_000, n_train=4500, n_valid=250, valid_baselines=losses, test_baselines=losses
    )
    about = {"facts": facts.model_copy(update={"training_since": time.time()}).record(), "n_epochs": 10_000}
    runs = [
        store.add(
            "run",
            "local",
            dataset=dataset,
            preparation=preparation,
            name=f"run {k}",
            config=RunConfig(epochs=10_000).model_dump(),
            status=Status.RUNNING,
            phase="training",
            explored="",
            started=time.time(),
            best_epoch=max(before, 1),
            **about,
        )
        for k in range(RUNS)
    ]
    for run in runs:
        store.set_epochs(run, [epoch(run, n) for n in range(1, before + 1)])
    return store, runs


def epoch(run, n):
    """A row of a history whose losses fall with noise."""
    from core.config.run_files import HISTORY

    noise = 0.01 * math.sin(12.9898 * n + len(run)) * math.cos(78.233 * n)
    loss = 0.6 + math.exp(-n / 300) + noise
    return {name: loss + 0.01 * k for k, name in enumerate(HISTORY)} | {
        "epoch": n,
        "seconds": 0.1,
        "segment": 1,
    }


class Film:
    """The film of a simulated run: points that move at random."""

    def __init__(self, store, run, n_epochs, between):
        import numpy as np

        from core.store.film import FilmFile

        self.random, self.file, self.between = (
            np.random.default_rng(0),
            FilmFile(store.run_folder(run)),
            between,
        )
        self.points = self.random.normal(size=(CELLS, LATENT)).astype(np.float32)
        self.file.begin(np.arange(CELLS), np.arange(CELLS) % 10 == 0, LATENT, 120)
        for n in range(1, n_epochs + 1):
            self.epoch(n)

    def epoch(self, n):
        if (n - 1) % self.between == 0:
            self.points += 0.1 * self.random.normal(size=self.points.shape)
            self.file.add(n, self.points)


def write(store, runs, films, pace, before, over):
    """Add `pace` epochs a second to each run, as its worker does."""
    n, begin = before, time.monotonic()
    while pace and not over.is_set():
        n += 1
        for run, film in zip(runs, films, strict=True):
            film.epoch(n)
            store.add_epoch(run, epoch(run, n))
            store.set("run", run, best_epoch=n)
        over.wait(max(0.0, begin + (n - before) / pace - time.monotonic()))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(base):
    for _ in range(300):
        try:
            return urllib.request.urlopen(f"{base}/_dash-layout", timeout=5).read()
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("The server did not answer.")


if __name__ == "__main__":
    main()
