"""Datasets, preparations and runs that tests of jobs need, and quick settings."""

from core.worker import execute

QUICK = {"epochs": 3, "n_hidden": 16, "n_hidden_protein": 8, "n_latent": 4, "batch_size": 64, "device": "cpu"}
LONG = QUICK | {"epochs": 10_000}


def bring(store, arguments=None):
    """A dataset on its way: its id, a reading job queued."""
    id = store.add("dataset", "local", name="Tiny", origin="demo:tiny", status="queued")
    store.submit("local", "short", "read", id, arguments or {"demo": "tiny"})
    return id


def prepared(store):
    """The id of a preparation that is ready."""
    dataset = bring(store)
    execute.drain(store)
    preparation, _ = store.of("local").preparations.create(dataset, {"n_top_genes": 60}, f"prepare {dataset}")
    execute.drain(store)
    return preparation


def queued_run(store, preparation, values=QUICK):
    view = store.of("local")
    run = view.runs.create(preparation, values)
    view.runs.train(run)
    return run


def finished_job(store, kind, run, arguments):
    """A job of this kind on a run, after it was carried out."""
    job = store.of("local").jobs.submit(kind, run, arguments)
    execute.drain(store)
    return store.job(job)
