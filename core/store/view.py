"""What one person may see and do: "does it exist" and "may you see it" are one question."""

import hashlib
import json
import time
from pathlib import Path

from sqlalchemy import or_

from core import config as configs
from core.data import droplet_limits, mind, places
from core.errors import UserError
from core.store import files
from core.store.bundles import Bundles
from core.store.clusterings import Clusterings
from core.store.groups import Grouping
from core.store.mapping import Mapping
from core.store.samples import Samples
from core.store.schema import datasets, jobs, preparations, runs
from core.store.seeds import Seeds
from core.store.selections import Selections
from core.store.steps import Steps
from core.store.store import ACTIVE, FINISHED, LANES, TABLES, Missing
from core.store.uploads import Uploads

FRESH = 600  # seconds for which a forecast holds; later there may be more or less memory free
ANSWERS_KEPT = 4  # pictures of a choice of genes, some 200 kB each, of a person and a data set
OF_RUN = (
    "spaces",
    "explained",
    "stability",
)  # kinds of jobs whose result is kept with the run, for all who see it
JOINS = ("proteins", "annotations", "background")  # what a second file can add to a data set


class View(Steps, Samples, Grouping, Clusterings, Seeds, Mapping, Selections, Bundles):
    """The store through one user's eyes; everything a page calls."""

    def __init__(self, store, user):
        self.store, self.user = store, user

    def _seen(self, table):
        return or_(table.c.owner == self.user, table.c.visibility == "shared")

    def _one(self, kind, id):
        row = self.store.row(kind, id)
        if row["owner"] != self.user and row["visibility"] != "shared":
            raise Missing(f"This {kind} does not exist (any more).")
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
            raise Missing("This data set has not been read yet.")
        return self.store.shelf(dataset_id)

    def inbox(self):
        """What lies in NUWA_DATA_DIR/inbox and could be read: [name, bytes] each; bytes are None for a folder."""
        return places.listed(self.store.root / "inbox")

    def add_from_inbox(self, name, token):
        """Register a file or folder of the inbox as a data set and queue its reading; returns the data set's id."""
        path = self._in_inbox(name)
        return self._bring(name, f"inbox:{name}", {"path": str(path)}, token)["target"]

    def _in_inbox(self, name):
        path = self.store.root / "inbox" / Path(name).name
        if not name or name.startswith(".") or Path(name).name != name or not path.exists():
            raise UserError(f"There is no file '{Path(name).name}' in the inbox any more.")
        return path

    def browse(self, folder=""):
        """What may be read in a folder below NUWA_DATA_ROOTS: [name, bytes, path] each; without one, the roots."""
        roots = self.store.settings.data_roots
        if not folder:
            return [[str(root), None, str(root)] for root in roots if root.is_dir()]
        folder = places.within(roots, folder)
        return [[name, size, str(folder / name)] for name, size in places.listed(folder, roots)]

    def add_from_roots(self, path, token):
        """Register a file or folder below NUWA_DATA_ROOTS as a data set and queue its reading; returns its id."""
        path = places.within(self.store.settings.data_roots, path, whole=True)
        return self._bring(path.name, f"server:{path}", {"path": str(path)}, token)["target"]

    def uploads(self):
        """The Uploads of this person: files that come from a browser, part by part."""
        return Uploads(self)

    def add_upload(self, name, path, token):
        """Queue the reading of an uploaded file that is whole; returns the data set's id. Uploads.finish calls it."""
        return self._bring(name, f"upload:{name}", {"path": str(path)}, token)["target"]

    def answer(self, id, value, token):
        """Answer the question of a data set that asks one, and queue its reading once more."""
        self._own("dataset", id)
        row = self.store.row("dataset", id)
        if row["status"] != "asking":
            raise UserError("This data set asks nothing (any more).")
        question = row["record"]["question"]
        if value not in [choice for choice, _ in question["choices"]]:
            raise UserError(f"'{value}' is not one of the answers.")
        asked = self._last_job(id, "read")["arguments"]
        asked["answers"] = asked.get("answers", {}) | {question["asks"]: value}
        if self.store.move("dataset", id, "asking", "queued", record=None):
            self.store.submit(self.user, "short", "read", id, asked, token=token, priority=1)

    def join(self, id, what, token, name, path=None, droplets=None):
        """A new data set: the one of `id` with the proteins, labels or background of a second file; returns the new id.

        `what` is one of JOINS; the second file is an upload that is whole, at `path`, or `name` of the inbox. For a
        background, `droplets` are the limits that differ from core.data.DROPLETS.
        """
        row, file = self.first_of_two(id, what)
        path = path or self._in_inbox(name)
        asked = {"path": str(file), what: str(path), "names": {file.name: row["name"], path.name: name}}
        asked |= {"droplets": droplet_limits(droplets)} if what == "background" else {}
        return self._bring(f"{row['name']} + {name}", f"joined:{row['name']} + {name}", asked, token)[
            "target"
        ]

    def first_of_two(self, id, what):
        """(row, file) of a data set that a second file may add `what` to; raises UserError where none may."""
        file = self.shelf(id).file
        if what not in JOINS:
            raise UserError(f"A second file adds one of {', '.join(JOINS)}.")
        row = self.dataset(id)
        if what == "background" and not row["record"]["proteins"]:
            raise UserError(
                "This data set has no proteins, so it needs no background: add its proteins first."
            )
        return row, file

    def _bring(self, name, origin, asked, token):
        return self._begin("dataset", {"name": name, "origin": origin}, "read", asked, token)

    def _begin(self, kind, row, work, arguments, token):
        """A new row and the job that fills it; with a token that is known already, the job of the first time."""
        id = self.store.add(kind, self.user, status="queued", **row)
        job_id = self.store.submit(self.user, "short", work, id, arguments, token=token, priority=1)
        job = self.store.job(job_id)
        if job["target"] != id:
            self.store.forget(kind, id)
        return job

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
            for path in files.uploads(self.store.root, job["arguments"]):  # of one that was never read
                path.unlink(missing_ok=True)
        self.store.forget("dataset", id)

    # --- preparations

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

    # --- runs

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
        config = config.for_data(record["n_cells"], record["n_genes"] + record["n_proteins"])
        config.check_against(record["n_genes"], record["n_proteins"], record["kind"])
        return preparation, config

    def runs(self):
        return self.store.rows("run", self._seen(runs))

    def run(self, id):
        return self._one("run", id)

    def epochs(self, run_id):
        self.run(run_id)
        return self.store.epochs(run_id)

    def create_run(self, preparation_id, values, name=""):
        """A new run, not yet trained, from a preparation and the settings of model and training; returns its id."""
        preparation, config = self._run_config(preparation_id, values)
        return self.store.add(
            "run",
            self.user,
            dataset=preparation["dataset"],
            preparation=preparation_id,
            name=name or f"{config.model}, {config.n_latent} latent",
            config=config.model_dump(),
            status="created",
            phase="",
            explored="",
        )

    def train(self, run_id, token):
        """Queue the training of a run (once); returns the job id. A run that was trained is not trained again."""
        self._own("run", run_id)
        self.store.move("run", run_id, "created", "queued")
        return self.store.submit(self.user, "train", "train", run_id, token=f"train:{run_id}")

    def last_job(self, run_id, kind):
        """The newest job of a kind ("train", "explore") for a run, or None where none was ever queued."""
        self.run(run_id)
        return self._last_job(run_id, kind)

    def _last_job(self, target, kind):
        found = self.store.jobs(jobs.c.target == target, jobs.c.kind == kind)
        return found[-1] if found else None

    def explore_again(self, run_id):
        """Queue the neighbours, clusters and pictures of a run once more, after they failed."""
        self._own("run", run_id)
        token = f"explore:{run_id}"
        job = self.store.submit(self.user, "short", "explore", run_id, token=token)
        if self.store.job(job)["status"] == "failed":
            self.store.set("run", run_id, explored="working")
            self.store.move_job(job, "failed", "queued", message="", progress=0.0, pid=None)

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

    def forget_run(self, run_id):
        """Remove a run and all it left; a run at work must be cancelled first."""
        row = self._own("run", run_id)
        if row["status"] in ACTIVE:
            raise UserError("This run is at work: cancel it first.")
        if row["explored"] == "working":
            raise UserError("The clusters of this run are being computed: delete it when they are there.")
        self.store.forget("run", run_id)

    def array(self, run_id, name):
        """An array that a run left (such as "latent" or "embeddings/latent_umap"), or None while it is not there."""
        self.run(run_id)
        folder = (self.store.root / "runs" / run_id).resolve()
        path = (folder / f"{name}.npy").resolve()
        if not path.is_relative_to(folder):
            raise Missing(f"This run has no {Path(name).name}.")
        return files.read_array(path) if path.exists() else None

    def names(self, run_id, folder):
        """The names of the arrays that a run left in a folder such as "embeddings", sorted."""
        self.run(run_id)
        return sorted(path.stem for path in (self.store.root / "runs" / run_id / folder).glob("[!.]*.npy"))

    def file(self, run_id, name):
        """The path of a file that a run left; raises Missing."""
        self.run(run_id)
        path = self.store.root / "runs" / run_id / Path(name).name
        if not path.is_file():
            raise Missing(f"This run has no {Path(name).name} (yet).")
        return path

    def ask(self, kind, run_id, arguments=None, token=None, priority=0):
        """Queue short work on a run (a picture, a profile, an export); returns the job id."""
        self.run(run_id)
        return self.store.submit(self.user, "short", kind, run_id, arguments, token, priority)

    def draw(self, run_id, name):
        """Queue a picture such as "latent_umap_3d" (once, and again where it failed), in the lane of slow work."""
        self.run(run_id)
        job = self.store.submit(self.user, "slow", "embed", run_id, {"name": name}, f"embed:{run_id}:{name}")
        self.store.move_job(job, "failed", "queued", message="", pid=None)
        return job

    def look_at_proteins(self, dataset_id, transform):
        """Queue how the proteins of a data set look before and after a transform (once); returns the job id."""
        if self.dataset(dataset_id)["status"] != "ready":
            raise UserError("This data set is not ready: wait until it has been read.")
        transform = configs.parse({"protein_transform": transform}).protein_transform
        asked, token = {"transform": transform}, f"proteins:{self.user}:{dataset_id}:{transform}"
        job = self.store.submit(self.user, "short", "proteins", dataset_id, asked, token)
        self.store.move_job(job, "failed", "queued", message="", progress=0.0, pid=None)
        return job

    def pictures(self, run_id):
        """{name: job} of the pictures of a run that were ever asked for."""
        self.run(run_id)
        found = self.store.jobs(jobs.c.target == run_id, jobs.c.kind == "embed")
        return {job["arguments"]["name"]: job for job in found}

    def job(self, id):
        """The row of a job of one's own, or of one whose result belongs to a run that one may see."""
        job = self.store.job(id)
        if job["owner"] != self.user and not (job["kind"] in OF_RUN and self.readable("run", job["target"])):
            raise Missing("This job does not exist (any more).")
        return job

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
