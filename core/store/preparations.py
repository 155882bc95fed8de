"""What comes before a run: its preprocessing, which genes and proteins that gives, and what training would cost."""

import hashlib
import json
import time

from core import config as configs
from core.data import mind
from core.errors import UserError
from core.store.database import FINISHED
from core.store.schema import jobs, preparations

FRESH = 600  # seconds for which a forecast holds; later there may be more or less memory free
# In the name of a run that was given none.
_ALONE = {"both": "", "rna": ", RNA alone", "protein": ", protein alone"}
ANSWERS_KEPT = 4  # pictures of a choice of genes, some 200 kB each, of a person and a data set


class Planning:
    """The part of a View that prepares runs."""

    def preparation(self, id):
        return self._one("preparation", id)

    def preparations(self, dataset_id):
        return self.store.rows("preparation", preparations.c.dataset == dataset_id, self._seen(preparations))

    def prepare(self, dataset_id, values, token):
        """Queue the preprocessing of a data set; returns (preparation id, job id). Raises UserError on bad values."""
        row = self.dataset(dataset_id)
        if row["status"] != "ready":
            raise UserError("This data set is not ready: wait until it has been read.")
        mind((row["record"] or {}).get("findings", ()))
        config = configs.parse(values)
        chosen = {spec.name: getattr(config, spec.name) for spec in configs.specs(configs.PREPARE)}
        job = self._begin("preparation", {"dataset": dataset_id, "settings": chosen}, "prepare", {}, token)
        return job["target"], job["id"]

    def choose_genes(self, dataset_id, values):
        """The job that says which genes settings would choose of a data set: the one there was, or a new one.

        What still waits for other settings is dropped, and so are the answers to all but the last few. Raises
        UserError where a setting is not allowed.
        """
        self._ready(dataset_id)
        config = configs.parse(values)
        asked = {name: getattr(config, name) for name in configs.CHOOSING}
        job = self._ask_latest("genes", dataset_id, asked)
        if job["status"] in FINISHED and job["status"] != "done":
            self.store.move_job(
                job["id"], job["status"], "queued", message="", result=None, progress=0.0, pid=None
            )
        mine = (jobs.c.owner == self.user, jobs.c.kind == "genes", jobs.c.target == dataset_id)
        done = [one["id"] for one in self.store.jobs(*mine, jobs.c.status == "done")]
        for id in done[:-ANSWERS_KEPT]:
            if id != job["id"]:
                self.store.forget_job(id)
        return self.store.job(job["id"])

    def look_at_proteins(self, dataset_id, transform):
        """Queue how the proteins of a data set look before and after a transform (once); returns the job id."""
        if self.dataset(dataset_id)["status"] != "ready":
            raise UserError("This data set is not ready: wait until it has been read.")
        transform = configs.parse({"protein_transform": transform}).protein_transform
        asked, token = {"transform": transform}, f"proteins:{self.user}:{dataset_id}:{transform}"
        job = self.store.submit(self.user, "short", "proteins", dataset_id, asked, token)
        self.store.move_job(job, "failed", "queued", message="", progress=0.0, pid=None)
        return job

    def forecast(self, preparation_id, values):
        """The job that forecasts what a run would cost: the one there was, while it is fresh, or a new one.

        What still waits for other settings of this preparation is dropped. Raises UserError where these cannot work.
        """
        preparation, config = self._run_config(preparation_id, values)
        chosen = {s.name: getattr(config, s.name) for s in configs.specs() if s.part != configs.PREPARE}
        job = self._ask_latest("forecast", preparation_id, chosen)
        id = job["id"]
        if job["status"] in FINISHED and (job["status"] != "done" or job["ended"] < time.time() - FRESH):
            self.store.move_job(id, job["status"], "queued", message="", result=None, progress=0.0, pid=None)
        return self.store.job(id)

    def _ask_latest(self, kind, target, arguments):
        """The job of a kind for these arguments, once; what waits for others, of this person and target, is dropped."""
        text = json.dumps([self.user, target, arguments], sort_keys=True)
        token = f"{kind}:{hashlib.sha256(text.encode()).hexdigest()}"
        id = self.store.submit(self.user, "short", kind, target, arguments, token, priority=-1)
        for other in self.store.waiting("short"):
            mine = (other["owner"], other["kind"], other["target"]) == (self.user, kind, target)
            if mine and other["id"] != id:
                self.store.move_job(other["id"], "queued", "cancelled")
        return self.store.job(id)

    def _run_config(self, preparation_id, values):
        """(preparation, RunConfig) of a run to be: raises UserError where it cannot be trained."""
        preparation = self.preparation(preparation_id)
        if preparation["status"] != "ready":
            raise UserError("The preprocessing is not finished: wait for it, or run it again.")
        config = configs.parse(configs.upgraded(preparation["settings"]) | values)
        record = preparation["record"]
        config = config.for_data(record["n_cells"], record["n_genes"], record["n_proteins"])
        config.check_against(record["n_genes"], record["n_proteins"], record["kind"])
        return preparation, config

    def create_run(self, preparation_id, values, name=""):
        """A new run, not yet trained, from a preparation and the settings of model and training; returns its id."""
        preparation, config = self._run_config(preparation_id, values)
        return self.store.add(
            "run",
            self.user,
            dataset=preparation["dataset"],
            preparation=preparation_id,
            name=name or f"{config.model}, {config.n_latent} latent{_ALONE[config.modalities]}",
            config=config.model_dump(),
            status="created",
            phase="",
            explored="",
        )
