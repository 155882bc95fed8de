"""What a run has left: its arrays and files, and the pictures that were asked for."""

from pathlib import Path

from core.store import dataset_folder
from core.store.database import Missing
from core.store.schema import jobs


class Results:
    """The part of a View that reads what runs have left, and has more made of it."""

    def array(self, run_id, name):
        """An array that a run left (such as "latent" or "embeddings/latent_umap"), or None while it is not there."""
        self.run(run_id)
        folder = (self.store.root / "runs" / run_id).resolve()
        path = (folder / f"{name}.npy").resolve()
        if not path.is_relative_to(folder):
            raise Missing(f"This run has no {Path(name).name}.")
        return dataset_folder.read_array(path) if path.exists() else None

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

    def pictures(self, run_id):
        """{name: job} of the pictures of a run that were ever asked for."""
        self.run(run_id)
        found = self.store.jobs(jobs.c.target == run_id, jobs.c.kind == "embed")
        return {job["arguments"]["name"]: job for job in found}
