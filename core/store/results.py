"""The arrays and files of a run, and embeddings computed on request."""

from pathlib import Path

from core.config.job_arguments import EmbedArguments
from core.files import read_array
from core.store import schema
from core.store.film import FilmFile
from core.store.rows import Missing
from core.store.status import Priority

WITH_COUNTS = (".h5ad", ".zip")  # endings of files of a run that hold counts


class Results:
    """The results of runs that one user may see."""

    def __init__(self, access):
        self.access, self.database = access, access.database

    def array(self, run_id, name):
        """An array of a run (such as "latent" or "embeddings/latent_umap"), memory-mapped, or None where there is none."""
        folder = self._folder(run_id).resolve()
        path = (folder / f"{name}.npy").resolve()
        if not path.is_relative_to(folder):
            raise Missing(f"This run has no {Path(name).name}.")
        return read_array(path) if path.exists() else None

    def names(self, run_id, folder):
        """The names of the arrays in a subfolder of a run, such as "embeddings", sorted."""
        return sorted(path.stem for path in (self._folder(run_id) / folder).glob("[!.]*.npy"))

    def film(self, run_id):
        """The core.store.film.FilmFile of a run, which may have no frame."""
        return FilmFile(self._folder(run_id))

    def file(self, run_id, name):
        """The path of a file of a run; raises Missing."""
        path = self._folder(run_id) / Path(name).name
        if path.suffix in WITH_COUNTS:
            self.access.check_counts()
        if not path.is_file():
            raise Missing(f"This run has no {Path(name).name} yet.")
        return path

    def embed(self, run_id, name, priority=Priority.ASKED):
        """Queue an embedding such as "latent_umap_3d" in the slow lane; returns the job's id.

        It is queued once, and again where it failed or was cancelled. One that was queued before anybody looked at it
        goes before others of its kind.
        """
        self.access.one("run", run_id)
        token, arguments = f"embed:{run_id}:{name}", EmbedArguments(name=name)
        job = self.database.submit(self.access.user, "slow", "embed", run_id, arguments, token, priority)
        self.database.queue_again(job)
        self.database.promote(job, "slow", priority)
        return job

    def embeddings(self, run_id):
        """{name: job} of the embeddings of a run that were ever requested."""
        self.access.one("run", run_id)
        of_run = schema.jobs.c.target == run_id, schema.jobs.c.kind == "embed"
        return {EmbedArguments.of_job(job).name: job for job in self.database.jobs(*of_run)}

    def _folder(self, run_id):
        self.access.one("run", run_id)
        return self.database.root / "runs" / run_id
