"""Runs with the settings of another run and other seeds: they show how stable its clusters are."""

from core.config import MOST_SEEDS
from core.config.job_arguments import SeedsArguments, TrainArguments
from core.errors import UserError
from core.store.rows import new_id
from core.store.schema import jobs
from core.store.status import ACTIVE, Explored, Status


class Seeds:
    """Trains runs again with other seeds. The job that trains one links it to the first run."""

    def __init__(self, access, runs):
        self.access, self.database, self.runs = access, access.database, runs

    def all(self, run_id):
        """The runs that were made from this one with other seeds, the first one first."""
        ids = [
            job["target"]
            for job in self.database.jobs(jobs.c.kind == "train")
            if TrainArguments.of_job(job).seed_of == run_id
        ]
        rows = [self.access.readable("run", id) for id in ids]
        return sorted((row for row in rows if row), key=lambda row: row["created"])

    def train(self, run_id, k):
        """Queue the missing ones of `k` runs with different seeds, this one counted; returns the ids of the new ones.

        Raises UserError where this run has no clusters, or for a `k` that is not from 2 to 10.
        """
        run = self.access.own("run", run_id)
        if run["explored"] != Explored.READY:
            raise UserError("This run has no clusters to compare yet: wait for them first.")
        if not isinstance(k, int) or not 2 <= k <= MOST_SEEDS:
            raise UserError(f"The number of seeds is a whole number from 2 to {MOST_SEEDS}.")
        before = self.all(run_id)
        used = [row["config"]["seed"] for row in before if row["status"] in (*ACTIVE, Status.DONE)]
        seed, new = run["config"]["seed"], []
        while len(used) < k - 1:
            seed += 1
            if seed not in used:
                new += self._train_one(run, seed)
                used.append(seed)
        return new

    def _train_one(self, run, seed):
        """[id] of a new run in the queue; [] where another click was quicker."""
        # The highest number and not how many there are: jobs go with runs that are deleted, a minute later.
        before = self.database.jobs(jobs.c.token.startswith(f"seed:{run['id']}:{seed}:"))
        tries = max((int(job["token"].rpartition(":")[2]) + 1 for job in before), default=0)
        values = run["config"] | {"seed": seed}
        name, id = f"{run['name'][:180]}, seed {seed}", new_id()
        token, arguments = f"seed:{run['id']}:{seed}:{tries}", TrainArguments(seed_of=run["id"])
        with self.database.transaction():
            job = self.database.submit(self.access.user, "train", "train", id, arguments, token)
            if self.database.job(job)["target"] != id:
                return []
            return [self.runs.create(run["preparation"], values, name, id=id, status=Status.QUEUED)]

    def cancel(self, run_id):
        """Ask those of the runs with other seeds that wait or run to stop."""
        for row in self.all(run_id):
            if row["status"] in ACTIVE:
                self.runs.cancel(row["id"])

    def unfinished(self, run_id):
        """Those of the runs with other seeds that are not trained or explored yet."""
        return [
            row for row in self.all(run_id) if row["status"] in ACTIVE or row["explored"] == Explored.WORKING
        ]

    def compare(self, run_id):
        """Queue the comparison of a run with its finished runs of other seeds; returns the job's id.

        The same runs are compared once, and again where it failed.
        """
        ready = sorted(row["id"] for row in self.all(run_id) if row["explored"] == Explored.READY)
        self.runs.one(run_id)
        token = f"stability:{run_id}:{'+'.join(ready)}"[:120]
        arguments = SeedsArguments(runs=ready)
        job = self.database.submit(self.access.user, "short", "stability", run_id, arguments, token)
        self.database.queue_again(job)
        return job

    def first_run(self, run_id):
        """The run whose settings this one was trained with again, or None."""
        job = self.access.last_job(run_id, "train")
        return self.access.readable("run", job and TrainArguments.of_job(job).seed_of)

    def explored(self, run_id):
        """To be called when a run has its clusters: the last one of several seeds starts the comparison of all."""
        first = self.first_run(run_id)
        if first and not self.unfinished(first["id"]):
            self.compare(first["id"])
