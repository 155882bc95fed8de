"""Runs with recommended settings: one job preprocesses a dataset, then creates a run and queues its training."""

from core import config as configs
from core.config.dataset_record import DatasetRecord
from core.config.job_arguments import RecommendedArguments
from core.config.preparation_record import PreparationRecord
from core.config.run_files import SUGGESTED
from core.data import EXAMPLE, check_trainable
from core.errors import UserError
from core.files import read_json
from core.store import schema
from core.store.demos import add_demo
from core.store.status import ACTIVE, FINISHED, Explored, Priority, Status

UNKNOWN = "unknown"  # as core.analysis.cell_types calls what it cannot name
UNANSWERED = "This dataset has an open question: answer it on the Data page first."


class RecommendedRuns:
    """The runs with recommended settings of one user, and the jobs that start them."""

    def __init__(self, access, datasets, preparations, runs):
        self.access, self.database = access, access.database
        self.datasets, self.preparations, self.runs = datasets, preparations, runs

    def example(self):
        """The id of the dataset of the example, which is added where it is not there."""
        return add_demo(self.database, EXAMPLE)

    def start(self, dataset_id, batch_key=None):
        """Queue the preprocessing and training of a dataset; returns the job, or the one that is under way.

        A dataset that is still being read is waited for. Raises UserError where it asks a question, where its data
        checks forbid training, or where it has no such batch column.
        """
        row = self.datasets.one(dataset_id)
        if row["status"] == Status.ASKING:
            raise UserError(UNANSWERED)
        if row["status"] not in (Status.QUEUED, Status.RUNNING):
            self.check(self.datasets.ready(dataset_id), batch_key)
        if (job := self.last(dataset_id)) and self.under_way(job):
            return job
        token = f"recommended:{self.access.user}:{dataset_id}:{len(self._all(dataset_id))}"
        arguments = RecommendedArguments(batch_key=batch_key)
        # Behind the reading of its dataset where that is under way, so that it waits in no other job's place.
        lane = "read" if row["status"] in (Status.QUEUED, Status.RUNNING) else "short"
        id = self.database.submit(
            self.access.user, lane, "recommended", dataset_id, arguments, token, Priority.ASKED
        )
        return self.database.job(id)

    def check(self, row, batch_key):
        """Raise UserError where a dataset that is ready cannot be trained on, or has no such batch column."""
        record = DatasetRecord.of(row)
        check_trainable(finding.model_dump() for finding in record.findings)
        if batch_key is not None and batch_key not in [column.name for column in record.columns]:
            raise UserError(f"There is no obs column '{batch_key}': choose another batch column.")

    def last(self, dataset_id):
        """One's own newest job that started a run of a dataset, or None."""
        return max(self._all(dataset_id), key=lambda job: job["created"], default=None)

    def _all(self, dataset_id):
        jobs = schema.jobs.c
        return self.database.jobs(
            jobs.target == dataset_id, jobs.kind == "recommended", jobs.owner == self.access.user
        )

    def run(self, job):
        """The row of the run that a job has created, or None."""
        return self.access.readable("run", (job["result"] or {}).get("run"))

    def under_way(self, job):
        """Is a job, or the run that it created, not finished?"""
        if job["status"] not in FINISHED:
            return True
        run = self.run(job)
        return run is not None and (run["status"] in ACTIVE or run["explored"] == Explored.WORKING)

    def has_started(self, run):
        """Whether the run of a row was created by such a job of this user: somebody may wait for its clusters."""
        return any((job["result"] or {}).get("run") == run["id"] for job in self._all(run["dataset"]))

    def suggested_names(self, run_id):
        """The cell types that were suggested for clusters of a run, without those that are unknown."""
        self.access.one("run", run_id)
        path = self.database.root / "runs" / run_id / SUGGESTED
        names = read_json(path)["names"] if path.exists() else []
        return sorted({*names} - {UNKNOWN})

    def existing(self, dataset_id, batch_key=None):
        """The newest run of a dataset that has the recommended settings, failed and cancelled ones left out, or None."""
        settings = configs.recommended(batch_key)
        for run in self.runs.all(dataset=dataset_id):
            if run["status"] in (Status.FAILED, Status.CANCELLED):
                continue
            if preparation := self.access.readable("preparation", run["preparation"]):
                record = PreparationRecord.of(preparation)
                wanted = settings.for_data(record.n_cells, record.n_genes, record.n_proteins, record.kind)
                if configs.parse(run["config"]) == wanted:
                    return run
        return None

    def preparation(self, dataset_id, settings):
        """The newest preparation of a dataset with the preprocessing of a RunConfig that is ready, or None."""
        names = [spec.name for spec in configs.specs(configs.PREPARE)]
        for row in self.preparations.all(dataset_id):
            before = configs.parse(configs.upgraded(row["settings"]))
            same = all(getattr(before, name) == getattr(settings, name) for name in names)
            if row["status"] == Status.READY and same:
                return row
        return None

    def cancel(self, dataset_id):
        """Ask one's job of a dataset, or the run that it created, to stop."""
        job = self.last(dataset_id)
        if job is None:
            return
        if job["status"] not in FINISHED:
            self.database.stop_job(job["id"])
        elif (run := self.run(job)) and run["status"] in ACTIVE:
            self.runs.cancel(run["id"])

    def roll_back(self, job_id):
        """Remove the preparation that a job has begun before it failed or was cancelled."""
        result = self.database.job(job_id)["result"] or {}
        row = self.access.readable("preparation", result.get("preparation"))
        if row and row["status"] != Status.READY:
            self.database.forget("preparation", row["id"])
