"""Data sets that steps have made: each from one that was brought, which stays as it is."""

import hashlib
import json
from itertools import takewhile

from core.data import ending
from core.errors import UserError
from core.preprocessing.recipe import STEPS, Recipe, Start, chosen, made_by, origin_by
from core.store.database import FINISHED
from core.store.schema import jobs, preparations, runs

# Endings of files, with none that of a 10x folder, that scanpy reads as Nuwa does.
SCANPY_READS = (".h5ad", ".h5", "")


class Steps:
    """The part of a View that makes data sets from others: one for every list of steps from an original."""

    def repair(self, id, name):
        """Queue a repair that the doctor offers for a data set; returns the id of the repaired one."""
        row = self.dataset(id)
        if name not in (row["record"] or {}).get("repairs_offered", ()):
            raise UserError(
                "This repair is not offered for this data set (any more): look at its findings again."
            )
        return self.take_step(id, name)

    def take_step(self, id, name, params=None):
        """Queue one more step of a data set; returns the id of the data set that it makes."""
        row = self._ready(id)
        return self._derived(row, [*plain(steps_of(row)), {"name": name, "params": params or {}}])

    def take_steps(self, id, steps, keep_repairs=False):
        """Queue a list of steps in place of those of a data set, from its original; returns the id to go on with.

        `keep_repairs` leaves the doctor's repairs, with which it began, before them.
        """
        row = self._ready(id)
        steps = [*(repairs_of(row) if keep_repairs else []), *steps]
        if not steps:
            return original_of(row)
        if steps == plain(steps_of(row)):
            return id
        return self._derived(row, steps)

    def apply_recipe(self, id, steps, token, settings=None, keep="nothing"):
        """Queue steps and, with `settings`, the preprocessing of what they make, once for a token; returns the job.

        `keep` is which steps of the dataset stay before: "nothing", its "repairs" or "everything". The result of the job
        is {"dataset", "preparation"}, two ids. Raises UserError for a step or setting that does not exist.
        """
        row = self._ready(id)
        kept = {"nothing": [], "repairs": repairs_of(row), "everything": plain(steps_of(row))}[keep]
        steps = [chosen(step).record() for step in [*kept, *steps]]
        if settings is not None:
            settings = Recipe(row["name"], (), settings).settings
        arguments = {"dataset": id, "steps": steps, "settings": settings}
        text = json.dumps([self.user, arguments], sort_keys=True)
        token = f"recipe:{token}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
        # The original is the target: the dataset itself may be replaced, and jobs go with their target.
        job_id = self.store.submit(
            self.user, "short", "recipe", original_of(row), arguments, token, priority=1
        )
        job = self.store.job(job_id)
        if job["status"] in FINISHED and not self._has_result(job):
            fresh = {"message": "", "result": None, "progress": 0.0, "pid": None, "cancel": False}
            self.store.move_job(job_id, job["status"], "queued", **fresh)
        return self.store.job(job_id)

    def _has_result(self, job):
        """Did a recipe's job succeed, and is what it made still there?"""
        made = job["result"] if job["status"] == "done" else None
        if not made or not self.readable("dataset", made["dataset"]):
            return False
        return made["preparation"] is None or self.readable("preparation", made["preparation"]) is not None

    def recipe_under_way(self, id):
        """One's job that applies a recipe to this dataset and has not succeeded, or None: a reload goes on with it."""
        mine = (
            jobs.c.owner == self.user,
            jobs.c.kind == "recipe",
            jobs.c.target == original_of(self.dataset(id)),
        )
        own = [job for job in self.store.jobs(*mine) if job["arguments"]["dataset"] == id]
        newest = max(own, key=lambda job: job["created"], default=None)
        return newest if newest and newest["status"] != "done" else None

    def cancel_recipe(self, job_id):
        """Ask the job of a recipe to stop; a queued one is stopped at once."""
        job = self.job(job_id)
        if job["kind"] != "recipe" or job["status"] in FINISHED:
            return
        if not self.store.move_job(job_id, "queued", "cancelled", message="Cancelled before it began."):
            self.store.set_job(job_id, cancel=True)

    def roll_back(self, job_id):
        """Remove what the job of a recipe has made before it failed or was cancelled."""
        made = self.store.job(job_id)["result"] or {}
        if made.get("preparation"):
            self.store.forget("preparation", made["preparation"])
        row = self.readable("dataset", made["dataset"]) if made.get("new") else None
        if row and (row["status"] != "ready" or self.may_go(row)):
            self.store.forget("dataset", row["id"])
        self.store.set_job(job_id, result=None)

    def undo_step(self, id):
        """Take the last step of a data set back; returns the id of the data set to go on with."""
        row = self.dataset(id)
        steps = plain(steps_of(row))
        if not steps:
            raise UserError("Nothing was done to this data set yet: there is nothing to undo.")
        if len(steps) > 1:
            return self._derived(row, steps[:-1])
        if self.may_go(row):
            self.store.forget("dataset", id)
        return original_of(row)

    def script_start(self, id):
        """The Start of a script of a data set's steps: the data set that they began with."""
        first = self.dataset(original_of(self.dataset(id)))
        read = self.store.jobs(jobs.c.target == first["id"], jobs.c.kind == "read")
        asked = read[-1]["arguments"] if read else {}
        plain_file = set(asked) <= {"path", "names"} and ending(first["name"]) in SCANPY_READS
        return Start(
            first["name"], bool(asked) and plain_file, first["record"]["cells"], first["record"]["genes"]
        )

    def before_steps(self, id):
        """The .h5ad of the data set that the steps of one began with."""
        return self.shelf(original_of(self.dataset(id))).file

    def recipe(self, dataset_id, settings=None, name=None):
        """The Recipe of a data set's steps with the settings of a preparation."""
        row = self.dataset(dataset_id)
        return Recipe(name or row["name"], plain(steps_of(row)), settings)

    def may_go(self, row):
        """Is this a data set of one's own that steps made and nothing was made from? It can be made again at any time."""
        mine = row["owner"] == self.user and original_of(row) != row["id"]
        return mine and not (
            self.store.rows("preparation", preparations.c.dataset == row["id"])
            or self.store.rows("run", runs.c.dataset == row["id"])
        )

    def making(self, id):
        """The id of the job that makes a data set, or None where it is ready."""
        if self.dataset(id)["status"] == "ready":
            return None
        return self.store.jobs(jobs.c.target == id, jobs.c.kind == "steps")[-1]["id"]

    def making_of(self, id):
        """[what is being done, the share done] for a data set that is being read or made; None while nothing is."""
        at_work = self.store.jobs(jobs.c.target == id, jobs.c.status == "running")
        return [at_work[-1]["message"], at_work[-1]["progress"]] if at_work else None

    def derived_from(self, id):
        """The ids of the data sets that steps have made, or are making, from this one."""
        at_work = self.store.jobs(jobs.c.kind == "steps", jobs.c.status.in_(("queued", "running")))
        making = {job["target"] for job in at_work if job["arguments"]["of"] == id}
        made = {row["id"] for row in self.store.rows("dataset") if original_of(row) == id}
        return making | made - {id}

    def _ready(self, id):
        row = self.dataset(id)
        if row["status"] != "ready":
            raise UserError("This data set is not ready: wait until it has been read.")
        return row

    def _derived(self, row, steps):
        """Queue what the original of `row` becomes by the steps, once; it takes the place of `row` where that may go.

        Raises UserError for a step or a parameter that does not exist.
        """
        steps = [chosen(step).record() for step in steps]
        original = self.dataset(original_of(row))
        replaces = row["id"] if self.may_go(row) else None
        taken = {one["name"] for one in self.datasets() if one["id"] != replaces}
        names = [step["name"] for step in steps]
        what = made_by(names)
        titles = (f"{original['name']} ({what}{f' {n}' if n > 1 else ''})" for n in range(1, len(taken) + 2))
        made = {
            "name": next(title for title in titles if title not in taken),
            "origin": origin_by(names, original["origin"]),
        }
        asked = {"of": original["id"], "steps": steps, "replaces": replaces}
        which = hashlib.sha256(json.dumps(steps, sort_keys=True).encode()).hexdigest()[:32]
        return self._begin("dataset", made, "steps", asked, f"steps:{self.user}:{original['id']}:{which}")[
            "target"
        ]


def steps_of(row):
    """The steps that a data set has been through, the first one first, each with what it did."""
    return _derived(row).get("steps", [])


def repairs_of(row):
    """The repairs with which the steps of a data set begin."""
    return plain(takewhile(lambda step: STEPS[step["name"]].repair, steps_of(row)))


def original_of(row):
    """The id of the data set that the steps of this one began with; its own where it was brought."""
    return _derived(row).get("of", row["id"])


def plain(steps):
    """Steps without what they did: [{"name", "params"}]."""
    return [{"name": step["name"], "params": step["params"]} for step in steps]


def _derived(row):
    return (row["record"] or {}).get("derived") or {}
