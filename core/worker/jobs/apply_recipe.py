"""The job that applies a recipe: the dataset that its steps make and its preprocessing, or neither."""

import psutil

from core.config.job_arguments import RecipeArguments
from core.errors import UserError
from core.store import Status
from core.worker.jobs import ingest, prepare

STEPS_SHARE = 0.6  # of the progress bar; the rest is the preprocessing
CANCELLED = "Cancelled: the recipe left no dataset behind."
BUSY = "Another job is making this dataset: wait until it is ready, then apply the recipe again."


class Cancelled(Exception):
    """The person asked the job to stop."""


def apply_recipe(store, job, say):
    """Make the dataset and its preparation; returns {"dataset", "preparation", "new"}, the ids and whether it was made here.

    The result is stored as it grows, so that `roll_back` of the store knows what to remove after a failure or a crash.
    """
    view, arguments = store.of(job["owner"]), RecipeArguments.of_job(job)
    try:
        result = _make_dataset(store, view, job, _stoppable(store, job, say, 0, STEPS_SHARE))
        if arguments.settings is not None:
            _prepare(store, view, job, result, _stoppable(store, job, say, STEPS_SHARE, 1))
    except Cancelled:
        if store.move_job(job["id"], Status.RUNNING, Status.CANCELLED, message=CANCELLED):
            view.recipes.roll_back(job["id"])
        return None
    ingest.replace(store, job["owner"], arguments.dataset if result["new"] else None)
    return result


def _make_dataset(store, view, job, say):
    """The dataset of the steps: one that is there, or a new one."""
    arguments = RecipeArguments.of_job(job)
    dataset = view.steps.replace(arguments.dataset, arguments.steps)
    if view.datasets.one(dataset)["status"] == Status.FAILED:  # an earlier try: its job holds the token
        store.forget("dataset", dataset)
        dataset = view.steps.replace(arguments.dataset, arguments.steps)
    steps_job = view.steps.job_id(dataset)
    result = {"dataset": dataset, "preparation": None, "new": steps_job is not None}
    store.set_job(job["id"], result=result)
    if steps_job:
        _work_on(store, steps_job, ingest.make_by_steps, say)
    return result


def _prepare(store, view, job, result, say):
    """The preparation of the dataset in `result`, into which its id goes."""
    settings, token = RecipeArguments.of_job(job).settings, f"recipe:{job['id']}"
    result["preparation"], prepare_job = view.preparations.create(result["dataset"], settings, token)
    store.set_job(job["id"], result=result)
    _work_on(store, prepare_job, prepare.prepare_data, say)


def _work_on(store, job_id, work, say):
    """Carry out a queued job within this one, in this process; both say how far it is."""

    def say_both(message, progress=0.0):
        store.set_job(job_id, message=message, progress=progress)
        say(message, progress)

    me = psutil.Process()
    if not store.move_job(job_id, Status.QUEUED, Status.RUNNING, pid=me.pid, pid_started=me.create_time()):
        raise UserError(BUSY)
    work(store, store.job(job_id), say_both)
    store.move_job(job_id, Status.RUNNING, Status.DONE, progress=1.0)


def _stoppable(store, job, say, low, high):
    """`say` for a part of the job, from `low` to `high` of its progress; raises Cancelled once it is asked to stop."""

    def say_part(message, progress=0.0):
        if store.cancelled(job["id"]):
            raise Cancelled
        say(message, low + (high - low) * progress)

    return say_part
