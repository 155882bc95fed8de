"""Recipes: steps and preprocessing, applied to a dataset in one job."""

from core.config.job_arguments import RecipeArguments
from core.preprocessing.recipe import Recipe, chosen
from core.store import schema
from core.store.rows import digest
from core.store.status import FINISHED, Priority, Status
from core.store.steps import original_of, plain, repairs_of, steps_of


class Recipes:
    """The jobs of one user that apply recipes."""

    def __init__(self, access, datasets, steps):
        self.access, self.database = access, access.database
        self.datasets, self.steps = datasets, steps

    def apply(self, id, steps, token, settings=None, keep="nothing"):
        """Queue steps and, with `settings`, the preprocessing of what they make, once for a token; returns the job.

        `keep` is which steps of the dataset stay before: "nothing", its "repairs" or "everything". The result of the job
        is {"dataset", "preparation"}, two ids. Raises UserError for a step or setting that does not exist.
        """
        row = self.datasets.ready(id)
        kept_steps = {"nothing": [], "repairs": repairs_of(row), "everything": plain(steps_of(row))}[keep]
        steps = [chosen(step).record() for step in [*kept_steps, *steps]]
        if settings is not None:
            settings = Recipe(row["name"], (), settings).settings
        user, arguments = self.access.user, RecipeArguments(dataset=id, steps=steps, settings=settings)
        token = f"recipe:{token}:{digest([user, arguments.record()], 32)}"
        # The original is the target: the dataset itself may be replaced, and jobs go with their target.
        target = original_of(row)
        job_id = self.database.submit(user, "short", "recipe", target, arguments, token, Priority.ASKED)
        job = self.database.job(job_id)
        if job["status"] in FINISHED and not self._has_result(job):
            fresh = {"message": "", "result": None, "progress": 0.0, "pid": None, "cancel": False}
            self.database.move_job(job_id, job["status"], Status.QUEUED, **fresh)
        return self.database.job(job_id)

    def _has_result(self, job):
        """Did a recipe's job succeed, and does what it made still exist?"""
        result = job["result"] if job["status"] == Status.DONE else None
        if not result or not self.access.readable("dataset", result["dataset"]):
            return False
        preparation = result["preparation"]
        return preparation is None or self.access.readable("preparation", preparation) is not None

    def under_way(self, id):
        """One's job that applies a recipe to this dataset and has not succeeded, or None: a reload goes on with it."""
        mine = (
            schema.jobs.c.owner == self.access.user,
            schema.jobs.c.kind == "recipe",
            schema.jobs.c.target == original_of(self.datasets.one(id)),
        )
        own = [job for job in self.database.jobs(*mine) if RecipeArguments.of_job(job).dataset == id]
        newest = max(own, key=lambda job: job["created"], default=None)
        return newest if newest and newest["status"] != Status.DONE else None

    def roll_back(self, job_id):
        """Remove what the job of a recipe has made before it failed or was cancelled."""
        result = self.database.job(job_id)["result"] or {}
        if result.get("preparation"):
            self.database.forget("preparation", result["preparation"])
        row = self.access.readable("dataset", result["dataset"]) if result.get("new") else None
        if row and (row["status"] != Status.READY or self.steps.replaceable(row)):
            self.database.forget("dataset", row["id"])
        self.database.set_job(job_id, result=None)
