"""make bench-runs: seconds until the Runs page with 10,000 runs is drawn, sorted and filtered.

A store gets rows of runs with facts and scores as large as real ones. "server" is the store's own time for the first hundred
lines; "browser" is from the act to the row that must then be first, in a headless Chromium.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

from playwright.sync_api import expect, sync_playwright
from sqlalchemy import insert

from bench.viewer import ARGUMENTS, Served, middle, timed
from core.config import RunConfig
from core.config.run_facts import Baselines, Parts, RunFacts
from core.settings import Settings
from core.store import Store
from core.store.run_summary import summary
from core.store.run_table import Query
from core.store.schema import runs

N_RUNS = 10_000
LEAST = "no-loss-below"  # the name of the run with the lowest loss
TEXT = {"filterType": "text", "type": "contains"}


def fill(store, n_runs=N_RUNS, seed=0):
    """Add `n_runs` finished runs of three datasets to a store; a fiftieth are children of another one."""
    random.seed(seed)
    parts = [
        store.add("dataset", "local", name=f"dataset {i}", origin="demo:simulated", status="ready")
        for i in range(3)
    ]
    preparations = [
        store.add("preparation", "local", dataset=one, settings={}, status="ready") for one in parts
    ]
    rows, now = [], time.time()
    for i in range(n_runs):
        config = RunConfig(
            n_latent=random.choice((5, 10, 20, 50)), dropout=random.choice((0.1, 0.2)), seed=i % 7
        )
        config = config.for_data(3000, 2000, 17)
        k = random.randrange(3)
        values = {
            "config": config.model_dump(),
            "facts": facts(0.001 if i == n_runs // 2 + 1 else 0.4 + random.random()),
            "scores": scores(),
        }
        rows.append(
            {
                "id": f"r{i:09d}",
                "owner": "local",
                "visibility": "private",
                "message": "",
                "created": now - i,
                "started": now - i,
                "ended": now - i + 60 + random.random(),
                "n_epochs": 60,
                "best_epoch": 40,
                "status": random.choice(("done", "done", "done", "failed", "cancelled")),
                "dataset": parts[k],
                "preparation": preparations[k],
                "name": LEAST if i == n_runs // 2 + 1 else f"bench-run-{i}",
                "phase": "",
                "explored": "ready",
                "parent": "r000000000" if i and not i % 50 else None,
            }
            | values
            | summary(values)
        )
    with store.transaction() as db:
        db.execute(insert(runs), rows)


def facts(loss):
    """Facts as large as those of a real run (about 6 kB of JSON)."""
    baselines = Baselines(Parts(1.0, 1.0, 1.0), Parts(0.6, 0.6, 0.6), 0.61)
    groups = {name: [random.random() for _ in range(40)] for name in ("model", "pca", "mean")}
    return RunFacts(
        device_used="cpu",
        device_name="a processor",
        n_epochs=60,
        n_cells=3000,
        n_train=2400,
        n_valid=300,
        n_test=300,
        valid_baselines=baselines,
        test_baselines=baselines,
        loss=Parts(loss, loss, loss),
        loss_groups=groups,
        pca_share=tuple(random.random() for _ in range(50)),
        notes=("A sentence on how the data were preprocessed. " * 3,) * 3,
    ).record()


def scores():
    """Scores as large as those of a real run."""
    known = {f"score_{i}": random.random() for i in range(60)}
    return known | {"neighbours_kept_15": random.random(), "variance_explained_rna": random.random()}


def server_seconds(store, repeats=5):
    """{what: (seconds, processor seconds)}, medians of the store's answers to the requests of the page."""
    table = store.of("local").run_table
    filtered = {"name": TEXT | {"filter": "run-99"}}
    requests = {
        "first lines": lambda: table.page(Query(), 0, 100),
        "sorted by loss": lambda: table.page(Query(sort=(("loss", False),)), 0, 100),
        "sorted by a setting": lambda: table.page(Query(sort=(("config.n_latent", True),)), 0, 100),
        "filtered by name": lambda: table.page(Query(filters=filtered), 0, 100),
        "grouped by dataset": lambda: table.page(Query(by_dataset=True), 0, 100),
        "the last lines": lambda: table.page(Query(), 9_000, 9_100),
        "settings that differ": table.differing,
        "look for changes": table.stamp,
    }
    return {what: middle([seconds(request) for _ in range(repeats)]) for what, request in requests.items()}


def seconds(work):
    """(seconds, processor seconds of this process) of a piece of work."""
    start, before = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - before


def browser_seconds(page, base, run):
    """{what: (seconds, processor seconds of browser and server)} of the Runs page, opened from the Train page of a run."""

    def first(name):
        expect(page.locator("#runs-grid .ag-row[row-index='0']", has_text=name).first).to_be_visible(
            timeout=60_000
        )

    page.goto(f"{base}/runs")
    first("bench-run-0")  # scripts are in the browser's cache from here on
    page.goto(f"{base}/glossary")
    link = page.locator("a.nuwa-step[href^='/runs']")
    link.wait_for()
    page.wait_for_timeout(1500)
    out = {}

    def time_of(what, act, name):
        out[what] = timed(lambda: (act(), first(name)))
        page.wait_for_timeout(500)

    time_of("first paint", link.click, "bench-run-0")
    head = page.locator("#runs-grid .ag-header-cell[col-id='loss']")
    time_of("sort by loss", head.locator(".ag-header-cell-label").click, LEAST)
    box = page.locator("#runs-grid input[aria-label^='Run Filter']")
    time_of("filter by name (after the grid's half second)", lambda: box.fill("run-9999"), "bench-run-9999")
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=N_RUNS)
    n = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Settings(data_dir=Path(folder) / "data"))
        store.remember("demos_added", True)
        fill(store, n)
        print(f"| {n:,} runs | seconds | processor seconds |\n|---|---|---|")
        for what, (elapsed, spent) in server_seconds(store).items():
            print(f"| server: {what} | {elapsed:.3f} | {spent:.3f} |")
        served = Served(store.root)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                for what, (elapsed, spent) in browser_seconds(page, served.base, "r000000000").items():
                    print(f"| browser: {what} | {elapsed:.2f} | {spent:.2f} |")
        finally:
            served.close()


if __name__ == "__main__":
    main()
