"""A store with one run of any number of cells: a small trained run whose arrays are repeated."""

import json

import numpy as np

from core.config import RESOLUTIONS, RunConfig
from core.config.run_files import clusters_of
from core.data import demo
from core.files import write_array, write_json

TINY = {"epochs": 3, "n_hidden": 16, "n_hidden_protein": 8, "n_latent": 4, "batch_size": 64}
GENES = 200
EXPRESSED = 0.06  # of all cells a gene is seen in, those of its own cluster apart
LABELS = 16  # clusters, drawn as clouds
CATEGORIES = (2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 48, 96)  # of columns of obs that are added
NUMBERS = 8  # columns of numbers that are added
COLUMNS = len(CATEGORIES) + NUMBERS


def grown(store, n_cells, seed=0):
    """The id of a run of `n_cells` cells in an empty store."""
    from core.worker.execute import drain

    view, random = store.of("local"), np.random.default_rng(seed)
    path = store.root / "inbox" / "tiny.h5ad"
    demo.simulated(n_cells=240, n_genes=120, n_proteins=8).write_h5ad(path)
    dataset = view.datasets.add_from_inbox(path.name, "bench-read")
    drain(store)
    preparation, _ = view.preparations.create(dataset, {}, "bench-prepare")
    drain(store)
    run = view.runs.create(preparation, RunConfig(**TINY).model_dump(), f"{n_cells:,} simulated cells")
    view.runs.train(run)
    drain(store)
    code = random.integers(0, LABELS, n_cells)
    _grow_dataset_folder(store, dataset, n_cells, code, random)
    _grow_run(store, run, n_cells, code, random)
    for (
        job
    ) in store.jobs():  # what is computed after training before anybody asks: minutes for a million cells
        store.move_job(job["id"], "queued", "cancelled")
    return run


def _grow_dataset_folder(store, dataset, n_cells, code, random):
    dataset_folder = store.dataset_folder(dataset)
    write_array(
        dataset_folder.folder / "cells.npy", np.array([b"cell-%07d" % i for i in range(1, n_cells + 1)])
    )
    names = [f"GENE-{i:03d}" for i in range(1, GENES + 1)]
    write_json(dataset_folder.folder / "genes.json", {"names": names, "words": "log1p of counts per 10,000"})
    rows, values = [], []
    for gene in range(GENES):
        share = np.where(code == gene % LABELS, 0.6, EXPRESSED)
        there = np.flatnonzero(random.random(n_cells) < share)
        rows.append(there.astype(np.int32))
        values.append(random.gamma(2, 0.6, len(there)).astype(np.float32))
    (dataset_folder.folder / "genes" / "size.npy").unlink(missing_ok=True)  # ours are shown as they are
    write_array(dataset_folder.folder / "genes" / "data.npy", np.concatenate(values))
    write_array(dataset_folder.folder / "genes" / "indices.npy", np.concatenate(rows))
    write_array(dataset_folder.folder / "genes" / "indptr.npy", np.cumsum([0, *map(len, rows)]))
    proteins = np.load(dataset_folder.folder / "proteins.npy").shape[1]
    mean = random.gamma(2, 20, (LABELS, proteins))
    write_array(dataset_folder.folder / "proteins.npy", random.poisson(mean[code]).astype(np.float32))
    for i, entry in enumerate(json.loads((dataset_folder.folder / "obs" / "columns.json").read_text())):
        n = max(1, len(entry.get("categories", ())))
        write_array(dataset_folder.folder / "obs" / f"{i}.npy", (code % n).astype(np.int32))
    _add_columns(dataset_folder.folder / "obs", n_cells, code, random)
    for name in ("n_counts", "n_genes", "share_top20", "share_mito", "share_ribo", "share_haemo"):
        if (dataset_folder.folder / f"{name}.npy").exists():
            write_array(
                dataset_folder.folder / f"{name}.npy", random.gamma(9, 600, n_cells).astype(np.float32)
            )
    record = store.row("dataset", dataset)["record"] | {"cells": n_cells}
    store.set("dataset", dataset, record=record, name=f"{n_cells:,} simulated cells")


def _add_columns(folder, n_cells, code, random):
    """COLUMNS further columns of obs: categories that depend on the cluster or not, and numbers, some without a value."""
    columns = json.loads((folder / "columns.json").read_text())
    for n in CATEGORIES:
        codes = np.where(random.random(n_cells) < 0.5, code, random.integers(0, n, n_cells)) % n
        write_array(folder / f"{len(columns)}.npy", codes.astype(np.int32))
        names = [f"group {k:02d}" for k in range(n)]
        entry = {"name": f"groups-{n}", "kind": "category", "distinct": n, "role": "", "categories": names}
        columns.append(entry)
    for i in range(NUMBERS):
        values = random.gamma(2 + code % 3, 0.02, n_cells).astype(np.float32)
        values[random.random(n_cells) < 0.01] = np.nan
        write_array(folder / f"{len(columns)}.npy", values)
        columns.append({"name": f"number-{i}", "kind": "number", "distinct": n_cells, "role": ""})
    write_json(folder / "columns.json", columns)


def _grow_run(store, run, n_cells, code, random):
    folder = store.run_folder(run)
    for name in (
        "latent",
        "input_axes",
        *(f"embeddings/{p.stem}" for p in (folder / "embeddings").glob("*.npy")),
    ):
        columns = np.load(folder / f"{name}.npy").shape[1]
        centre = random.normal(0, 6, (LABELS, columns))
        spread = random.gamma(4, 0.3, (LABELS, 1))
        noise = random.standard_t(6, (n_cells, columns))  # clouds with tails, as embeddings have
        write_array(folder / f"{name}.npy", (centre[code] + spread[code] * noise).astype(np.float32))
    for resolution in RESOLUTIONS:
        n = min(LABELS, 2 + round(7 * resolution))
        write_array(folder / f"{clusters_of(resolution)}.npy", (code % n).astype(np.int32))
    write_array(folder / "split.npy", (random.random(n_cells) < 0.2).astype(np.uint8))
