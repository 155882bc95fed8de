"""The job that trains candidates on a preparation, and creates and queues a run with the settings of the best."""

import numpy as np

from core import config
from core.analysis import choose
from core.analysis.metrics.benchmark import Step
from core.config.job_arguments import ChooseArguments
from core.errors import UserError
from core.store import Status
from core.worker.jobs import prepare
from core.worker.jobs.datasets import open_dataset
from core.worker.jobs.nested import work_on

NAME = "best candidate: {}"
SHARE = 0.9  # of the progress bar; the rest is the preprocessing of the kept candidate


def choose_run(store, job, say):
    """The record of the Choice, with "run", the id of the run that was created and queued for the best candidate."""
    view, arguments = store.of(job["owner"]), ChooseArguments.of_job(job)
    row = view.preparations.one(job["target"])
    say("Reading the dataset.", 0.01)
    adata = open_dataset(store, row["dataset"])
    settings = config.parse(config.upgraded(row["settings"]))
    batches = adata.obs[settings.batch_key].astype(str).to_numpy() if settings.batch_key else None
    labels = _labels(store, row["dataset"], arguments.labels)
    scratch = store.root / "cache"
    for event in choose.choose(adata, settings, arguments.minutes, labels, batches, scratch):
        if isinstance(event, Step):
            say(f"{event.description} ...", SHARE * event.share)
    best = event.config
    preparation = _preparation(store, view, job, row, best, say)
    values = {s.name: getattr(best, s.name) for s in config.specs() if s.part != config.PREPARE}
    name = NAME.format(event.records[event.best]["name"])
    with store.transaction():  # a run that waits for nobody is never left behind
        run = view.runs.create(preparation, {n: v for n, v in values.items() if v is not None}, name)
        view.runs.train(run)
        result = event.record() | {"run": run}
        store.set_job(job["id"], result=result)
    return result


def _labels(store, dataset_id, column):
    if not column:
        return None
    try:
        entry, codes = store.dataset_folder(dataset_id).column(column)
    except KeyError:
        raise UserError(f"There is no obs column '{column}' with names. Choose another one.") from None
    return np.array([*entry["categories"], ""])[codes]


def _preparation(store, view, job, row, best, say):
    """The id of a preparation with the preprocessing of the best candidate: the one asked about, another, or a new one."""
    settings = {spec.name: getattr(best, spec.name) for spec in config.specs(config.PREPARE)}
    before = config.parse(config.upgraded(row["settings"]))
    if all(getattr(before, name) == value for name, value in settings.items()):
        return row["id"]
    if known := view.recommended.preparation(row["dataset"], best):
        return known["id"]
    preparation, prepare_job = view.preparations.create(row["dataset"], settings, f"choose:{job['id']}")
    store.set_job(job["id"], result={"preparation": preparation})
    work_on(
        store,
        prepare_job,
        prepare.prepare_data,
        lambda message, progress=0.0: say(message, SHARE + (1 - SHARE) * progress),
    )
    if view.preparations.one(preparation)["status"] != Status.READY:
        raise UserError("The preprocessing of the kept candidate failed: choose its settings by hand.")
    return preparation
