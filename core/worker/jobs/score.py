"""The jobs that score a run: its spaces, features, cells, clusters against labels, and stability over seeds."""

import numpy as np

from core import config, files
from core.analysis.metrics import (
    benchmark,
    count_split,
    per_cell,
    per_feature,
    run_scores,
    seed_stability,
    split_half,
)
from core.analysis.metrics.varying_features import varies
from core.analysis.neighbors import in_metric
from core.config import RESOLUTIONS, run_files
from core.config.job_arguments import LabelsArguments, SpacesArguments
from core.errors import UserError
from core.export import run_folder
from core.store import Explored, run_summary
from core.text import check_tells
from core.worker.jobs.trained_runs import load_run

SPACES_FILE, EXPLAINED_FILE, COUNT_SPLIT_FILE = "spaces.json", "explained.csv", "count_split.json"
COUNT_SPLIT_GENES = "count_split_genes.csv"


def compare_spaces(store, job, say):
    """The score table of a run's spaces, left as spaces.json: {"resolution", "labels", "batches", "records"}."""
    say("Reading the dataset.", 0.02)
    run, trained = load_run(store, job["target"])
    arguments, folder = SpacesArguments.of_job(job), store.run_folder(run["id"])
    names = {what: _names(store, run, getattr(arguments, what)) for what in ("labels", "batches")}
    steps = benchmark.compare_spaces(
        trained,
        config.parse(run["config"]),
        run_folder.spaces(folder, trained),
        arguments.resolution,
        **names,
    )
    for event in steps:
        if isinstance(event, benchmark.Step):
            say(f"{event.description} ...", event.share)
    files.write_json(folder / SPACES_FILE, arguments.record() | {"records": event})
    if columns := run_summary.of_spaces(event):
        store.set("run", run["id"], **columns)


def _names(store, run, column):
    """(cells,) the names of an obs column, "" where one is missing; None where no column is asked for."""
    if not column:
        return None
    try:
        entry, codes = store.dataset_folder(run["dataset"]).column(column)
        categories = entry["categories"]
    except KeyError:
        raise UserError(f"There is no obs column '{column}' with names. Choose another one.") from None
    check_tells(column, categories, codes)
    return np.array([*categories, ""])[codes]


def explain_features(store, job, say):
    """Variance explained of every gene and protein, left as explained.csv."""
    say("Reading the dataset.", 0.05)
    run, trained = load_run(store, job["target"])
    folder = store.run_folder(run["id"])
    say("Reconstructing the test cells.", 0.4)
    explained = per_feature.by_feature(
        run_folder.load_model(folder / "model.pt"), trained, config.parse(run["config"])
    )
    files.write_csv(
        folder / EXPLAINED_FILE,
        per_feature.COLUMNS,
        per_feature.rows_of(explained, trained.matrix, varies(trained.matrix, trained.split.train)),
    )


def split_counts(store, job, say):
    """The count-split scores of a run and its spaces, left as count_split.json, by gene as count_split_genes.csv."""
    say("Reading the dataset.", 0.05)
    run, trained = load_run(store, job["target"])
    folder = store.run_folder(run["id"])
    say("Predicting one half of the molecules from the other.", 0.1)
    model, settings = run_folder.load_model(folder / "model.pt"), config.parse(run["config"])
    result = count_split.score(model, trained, settings)
    for event in split_half.compare(model, trained, settings):
        if isinstance(event, benchmark.Step):
            say(f"{event.description} ...", 0.2 + 0.8 * event.share)
    halves, spaces = event
    files.write_csv(folder / COUNT_SPLIT_GENES, *split_half.gene_rows(halves, spaces))
    added = {"spaces": split_half.records(spaces), "all_cells": halves.seen.n_cells}
    files.write_json(folder / COUNT_SPLIT_FILE, result.record() | added)


def score_cells(store, job, say):
    """The scores of each cell, left as per_cell/NAME.npy (cells,) float32 by the names of descriptions.CELL_SCORES."""
    say("Reading the dataset.", 0.02)
    run, trained = load_run(store, job["target"])
    folder = store.run_folder(run["id"])
    model = run_folder.load_model(folder / "model.pt")
    for event in per_cell.score_cells(model, trained, config.parse(run["config"])):
        if isinstance(event, benchmark.Step):
            say(f"{event.description} ...", event.share)
    for name, values in event.items():
        files.write_array(folder / "per_cell" / f"{name}.npy", values)


def compare_seeds(store, job, say):
    """The stability of a run's clusters over runs with other seeds, for every resolution, into stability/.

    company_R.npy (cells,) float32 and survival_R.npy (clusters, other runs) float32, of resolution R; runs.json names
    the runs in that order, this one first.
    """
    run = store.row("run", job["target"])
    others = [r for r in store.of(job["owner"]).seeds.all(run["id"]) if r["explored"] == Explored.READY]
    if not others:
        raise UserError("There is no run with another seed to compare with. Train some first.")
    folder = store.run_folder(run["id"])
    for i, resolution in enumerate(RESOLUTIONS):
        say(f"Comparing clusters at {resolution:g}.", i / len(RESOLUTIONS))
        name = f"{run_files.clusters_of(resolution)}.npy"
        clusterings = [np.array(files.read_array(store.run_folder(r["id"]) / name)) for r in (run, *others)]
        consistency = seed_stability.consistency(clusterings).astype(np.float32)
        matches = seed_stability.best_matches(clusterings[0], clusterings[1:]).astype(np.float32)
        files.write_array(folder / f"{run_files.company_of(resolution)}.npy", consistency)
        files.write_array(folder / f"{run_files.survival_of(resolution)}.npy", matches)
    records = [{"id": r["id"], "name": r["name"], "seed": r["config"]["seed"]} for r in (run, *others)]
    files.write_json(folder / "stability" / "runs.json", records)


def compare_labels(store, job, say):
    """The agreement of the clusters at a resolution with an obs column, as core.analysis.metrics.run_scores.agreement has it."""
    run = store.row("run", job["target"])
    arguments = LabelsArguments.of_job(job)
    names = _names(store, run, arguments.column)
    folder = store.run_folder(run["id"])
    clusters = np.array(files.read_array(folder / f"{run_files.clusters_of(arguments.resolution)}.npy"))
    latent = np.array(files.read_array(folder / "latent.npy"))
    axes = np.array(files.read_array(folder / "input_axes.npy")[:, : latent.shape[1]])
    settings = config.parse(run["config"])
    spaces = {"": in_metric(latent, settings.metric), "_pca": in_metric(axes, settings.metric)}
    scores = run_scores.agreement(names, clusters, spaces, settings.seed)
    return {name: value if np.isfinite(value) else None for name, value in scores.items()}
