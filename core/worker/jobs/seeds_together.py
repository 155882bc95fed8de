"""The job that uses the seeds of a run together: one space of their latent spaces, and its clusters."""

import numpy as np

from core import config, files
from core.analysis import seeds_together
from core.analysis.metrics.benchmark import Step
from core.config import run_files
from core.config.job_arguments import TogetherArguments
from core.errors import UserError
from core.store import Explored, Groups


def use_together(store, job, say):
    """Leave seeds_together.npy (cells, dimensions), its UMAPs under embeddings/ and seeds_together.json; keep the clusters.

    The clusters are a clustering of the job's owner; a second time they are its next version. Returns {"line"}.
    """
    run, view = store.row("run", job["target"]), store.of(job["owner"])
    resolution = TogetherArguments.of_job(job).resolution
    others = [row for row in view.seeds.all(run["id"]) if row["explored"] == Explored.READY]
    if not others:
        raise UserError("There is no finished run with another seed. Train some first.")
    runs, folder, settings = [run, *others], store.run_folder(run["id"]), config.parse(run["config"])
    latents = [np.array(files.read_array(store.run_folder(row["id"]) / "latent.npy")) for row in runs]
    for event in seeds_together.together(latents, settings, resolution):
        if isinstance(event, Step):
            say(f"{event.description} ...", event.share)
    files.write_array(folder / f"{run_files.SEEDS_TOGETHER}.npy", event.points)
    for name, points in event.embeddings.items():
        files.write_array(folder / "embeddings" / f"{name}.npy", points)
    record = {
        "runs": [{"id": row["id"], "name": row["name"], "seed": row["config"]["seed"]} for row in runs],
        "dimensions": event.points.shape[1],
        "resolution": resolution,
        "clusters": int(event.clusters.max()) + 1,
    }
    files.write_json(folder / run_files.SEEDS_TOGETHER_RECORD, record)
    names = [str(i) for i in range(record["clusters"])]
    title = f"Seeds together, resolution {resolution:g}"
    what = f"Leiden at resolution {resolution:g} on the latent spaces of {len(runs)} seeds together"
    line = _line(view, run["id"], title)
    return {"line": view.clusterings.keep(run["id"], Groups(names, event.clusters, what), what, title, line)}


def _line(view, run_id, title):
    """The person's own clustering of this title, or None."""
    own = [
        row for row in view.clusterings.all(run_id) if row["author"] == view.user and row["title"] == title
    ]
    return own[-1]["line"] if own else None
