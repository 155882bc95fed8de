"""What one person may see and do: "does it exist" and "may you see it" are one question."""

import time

from sqlalchemy import or_

from core.errors import UserError
from core.store import dataset_folder
from core.store.bundles import Bundles
from core.store.clusterings import Clusterings
from core.store.database import ACTIVE, LANES, TABLES, Missing
from core.store.datasets import Bringing
from core.store.groups import Grouping
from core.store.joins import Samples
from core.store.mappings import Mapping
from core.store.preparations import Planning
from core.store.results import Results
from core.store.schema import datasets, jobs, preparations, runs
from core.store.seeds import Seeds
from core.store.selections import Selections
from core.store.steps import Steps

OF_RUN = ("spaces", "explained", "stability")  # kinds of jobs whose result the run keeps, for all who see it


class View(
    Bringing, Steps, Samples, Planning, Results, Grouping, Clusterings, Seeds, Mapping, Selections, Bundles
):
    """The store through one user's eyes; everything a page calls."""

    def __init__(self, store, user):
        self.store, self.user = store, user

    def _seen(self, table):
        return or_(table.c.owner == self.user, table.c.visibility == "shared")

    def _one(self, kind, id):
        row = self.store.row(kind, id)
        if row["owner"] != self.user and row["visibility"] != "shared":
            raise Missing(f"This {kind} does not exist (any more).", kind, id)
        return row

    def _own(self, kind, id):
        """A row that may be changed: only its owner may."""
        row = self._one(kind, id)
        if row["owner"] != self.user:
            raise UserError(f"This {kind} belongs to somebody else; only its owner can change it.")
        return row

    # --- data sets

    def datasets(self):
        return self.store.rows("dataset", self._seen(datasets))

    def dataset(self, id):
        return self._one("dataset", id)

    def shelf(self, dataset_id):
        """The Shelf of a data set that is ready."""
        if self.dataset(dataset_id)["status"] != "ready":
            raise Missing("This data set has not been read yet.", "dataset", dataset_id)
        return self.store.shelf(dataset_id)

    def forget_dataset(self, id):
        """Remove a data set and its preparations; refused while runs or data sets made from it stand on it."""
        self._own("dataset", id)
        if n := len(self.derived_from(id)):
            raise UserError(
                f"{n} data set{'s were' if n > 1 else ' was'} made from this one: delete it first."
            )
        if n := len(self.store.rows("run", runs.c.dataset == id)):
            raise UserError(f"{n} runs were trained on this data set: delete them first.")
        for preparation in self.store.rows("preparation", preparations.c.dataset == id):
            self.store.forget("preparation", preparation["id"])
        for job in self.store.jobs(jobs.c.target == id, jobs.c.kind == "read"):
            for path in dataset_folder.uploads(
                self.store.root, job["arguments"]
            ):  # of one that was never read
                path.unlink(missing_ok=True)
        self.store.forget("dataset", id)

    # --- runs

    def runs(self):
        return self.store.rows("run", self._seen(runs))

    def run(self, id):
        return self._one("run", id)

    def epochs(self, run_id):
        self.run(run_id)
        return self.store.epochs(run_id)

    def train(self, run_id, token):
        """Queue the training of a run (once); returns the job id. A run that was trained is not trained again."""
        self._own("run", run_id)
        self.store.move("run", run_id, "created", "queued")
        return self.store.submit(self.user, "train", "train", run_id, token=f"train:{run_id}")

    def cancel(self, run_id):
        """Ask a run to stop; a queued one is stopped at once."""
        self._own("run", run_id)
        job = self.last_job(run_id, "train")
        if job:
            self.store.move_job(job["id"], "queued", "cancelled")
        before = {"message": "Cancelled before it began.", "ended": time.time()}
        if self.store.move("run", run_id, "queued", "cancelled", **before):
            return  # its process may be starting: it will find the run cancelled and go
        if self.store.move("run", run_id, "running", "cancelling"):
            self.store.set_job(job["id"], cancel=True)

    def explore_again(self, run_id):
        """Queue the neighbours, clusters and pictures of a run once more, after they failed."""
        self._own("run", run_id)
        token = f"explore:{run_id}"
        job = self.store.submit(self.user, "short", "explore", run_id, token=token)
        if self.store.job(job)["status"] == "failed":
            self.store.set("run", run_id, explored="working")
            self.store.move_job(job, "failed", "queued", message="", progress=0.0, pid=None)

    def forget_run(self, run_id):
        """Remove a run and all it left; a run at work must be cancelled first."""
        row = self._own("run", run_id)
        if row["status"] in ACTIVE:
            raise UserError("This run is at work: cancel it first.")
        if row["explored"] == "working":
            raise UserError("The clusters of this run are being computed: delete it when they are there.")
        self.store.forget("run", run_id)

    # --- work

    def _begin(self, kind, row, work, arguments, token):
        """A new row and the job that fills it; with a token that is known already, the job of the first time."""
        id = self.store.add(kind, self.user, status="queued", **row)
        job_id = self.store.submit(self.user, "short", work, id, arguments, token=token, priority=1)
        job = self.store.job(job_id)
        if job["target"] != id:
            self.store.forget(kind, id)
        return job

    def job(self, id):
        """The row of a job of one's own, or of one whose result belongs to a run that one may see."""
        job = self.store.job(id)
        if job["owner"] != self.user and not (job["kind"] in OF_RUN and self.readable("run", job["target"])):
            raise Missing("This job does not exist (any more).")
        return job

    def last_job(self, run_id, kind):
        """The newest job of a kind ("train", "explore") for a run, or None where none was ever queued."""
        self.run(run_id)
        return self._last_job(run_id, kind)

    def _last_job(self, target, kind):
        found = self.store.jobs(jobs.c.target == target, jobs.c.kind == kind)
        return found[-1] if found else None

    def queue(self):
        """What is at work or waiting, for the foot of the sidebar: lane -> jobs."""
        busy = self.store.working()
        return {lane: [j for j in busy if j["lane"] == lane] + self.store.waiting(lane) for lane in LANES}

    def readable(self, kind, id):
        """The row if it is there and may be seen, else None: for links that may be old."""
        if kind not in TABLES or not id:
            return None
        try:
            return self._one(kind, id)
        except Missing:
            return None
