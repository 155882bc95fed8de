"""Rows of a store for tests: a finished run and what it depends on."""

import shutil
import sqlite3
import threading
from pathlib import Path

import numpy as np

from core import checkpoint_file, files
from core.config import run_files
from core.config.search import SearchRecord
from core.settings import Settings
from core.store import Explored, Status, Store

EPOCH = dict.fromkeys(run_files.HISTORY, 0.5) | {"epoch": 1}


def furnish(store, owner="local", visibility="private"):
    """One finished run and what it stands on: {"dataset": id, "preparation": id, "run": id}."""
    see = {"visibility": visibility}
    dataset = store.add("dataset", owner, name="cells", origin="demo:simulated", status="ready", **see)
    record = {"n_cells": 240, "n_genes": 120, "n_proteins": 6, "kind": "counts"}
    preparation = store.add(
        "preparation", owner, dataset=dataset, settings={"clip": 5.0}, status="ready", record=record, **see
    )
    run = store.add(
        "run",
        owner,
        dataset=dataset,
        preparation=preparation,
        name="first",
        config={"seed": 0},
        status="done",
        phase="",
        explored="",
        **see,
    )
    store.add_epoch(run, EPOCH)
    job = store.submit(owner, "train", "train", run, token=f"train:{run}")
    store.move_job(job, "queued", "running")
    store.move_job(job, "running", "done")
    files.write_array(store.run_folder(run) / "latent.npy", np.eye(3))
    return {"dataset": dataset, "preparation": preparation, "run": run}


def make_fixture(path):
    """Write a furnished database as one file; how tests/fixtures/schema_N.sqlite are made."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        store = Store(Settings(data_dir=Path(folder), inline=True))
        furnish(store)
        store.engine.dispose()
        with sqlite3.connect(Path(folder) / "nuwa.sqlite") as db:
            db.execute("PRAGMA journal_mode=DELETE")
        db.close()
        shutil.copy(Path(folder) / "nuwa.sqlite", path)


def searched(view, preparation):
    """(id, trials) of a search on a preparation with three trials: 0.6, the best with 0.4, and a failed one."""
    record = SearchRecord(space={"n_latent": [2, 4, 8]}, n_trials=6, pruner="none")
    id, trials = view.searches.create(preparation, record), []
    for number, (n_latent, value) in enumerate(((2, 0.6), (4, 0.4), (8, None))):
        run = view.runs.create(preparation, {"n_latent": n_latent}, f"t{number}", parent=id)
        state, message = ("done", "") if value else ("failed", "No gene.")
        trials.append({"number": number, "run": run, "params": {"n_latent": n_latent}, "value": value})
        trials[-1] |= {"state": state, "message": message}
    judged = {"loss": 0.5, "pca": 0.6, "mean": 1.0, "difference": [-0.1, 0.02], "n_cells": 24}
    result = {"trials": trials, "importance": {"n_latent": 1.0}, "best": trials[1]["run"]}
    view.store.set("search", id, result=result | {"best_value": 0.4, "judged": judged})
    return id, trials


def new_run(store, status="created", owner="local"):
    ids = furnish(store, owner)
    run = store.of(owner).runs.create(ids["preparation"], {"epochs": 2})
    if status != "created":
        store.of(owner).runs.train(run)
        store.move("run", run, "queued", status)
    return run


def stopped_run(store, status=Status.CANCELLED, epochs=(1, 2), owner="local"):
    """(its id, its folder): a run that was stopped, explored, and has a checkpoint after each of these epochs."""
    ids = furnish(store, owner)
    view = store.of(owner)
    run = view.runs.create(ids["preparation"], {"epochs": 4})
    job = view.runs.train(run)
    store.move_job(job, "queued", "running")
    store.move_job(job, "running", "done")
    store.move(
        "run", run, "queued", status, ended=1.0, n_epochs=4, explored=Explored.READY, message="Cancelled."
    )
    folder = store.run_folder(run)
    for epoch in epochs:
        store.add_epoch(run, EPOCH | {"epoch": epoch})
        head = {"epoch": epoch, "seconds": {"training": 5.0}, "of": {}}
        checkpoint_file.write(folder, head, b"content of a checkpoint")
    (folder / "latent.npy").touch()
    (folder / "clusters").mkdir()
    store.submit(owner, "short", "explore", run, token=f"explore:{run}")
    return run, folder


def flip(path):
    """Change one bit of a file near its end."""
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)


def at_once(n, work):
    """Call `work(i)` from n threads that start together; their answers."""
    gate, answers = threading.Barrier(n), [None] * n

    def go(i):
        gate.wait()
        answers[i] = work(i)

    threads = [threading.Thread(target=go, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
