"""The jobs that run the decoder: the reconstruction of chosen cells, and the effects of the latent dimensions."""

import numpy as np

from core import files
from core.analysis import latent_effects
from core.analysis.metrics.varying_features import varies
from core.config import run_files
from core.config.job_arguments import ProfileArguments
from core.config.models import MODELS
from core.errors import UserError
from core.export import run_folder
from core.training.inference import mean_reconstruction
from core.worker.jobs.trained_runs import load_run


def profile(store, job, say):
    """The mean input and reconstruction of chosen cells: {"names", "n_genes", "given", "made", "varies", "cells"}."""
    run, trained = load_run(store, job["target"])
    cells, folder = ProfileArguments.of_job(job), store.run_folder(job["target"])
    if cells.cell is not None:
        rows = np.array([cells.cell])
    else:
        clusters = files.read_array(folder / f"{run_files.clusters_of(cells.resolution)}.npy")
        rows = np.flatnonzero(clusters == cells.cluster)
    if not len(rows) or rows.min() < 0 or rows.max() >= trained.matrix.n_cells:
        raise UserError("There is no such cell or cluster in this run.")
    values, reconstruction = mean_reconstruction(
        run_folder.load_model(folder / "model.pt"), trained.matrix, rows
    )
    return {
        "names": [str(n) for n in (*trained.matrix.genes, *trained.matrix.proteins)],
        "n_genes": trained.matrix.n_genes,
        "given": np.round(values, 4).tolist(),
        "made": np.round(reconstruction, 4).tolist(),
        "varies": varies(trained.matrix, trained.split.train).tolist(),
        "cells": len(rows),
    }


def _unit(matrix, config):
    if matrix.pearson is not None:
        return ", in Pearson residuals of genes"
    if not config["scale"]:
        return ""
    return (
        ", in standard deviations of the feature"
        if matrix.exponent == 1
        else ", on the scale of the preprocessed values"
    )


def find_meaning(store, job, say):
    """The effect of each latent dimension on each feature: effects.csv, and effects/mean.npy and size.npy in the run's folder.

    Returns {"features", "n_genes", "n_cells", "unit"}: the names of the columns of those arrays, and what they are in.
    """
    run, trained = load_run(store, job["target"])
    folder, matrix = store.run_folder(run["id"]), trained.matrix
    model = run_folder.load_model(folder / "model.pt")
    for event in latent_effects.effects(model, matrix, trained.latent, run["config"]["seed"]):
        if isinstance(event, float):
            say("Differentiating the decoder, dimension by dimension.", event)
    files.write_array(folder / "effects" / "mean.npy", event.mean)
    files.write_array(folder / "effects" / "size.npy", event.size)
    run_folder.save_effects(folder / "effects.csv", event, matrix)
    if MODELS[run["config"]["model"]].reads_counts:
        unit = "natural log of the expected counts"
    else:
        unit = f"the decoder's output{_unit(matrix, run['config'])}"
    return {
        "features": [str(name) for name in (*matrix.genes, *matrix.proteins)],
        "n_genes": matrix.n_genes,
        "n_cells": event.n_cells,
        "unit": unit,
    }
