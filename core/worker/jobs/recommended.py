"""The job that starts a run with recommended settings: it preprocesses a dataset, creates the run and queues its training.

The jobs of the run follow as always: training queues the analysis.
"""

from core import config
from core.config.job_arguments import RecommendedArguments
from core.errors import UserError
from core.store import Status
from core.worker import failed_jobs
from core.worker.jobs import ingest, prepare
from core.worker.jobs.nested import Cancelled, stoppable, work_on

CANCELLED = "Cancelled before training."
READ_SHARE = 0.4  # of the progress bar where the dataset is read first


def start_run(store, job, say):
    """Preprocess the dataset of a job unless it is, and create and queue its run; returns {"preparation", "run"}, two ids."""
    view = store.of(job["owner"])
    settings = config.recommended(RecommendedArguments.of_job(job).batch_key)
    try:
        begun = _read(store, job, say)
        view.recommended.check(view.datasets.ready(job["target"]), settings.batch_key)
        preparation = _prepare(store, view, job, settings, stoppable(store, job, say, begun, 1))
        stoppable(store, job, say, 1, 1)("Creating the run.")
    except Cancelled:
        if store.move_job(job["id"], Status.RUNNING, Status.CANCELLED, message=CANCELLED):
            view.recommended.roll_back(job["id"])
        return None
    with store.transaction():  # a run that waits for nobody is never left behind
        run = view.runs.create(preparation, settings.model_dump())
        view.runs.train(run)
        result = {"preparation": preparation, "run": run}
        store.set_job(job["id"], result=result)
    return result


def _read(store, job, say):
    """Read the dataset where that still waits; returns the share of the progress bar that this has taken.

    Others may need the dataset too, so it is read to its end, whether the job was cancelled or not.
    """
    dataset_id = job["target"]
    row = store.row("dataset", dataset_id)
    if row["status"] != Status.QUEUED:
        return 0.0
    read_job = store.of(row["owner"]).access.last_job(dataset_id, "read")

    def say_part(message, progress=0.0):
        if not store.cancelled(job["id"]):
            say(message, READ_SHARE * progress)

    try:
        work_on(store, read_job["id"], ingest.read_file, say_part)
    except UserError as error:
        failed_jobs.fail(store, store.job(read_job["id"]), str(error))
        raise
    return READ_SHARE


def _prepare(store, view, job, settings, say):
    """The id of a preparation with these settings: one that is there, or a new one."""
    if row := view.recommended.preparation(job["target"], settings):
        return row["id"]
    values = settings.model_dump()
    preparation, prepare_job = view.preparations.create(job["target"], values, f"recommended:{job['id']}")
    store.set_job(job["id"], result={"preparation": preparation, "run": None})
    work_on(store, prepare_job, prepare.prepare_data, say)
    return preparation
