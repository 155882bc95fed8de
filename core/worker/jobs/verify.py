"""The job that trains a run again from its bundle and compares the results."""

import time

from core.config.run_files import BUNDLE
from core.errors import UserError
from core.export import bundle_zip, reproduce
from core.training import learn
from core.worker.jobs.datasets import open_dataset


def verify(store, job, say):
    """A core.export.reproduce.Repeat as a record, with "bundle" and "at": when the bundle was made, and when it was compared."""
    run = store.row("run", job["target"])
    path = store.run_folder(run["id"]) / BUNDLE
    if not path.exists():
        raise UserError("This run no longer has a bundle: make one first.")
    say("Reading the dataset.", 0.0)
    with bundle_zip.Bundle(path) as bundle:
        first, recipe = bundle.first(), bundle.json("recipe.json")
    name = store.row("dataset", run["dataset"])["name"]
    adata = reproduce.data_of(open_dataset(store, run["dataset"]), first["record"], recipe, name)
    n_epochs, labels = len(first["history"]), None
    for learnt in reproduce.train(adata, first, store.run_folder(run["id"])):
        if isinstance(learnt, learn.Epoch):
            say(f"Training again: epoch {learnt.epoch} of {n_epochs}.", 0.9 * learnt.epoch / n_epochs)
    if learnt.latent is not None:
        say("Neighbours and clusters.", 0.92)
        labels = reproduce.clusters_of(learnt, first["resolution"])
    repeat = reproduce.compare(learnt, labels, first, reproduce.names_hash(adata))
    return repeat.record() | {"bundle": first["made_at"], "at": time.time()}
