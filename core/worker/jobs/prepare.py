"""The jobs before a run: preprocessing, gene selection, protein histograms and the forecast of a run's cost."""

from functools import lru_cache

from core import config, device
from core.config.job_arguments import ProteinsArguments, SettingsArguments
from core.data import count_sources
from core.preprocessing import gene_selection
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells, split_of
from core.sparse.moments import survey
from core.store import Status
from core.worker.jobs import protein_histograms, value_histograms
from core.worker.jobs.datasets import open_dataset


def prepare_data(store, job, say):
    """Preprocess a dataset with the default split and record the result; training repeats it with its own split."""
    row = store.row("preparation", job["target"])
    store.move("preparation", row["id"], Status.QUEUED, Status.RUNNING)
    say("Reading the dataset.", 0.1)
    adata = open_dataset(store, row["dataset"])
    settings = config.parse(row["settings"])
    say("Normalising, selecting genes, computing means and deviations.", 0.4)
    split, matrix = _prepared(store, row["dataset"], _of_data(settings))
    record = {
        "n_cells": matrix.n_cells,
        "n_genes": matrix.n_genes,
        "n_proteins": matrix.n_proteins,
        "proteins": [str(name) for name in matrix.proteins],
        "genes": [str(name) for name in matrix.genes[:200]],
        "kind": matrix.kind,
        "where": matrix.where,
        "notes": matrix.notes,
        "n_train": len(split.train),
    }
    record |= value_histograms.of_preparation(adata, matrix, split)
    store.move("preparation", row["id"], Status.RUNNING, Status.READY, record=record)


def choose_genes(store, job, say):
    """The genes that a preparation with these settings would use: how many, notes and the plot."""
    settings = config.parse(SettingsArguments.of_job(job).settings)
    say("Reading the dataset.", 0.1)
    adata = open_dataset(store, job["target"])
    say("Computing statistics of every gene.", 0.3)
    split, counts, seen = _surveyed(store, job["target"])
    say(f"Selecting genes by {settings.hvg_flavor}.", 0.6)
    steps = config.steps_for(counts.kind, "protein" in adata.obsm)
    applies = steps["n_top_genes"].applies
    choice = gene_selection.choose(adata, counts, seen, settings, split.train, applies)
    return {
        "used": len(choice.genes),
        "of": len(counts.genes),
        "notes": choice.notes,
        "picture": value_histograms.mean_variance(choice.stats),
    }


@lru_cache(maxsize=1)
def _surveyed(store, dataset_id):
    """(Split, Source, Survey) of a dataset; the last one is cached, since settings are tried one after the other."""
    adata = open_dataset(store, dataset_id)
    split, counts = split_cells(adata.n_obs, config.RunConfig()), count_sources.source_of(adata)
    return split, counts, survey(counts.values, split.train)


def look_at_proteins(store, job, say):
    """Histograms of the proteins of a dataset before and after a transform (core.worker.jobs.protein_histograms)."""
    say("Reading the dataset.", 0.1)
    adata = open_dataset(store, job["target"])
    say("Transforming the proteins.", 0.4)
    return protein_histograms.of_proteins(adata, ProteinsArguments.of_job(job).transform)


def foresee(store, job, say):
    """The Forecast of a run with these settings on a preparation, as a record.

    "beside" is true where another run trained meanwhile, so that this run may be faster alone.
    """
    from core.training import memory  # they load torch, which preprocessing does without
    from core.training.forecast import forecast

    row = store.row("preparation", job["target"])
    settings = config.parse(row["settings"] | SettingsArguments.of_job(job).settings)
    used = device.choose(settings.device)
    say("Preparing the data.", 0.1)
    adata = open_dataset(store, row["dataset"])
    split, matrix = _prepared(store, row["dataset"], _of_data(settings))
    settings.check_against(matrix.n_genes, matrix.n_proteins, matrix.kind)
    say("Timing a few training steps.", 0.6)
    cost = forecast(matrix, split, settings, used, memory.n_bytes(adata))
    return cost.record() | {"beside": bool(store.working("train"))}


def sweep_rates(store, job, say):
    """The record of a sweep of learning rates (core.training.rate_finder) with these settings on a preparation."""
    from core.training import (  # they load torch, which preprocessing does without
        count_splitting,
        rate_finder,
    )

    row = store.row("preparation", job["target"])
    settings = config.parse(row["settings"] | SettingsArguments.of_job(job).settings)
    used = device.choose(settings.device)
    say("Preparing the data.", 0.1)
    split, matrix = _prepared(store, row["dataset"], _of_data(settings))
    settings = settings.for_data(matrix.n_cells, matrix.n_genes, matrix.n_proteins, matrix.kind)
    settings.check_against(matrix.n_genes, matrix.n_proteins, matrix.kind)
    splitter = count_splitting.splitter(matrix, split.train, settings) if settings.splits_counts else None
    say("Raising the learning rate from step to step.", 0.6)
    return rate_finder.sweep(matrix, split, settings, used.kind, splitter).record()


def _of_data(settings):
    """The same RunConfig with defaults for all that does not change its Matrix and Split."""
    names = [spec.name for spec in config.specs(config.PREPARE)]
    names += ["seed", "train_share", "valid_share", "split_by"]
    values = {name: getattr(settings, name) for name in names}
    return config.parse(values | ({"model": settings.model} if settings.model_record.reads_counts else {}))


@lru_cache(maxsize=1)
def _prepared(store, dataset_id, settings):
    """(Split, Matrix) of a dataset; the last one is cached, since settings are tried one after the other."""
    adata = open_dataset(store, dataset_id)
    split = split_of(adata, settings)
    return split, prepare(adata, settings, split, store.dataset_folder(dataset_id).folder)
