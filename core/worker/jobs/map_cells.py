"""The jobs that map cells of another dataset onto a run, and export them."""

import time

import numpy as np

from core import config, device, files
from core.analysis import label_transfer, mapping_summary, query, reference_mapping
from core.config.job_arguments import MapArguments, MapExportArguments
from core.data import backed
from core.errors import UserError
from core.export import mapped_h5ad, run_folder
from core.store import Missing
from core.store import groups as saved_groups
from core.worker.jobs.datasets import open_dataset


def map_cells(store, job, say):
    """Another dataset through a run's model, left below mapped/KEY of the run's folder.

    about.json says what was done; latent.npy, picture.npy, codes.npy, confidence.npy and farness.npy have what
    core.analysis.label_transfer tells of each cell, cells.npy their names.
    """
    run, arguments = store.row("run", job["target"]), MapArguments.of_job(job)
    folder, settings = store.run_folder(run["id"]), config.parse(run["config"])
    dataset = _dataset(store, arguments.dataset)
    say(f"Reading {dataset['name']}.", 0.02)
    trained = run_folder.load_trained(folder / "model.pt")
    new_cells = query.prepare_query(open_dataset(store, dataset["id"]), trained, arguments.batch)
    used = device.choose(settings.device)
    for latent in reference_mapping.encode_query(new_cells, trained, used.kind):
        if isinstance(latent, float):
            say(f"Encoding {new_cells.values.shape[0]:,} cells.", 0.1 + 0.6 * latent)
    say("Looking for the nearest cells of the run.", 0.75)
    groups = saved_groups.read(folder, arguments.groups)
    mapping_folder = folder / "mapped" / arguments.key
    for name, values in run_folder.carried(folder, settings, latent, groups.codes, settings.device).items():
        files.write_array(mapping_folder / f"{name}.npy", values)
    files.write_array(mapping_folder / "cells.npy", np.array(store.dataset_folder(dataset["id"]).cells()))
    about = arguments.record() | {"owner": job["owner"], "created": time.time(), "name": dataset["name"]}
    about |= {"cells": len(latent), "names": groups.names, "words": groups.words, "device": used.kind}
    about |= {
        "n_genes": len(trained.gene_index),
        "n_proteins": len(trained.proteins),
        "k": label_transfer.N_NEAR,
    }
    about |= {
        part: getattr(new_cells, part) for part in ("where", "missing_genes", "missing_proteins", "notes")
    }
    files.write_json(mapping_folder / "about.json", about)  # the last file: with it the mapping exists
    return {"key": arguments.key}


def export_mapped(store, job, say):
    """mapped.h5ad beside the mapping: the unchanged dataset with its latent space, positions, labels and distances."""
    run, arguments = store.row("run", job["target"]), MapExportArguments.of_job(job)
    about, arrays = store.of(job["owner"]).mappings.one(run["id"], arguments.key)
    dataset = _dataset(store, about["dataset"])
    say(f"Reading {dataset['name']}.", 0.1)
    adata = open_dataset(store, dataset["id"], backed.EVERYTHING)
    record = files.read_json(store.run_folder(run["id"]) / "config.json")
    mapping = {
        name: about[name] for name in ("title", "batch", "k", "missing_genes", "missing_proteins", "notes")
    }
    labels = mapping_summary.labels_of(
        about["names"], arrays["codes"], arrays["confidence"], arguments.threshold
    )
    mapped = mapped_h5ad.result(
        adata, record | mapping | {"threshold": arguments.threshold}, arrays, labels, about["names"]
    )
    say("Writing mapped.h5ad.", 0.5)
    folder = store.run_folder(run["id"]) / "mapped" / arguments.key
    files.whole(folder / "mapped.h5ad", mapped.write)


def _dataset(store, id):
    """The row of a dataset that is still there; raises UserError."""
    try:
        return store.row("dataset", id)
    except Missing:
        raise UserError("The dataset to map was deleted: choose another one.") from None
