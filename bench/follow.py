"""Twenty tabs that watch ten live runs: bytes and processor time of a look, memory of the server, its processes.

The runs are simulated: a thread adds their epochs to the store of a real server, whose pages are asked over HTTP for what
a browser asks. Prints the table of README.md; with --write puts it there.
"""

import argparse
import gzip
import json
import math
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import psutil

README = Path(__file__).with_name("README.md")
HEAD = "| epochs a second, each run | epochs at the end | kB a look | server CPU, ms a look | cores for 20 tabs | looks a second here | server memory, MB | processes |"
RUNS, TABS, TICK = 10, 20, 1.0  # TICK: dashboard.pages.train.page.POLL in seconds


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="of each measurement")
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    chosen = parser.parse_args(arguments)
    rows = [measured(pace, before, chosen.seconds) for pace, before in ((1, 0), (10, 1000), (10, 9500))]
    table = "\n".join([HEAD, "|---" * HEAD.count(" | ") + "|---|", *rows])
    print(table)
    if chosen.write:
        text = README.read_text()
        README.write_text(re.sub(re.escape(HEAD) + r"\n(\|.*\n?)*", lambda _: table + "\n", text))


def measured(pace, before, seconds):
    """A row of the table: `pace` epochs a second in each run, which has `before` epochs at first."""
    with tempfile.TemporaryDirectory() as folder:
        store, runs = furnished(Path(folder), before)
        port = free_port()
        env = os.environ | {"NUWA_DATA_DIR": folder, "NUWA_PORT": str(port)}
        words = [sys.executable, "-c", SERVE, str(port)]
        server = subprocess.Popen(words, env=env, start_new_session=True)
        try:
            return _watched(store, runs, server, port, pace, before, seconds)
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


def _watched(store, runs, server, port, pace, before, seconds):
    base, over = f"http://127.0.0.1:{port}", threading.Event()
    wait_for(base)
    tabs = [Tab(base, runs[i % RUNS]) for i in range(TABS)]
    threads = [threading.Thread(target=tab.watch, args=(over,)) for tab in tabs]
    threads.append(threading.Thread(target=write, args=(store, runs, pace, before, over)))
    for thread in threads:
        thread.start()
    while not over.wait(0.5):  # every tab has its first figure, which is not an increment
        if all(tab.looks > 1 or tab.failure for tab in tabs):
            break
    process, start = psutil.Process(server.pid), time.monotonic()
    before = [sum(tab.received for tab in tabs), sum(process.cpu_times()[:2]), sum(tab.looks for tab in tabs)]
    time.sleep(seconds)
    spent = time.monotonic() - start
    after = [sum(tab.received for tab in tabs), sum(process.cpu_times()[:2]), sum(tab.looks for tab in tabs)]
    received, cpu, looks = (b - a for a, b in zip(before, after, strict=True))
    n_processes, memory = 1 + len(process.children(recursive=True)), process.memory_info().rss / 1e6
    over.set()
    for thread in threads:
        thread.join()
    if failures := [tab.failure for tab in tabs if tab.failure]:
        raise RuntimeError(failures[0])
    n, a_look = store.n_epochs(runs[0]), cpu / max(looks, 1)
    return (
        f"| {pace} | {n:,} | {received / max(looks, 1) / 1000:.1f} | {1000 * a_look:.0f} | {a_look * TABS / TICK:.2f} | "
        f"{looks / spent:.0f} | {memory:.0f} | {n_processes} |"
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


def write(store, runs, pace, before, over):
    """Add `pace` epochs a second to each run, as its worker does."""
    n, begin = before, time.monotonic()
    while not over.is_set():
        n += 1
        for run in runs:
            store.add_epoch(run, epoch(run, n))
            store.set("run", run, best_epoch=n)
        over.wait(max(0.0, begin + (n - before) / pace - time.monotonic()))


class Tab:
    """A browser's tab of the Train page: it polls, and draws what changed, by the callbacks that the page has."""

    POLLED, TICKED = "poll.n_intervals", "tick.data"  # inputs: of the look at the store, of all that draws

    def __init__(self, base, run):
        self.base, self.run, self.received, self.looks, self.failure = base, run, 0, 0, None
        self.values = {
            "run.data": run,
            "theme.data": "light",
            "loss-part.value": "total",
            "smoothing.value": 0.6,
        }
        self.values |= {"film-by.value": "sets"}
        specs = json.loads(self._get("/_dash-dependencies"))
        here = [spec for spec in specs if not spec["clientside_function"] and not spec.get("background")]
        self.poll = next(spec for spec in here if self.POLLED in _inputs(spec))
        self.drawing = [spec for spec in here if self.TICKED in _inputs(spec)]
        if len(self.drawing) < 3:
            raise RuntimeError("The page draws by other callbacks than this benchmark knows.")

    def watch(self, over):
        try:
            while not over.is_set():
                start = time.monotonic()
                if "tick" in self._press(self.poll):
                    for spec in self.drawing:
                        self._press(spec)
                self.looks += 1
                over.wait(max(0.0, TICK - (time.monotonic() - start)))
        except Exception as error:  # reported by the thread that waits for the tabs
            self.failure = repr(error)

    def _press(self, spec):
        """Call a callback with the values of the tab, and keep what it answers; returns the ids that changed."""
        parts = [
            [{**part, "value": self.values.get(f"{part['id']}.{part['property']}")} for part in spec[kind]]
            for kind in ("inputs", "state")
        ]
        outputs = [dict(zip(("id", "property"), _name(o), strict=True)) for o in _outputs(spec)]
        body = {"output": spec["output"], "outputs": outputs if ".." in spec["output"] else outputs[0]}
        body |= {
            "inputs": parts[0],
            "state": parts[1],
            "changedPropIds": [f"{parts[0][0]['id']}.{parts[0][0]['property']}"],
        }
        answer = self._get("/_dash-update-component", json.dumps(body).encode())
        response = json.loads(answer)["response"] if answer else {}
        for id, properties in response.items():
            for name, value in properties.items():
                if name != "figure":
                    self.values[f"{id.partition('@')[0]}.{name}"] = value
        return [id.partition("@")[0] for id in response]

    def _get(self, path, body=None):
        headers = {"Accept-Encoding": "gzip", "Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, body, headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            content = response.read()
            self.received += len(content) + len(str(response.headers))
            return gzip.decompress(content) if response.headers["Content-Encoding"] == "gzip" else content


def _outputs(spec):
    return spec["output"].strip(".").split("...") if ".." in spec["output"] else [spec["output"]]


def _name(output):
    """(id, property) of an output, with what tells duplicates apart left out."""
    return output.partition("@")[0].rsplit(".", 1)


def _inputs(spec):
    return [f"{part['id']}.{part['property']}" for part in spec["inputs"]]


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
