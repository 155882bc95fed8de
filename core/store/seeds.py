"""Runs with the settings of another run and a seed of their own, by which its clusters are judged."""

from core.errors import UserError
from core.store.database import ACTIVE
from core.store.schema import jobs

MOST_SEEDS = 10


class Seeds:
    """The part of a View that trains a run again with other seeds. What links them to it is the job that trains them."""

    def seeds(self, run_id):
        """The runs that were made from this one with other seeds, the first one first."""
        made = [
            job["target"]
            for job in self.store.jobs(jobs.c.kind == "train")
            if job["arguments"].get("seed_of") == run_id
        ]
        rows = [self.readable("run", id) for id in made]
        return sorted((row for row in rows if row), key=lambda row: row["created"])

    def train_seeds(self, run_id, k):
        """Queue what is missing of `k` runs with seeds of their own, this one counted; returns the ids of the new ones.

        Raises UserError where this run has no clusters, or for a `k` that is not from 2 to 10.
        """
        run = self._own("run", run_id)
        if run["explored"] != "ready":
            raise UserError("This run has no clusters to compare (yet): wait for them first.")
        if not isinstance(k, int) or not 2 <= k <= MOST_SEEDS:
            raise UserError(f"The number of seeds is a whole number from 2 to {MOST_SEEDS}.")
        before = self.seeds(run_id)
        there = [row["config"]["seed"] for row in before if row["status"] in (*ACTIVE, "done")]
        seed, made = run["config"]["seed"], []
        while len(there) < k - 1:
            seed += 1
            if seed not in there:
                tries = sum(row["config"]["seed"] == seed for row in before)
                made += self._train_seed(run, seed, tries)
                there.append(seed)
        return made

    def _train_seed(self, run, seed, tries):
        """[id] of a new run in the queue; [] where another click was quicker."""
        values = run["config"] | {"seed": seed}
        id = self.create_run(run["preparation"], values, f"{run['name'][:180]}, seed {seed}")
        self.store.move("run", id, "created", "queued")
        token, asked = f"seed:{run['id']}:{seed}:{tries}", {"seed_of": run["id"]}
        job = self.store.job(self.store.submit(self.user, "train", "train", id, asked, token))
        if job["target"] == id:
            return [id]
        self.store.forget("run", id)
        return []

    def cancel_seeds(self, run_id):
        """Ask those of the runs with other seeds that wait or work to stop."""
        for row in self.seeds(run_id):
            if row["status"] in ACTIVE:
                self.cancel(row["id"])

    def seeds_at_work(self, run_id):
        """Those of the runs with other seeds that are not trained or explored yet."""
        return [r for r in self.seeds(run_id) if r["status"] in ACTIVE or r["explored"] == "working"]

    def compare_seeds(self, run_id):
        """Queue the comparison of a run with those of other seeds that are there; returns the job's id.

        The same runs are compared once, and again where it failed.
        """
        ready = sorted(row["id"] for row in self.seeds(run_id) if row["explored"] == "ready")
        job = self.ask("stability", run_id, {"runs": ready}, f"stability:{run_id}:{'+'.join(ready)}"[:120])
        self.store.move_job(job, "failed", "queued", message="", pid=None)
        return job

    def seed_of(self, run_id):
        """The run that this one was trained to judge, or None."""
        job = self._last_job(run_id, "train")
        return self.readable("run", job and job["arguments"].get("seed_of"))

    def explored(self, run_id):
        """To be called when the clusters of a run are there: the last one of several seeds has them all compared."""
        first = self.seed_of(run_id)
        if first and not self.seeds_at_work(first["id"]):
            self.compare_seeds(first["id"])
