"""The jobs that test a run on molecules it has not seen: clusters with markers, and the number of latent dimensions."""

import numpy as np

from core import config, files
from core.analysis import latent_sizes, split_markers
from core.analysis.metrics.benchmark import Step
from core.config import run_files
from core.config.job_arguments import SupportArguments
from core.export import run_folder
from core.worker.jobs.datasets import open_dataset
from core.worker.jobs.trained_runs import load_run

SUPPORT_FILE, SIZES_FILE = "support.json", "latent_sizes.json"


def support_clusters(store, job, say):
    """Clusters of one half of the molecules and their markers on the other, left as support.json: {"resolution", "cells",
    "genes", "clusters"}, a record of each cluster of the run."""
    say("Reading the dataset.", 0.05)
    run, trained = load_run(store, job["target"])
    folder, resolution = store.run_folder(run["id"]), SupportArguments.of_job(job).resolution
    clusters = np.array(files.read_array(folder / f"{run_files.clusters_of(resolution)}.npy"))
    say("Finding clusters on one half of the molecules and testing markers on the other.", 0.3)
    model, settings = run_folder.load_model(folder / "model.pt"), config.parse(run["config"])
    records = split_markers.support(model, trained.matrix, settings, clusters, resolution)
    cells = sum(record["cells"] for record in records)
    content = {"resolution": resolution, "cells": cells, "genes": trained.matrix.n_genes, "clusters": records}
    files.write_json(folder / SUPPORT_FILE, content)


def compare_latent_sizes(store, job, say):
    """The curve of core.analysis.latent_sizes for the settings of a run, left as latent_sizes.json."""
    say("Reading the dataset.", 0.0)
    run = store.row("run", job["target"])
    folder, facts = store.run_folder(run["id"]), run["facts"]
    sizes = latent_sizes.allowed(facts["n_genes"] + facts["n_proteins"])
    adata = open_dataset(store, run["dataset"])
    for event in latent_sizes.curve(adata, config.parse(run["config"]), folder, sizes):
        if isinstance(event, Step):
            say(f"{event.description} ...", event.share)
    files.write_json(folder / SIZES_FILE, event)
