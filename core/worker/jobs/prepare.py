"""The jobs before a run: what preprocessing does to the data, and what training on it would cost."""

from functools import lru_cache

from core import config, device
from core.data import count_sources
from core.preprocessing import gene_selection
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.sparse.moments import survey
from core.store import Status
from core.training import memory
from core.training.forecast import forecast
from core.worker.jobs import protein_histograms, value_histograms
from core.worker.jobs.loaded import source


def prepare_data(store, job, say):
    """What the steps of a preparation do to the data, with the default split; training repeats it with its own."""
    row = store.row("preparation", job["target"])
    store.move("preparation", row["id"], Status.QUEUED, Status.RUNNING)
    say("Reading the dataset.", 0.1)
    adata = source(store, row["dataset"])
    settings = config.parse(row["settings"])
    say("Normalising, choosing genes, measuring means and deviations.", 0.4)
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
    """Which genes a preparation with these settings would use, with the picture of them and what is to be said."""
    settings = config.parse(job["arguments"])
    say("Reading the dataset.", 0.1)
    adata = source(store, job["target"])
    say("Looking at every gene.", 0.3)
    split, found, seen = _surveyed(store, job["target"])
    say(f"Choosing genes by {settings.hvg_flavor}.", 0.6)
    steps = config.steps_for(found.kind, "protein" in adata.obsm)
    applies = steps["n_top_genes"].applies
    choice = gene_selection.choose(adata, found, seen, settings, split.train, applies)
    return {
        "used": len(choice.genes),
        "of": len(found.genes),
        "notes": choice.notes,
        "picture": value_histograms.mean_variance(choice.stats),
    }


@lru_cache(maxsize=1)
def _surveyed(store, dataset_id):
    """(Split, Source, Survey) of a dataset; the last one is kept, since people try one choice after the other."""
    adata = source(store, dataset_id)
    split, found = split_cells(adata.n_obs, config.RunConfig()), count_sources.source_of(adata)
    return split, found, survey(found.values, split.train)


def look_at_proteins(store, job, say):
    """How the proteins of a dataset look before and after a transform, as core.worker.jobs.protein_histograms has it."""
    say("Reading the dataset.", 0.1)
    adata = source(store, job["target"])
    say("Transforming the proteins.", 0.4)
    return protein_histograms.of_proteins(adata, job["arguments"]["transform"])


def foresee(store, job, say):
    """What a run with these settings on a preparation would cost: a Forecast as a record.

    "beside" is true where another run trained meanwhile, so that this one may be quicker when it is alone.
    """
    row = store.row("preparation", job["target"])
    settings = config.parse(row["settings"] | job["arguments"])
    used = device.choose(settings.device)
    say("Preparing the data.", 0.1)
    adata = source(store, row["dataset"])
    split, matrix = _prepared(store, row["dataset"], _of_data(settings))
    settings.check_against(matrix.n_genes, matrix.n_proteins, matrix.kind)
    say("Trying a few steps.", 0.6)
    found = forecast(matrix, split, settings, used, memory.n_bytes(adata))
    return found.record() | {"beside": bool(store.working("train"))}


def _of_data(settings):
    """The same RunConfig with defaults for all that does not change its Matrix and Split."""
    names = [spec.name for spec in config.specs(config.PREPARE)]
    names += ["seed", "train_share", "valid_share"]
    kept = {name: getattr(settings, name) for name in names}
    return config.parse(kept | ({"model": settings.model} if settings.model_record.reads_counts else {}))


@lru_cache(maxsize=1)
def _prepared(store, dataset_id, settings):
    """(Split, Matrix) of a dataset; the last one is kept, since people try one setting after the other."""
    adata = source(store, dataset_id)
    split = split_cells(adata.n_obs, settings)
    return split, prepare(adata, settings, split, store.dataset_folder(dataset_id).folder)
