"""The job that applies a recipe: the dataset that its steps make and its preprocessing, or neither."""

from core.config.job_arguments import RecipeArguments
from core.store import Status
from core.worker.jobs import ingest, prepare
from core.worker.jobs.nested import Cancelled, stoppable, work_on

STEPS_SHARE = 0.6  # of the progress bar; the rest is the preprocessing
CANCELLED = "Cancelled: the recipe left no dataset behind."


def apply_recipe(store, job, say):
    """Make the dataset and its preparation; returns {"dataset", "preparation", "new"}, the ids and whether it was made here.

    The result is stored as it grows, so that `roll_back` of the store knows what to remove after a failure or a crash.
    """
    view, arguments = store.of(job["owner"]), RecipeArguments.of_job(job)
    try:
        result = _make_dataset(store, view, job, stoppable(store, job, say, 0, STEPS_SHARE))
        if arguments.settings is not None:
            _prepare(store, view, job, result, stoppable(store, job, say, STEPS_SHARE, 1))
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
        work_on(store, steps_job, ingest.make_by_steps, say)
    return result


def _prepare(store, view, job, result, say):
    """The preparation of the dataset in `result`, into which its id goes."""
    settings, token = RecipeArguments.of_job(job).settings, f"recipe:{job['id']}"
    result["preparation"], prepare_job = view.preparations.create(result["dataset"], settings, token)
    store.set_job(job["id"], result=result)
    work_on(store, prepare_job, prepare.prepare_data, say)
