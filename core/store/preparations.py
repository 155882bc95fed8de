"""Preprocessing before a run: its settings, the genes and proteins it gives, and a forecast of what training costs."""

import time

from core import config as configs
from core.config.dataset_record import DatasetRecord
from core.config.job_arguments import ProteinsArguments, SettingsArguments
from core.config.preparation_record import PreparationRecord
from core.data import check_trainable
from core.errors import UserError
from core.store import schema
from core.store.status import FINISHED, Status

FRESH = 600  # seconds for which a forecast holds; later the free memory may differ
ANSWERS_KEPT = 4  # results of gene selections, some 200 kB each, of a person and a dataset


class Preparations:
    """The preparations that one user may see."""

    def __init__(self, access, datasets):
        self.access, self.database, self.datasets = access, access.database, datasets

    def all(self, dataset_id):
        """Rows of a dataset's preparations, the newest first."""
        of_dataset = schema.preparations.c.dataset == dataset_id
        return self.database.rows("preparation", of_dataset, self.access.seen(schema.preparations))

    def by_dataset(self):
        """{dataset id: rows of its preparations that are ready, the newest first}."""
        ready = schema.preparations.c.status == Status.READY
        rows = {}
        for row in self.database.rows("preparation", ready, self.access.seen(schema.preparations)):
            rows.setdefault(row["dataset"], []).append(row)
        return rows

    def one(self, id):
        """The row of a preparation; raises Missing."""
        return self.access.one("preparation", id)

    def create(self, dataset_id, values, token):
        """Queue the preprocessing of a dataset; returns (preparation id, job id). Raises UserError on bad values."""
        row = self.datasets.ready(dataset_id)
        check_trainable(finding.model_dump() for finding in DatasetRecord.of(row).findings)
        config = configs.parse(values)
        settings = {spec.name: getattr(config, spec.name) for spec in configs.specs(configs.PREPARE)}
        row = {"dataset": dataset_id, "settings": settings}
        job = self.access.begin("preparation", row, "prepare", None, token)
        return job["target"], job["id"]

    def choose_genes(self, dataset_id, values):
        """The job that says which genes of a dataset the settings select, queued once.

        Waiting jobs for other settings are dropped, and so are all but the last few results. Raises UserError where
        a setting is not allowed.
        """
        self.datasets.ready(dataset_id)
        config = configs.parse(values)
        settings = {name: getattr(config, name) for name in configs.CHOOSING}
        job = self.access.latest("genes", dataset_id, SettingsArguments(settings=settings))
        if job["status"] in FINISHED and job["status"] != Status.DONE:
            self._again(job)
        of_dataset = (schema.jobs.c.kind == "genes", schema.jobs.c.target == dataset_id)
        mine = (schema.jobs.c.owner == self.access.user, schema.jobs.c.status == Status.DONE, *of_dataset)
        for old in self.database.jobs(*mine)[:-ANSWERS_KEPT]:
            if old["id"] != job["id"]:
                self.database.forget_job(old["id"])
        return self.database.job(job["id"])

    def look_at_proteins(self, dataset_id, transform):
        """Queue histograms of a dataset's proteins before and after a transform, once; returns the job's id."""
        self.datasets.ready(dataset_id)
        transform = configs.parse({"protein_transform": transform}).protein_transform
        token = f"proteins:{self.access.user}:{dataset_id}:{transform}"
        arguments = ProteinsArguments(transform=transform)
        job = self.database.submit(self.access.user, "short", "proteins", dataset_id, arguments, token)
        self.database.move_job(job, Status.FAILED, Status.QUEUED, message="", progress=0.0, pid=None)
        return job

    def forecast(self, preparation_id, values):
        """The job that forecasts what a run would cost: the one there was, while it is fresh, or a new one.

        Waiting forecasts of this preparation with other settings are dropped. Raises UserError where these cannot work.
        """
        _, config = self.run_config(preparation_id, values)
        settings = {s.name: getattr(config, s.name) for s in configs.specs() if s.part != configs.PREPARE}
        job = self.access.latest("forecast", preparation_id, SettingsArguments(settings=settings))
        stale = job["status"] != Status.DONE or job["ended"] < time.time() - FRESH
        if job["status"] in FINISHED and stale:
            self._again(job)
        return self.database.job(job["id"])

    def sweep_rates(self, preparation_id, values):
        """The job that sweeps the learning rate for these settings, queued once; raises UserError where they cannot work."""
        _, config = self.run_config(preparation_id, values)
        settings = {s.name: getattr(config, s.name) for s in configs.specs() if s.part != configs.PREPARE}
        settings["lr"] = configs.RunConfig().lr  # the rate of the form does not change the sweep
        return self.access.once("rates", preparation_id, SettingsArguments(settings=settings))

    def last_sweep(self, preparation_id):
        """One's own newest sweep of learning rates of a preparation, or None."""
        job = self.access.last_job(preparation_id, "rates")
        return job if job and job["owner"] == self.access.user else None

    def _again(self, job):
        queued = {"message": "", "result": None, "progress": 0.0, "pid": None}
        self.database.move_job(job["id"], job["status"], Status.QUEUED, **queued)

    def run_config(self, preparation_id, values):
        """(preparation, RunConfig) of a run to be: raises UserError where it cannot be trained."""
        preparation = self.one(preparation_id)
        if preparation["status"] != Status.READY:
            raise UserError("The preprocessing is not finished: wait for it, or run it again.")
        config = configs.parse(configs.upgraded(preparation["settings"]) | values)
        record = PreparationRecord.of(preparation)
        config = config.for_data(record.n_cells, record.n_genes, record.n_proteins, record.kind)
        config.check_against(record.n_genes, record.n_proteins, record.kind)
        return preparation, config
