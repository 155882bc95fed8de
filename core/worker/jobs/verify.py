"""The jobs that train a run again, from its bundle or from itself, and compare the results."""

import time

from core.config.run_files import BUNDLE
from core.errors import UserError
from core.export import bundle_zip, reproduce, run_source
from core.training import learn
from core.worker.jobs.datasets import open_dataset


def verify(store, job, say):
    """A core.export.reproduce.Repeat as a record, with "bundle" and "at": when the bundle was made, and when it was compared."""
    path = store.run_folder(job["target"]) / BUNDLE
    if not path.exists():
        raise UserError("This run no longer has a bundle: make one first.")
    with bundle_zip.Bundle(path) as bundle:
        first, recipe = bundle.first(), bundle.json("recipe.json")
    return _train_again(store, job, first, recipe, say)


def repeat(store, job, say):
    """As `verify`, compared with the results in the run's folder; "bundle" is None."""
    first = run_source.first_of(store.run_folder(job["target"]))
    return _train_again(store, job, first, {"steps": []}, say)


def _train_again(store, job, first, recipe, say):
    run = store.row("run", job["target"])
    say("Reading the dataset.", 0.0)
    name = store.row("dataset", run["dataset"])["name"]
    adata = reproduce.data_of(open_dataset(store, run["dataset"]), first["record"], recipe, name)
    n_epochs, labels = len(first["history"]), None
    for learnt in reproduce.train(adata, first, store.run_folder(run["id"])):
        if isinstance(learnt, learn.Epoch):
            say(f"Training again: epoch {learnt.epoch} of {n_epochs}.", 0.9 * learnt.epoch / n_epochs)
    if learnt.latent is not None and first["clusters"] is not None:
        say("Neighbours and clusters.", 0.92)
        labels = reproduce.clusters_of(learnt, first["resolution"])
    comparison = reproduce.compare(learnt, labels, first, reproduce.names_hash(adata))
    return comparison.record() | {"bundle": first["made_at"], "at": time.time()}
