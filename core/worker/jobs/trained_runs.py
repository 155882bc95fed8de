"""The trained runs that jobs work on: the last one stays in memory."""

from functools import lru_cache

import numpy as np

from core import config, files
from core.analysis import explore
from core.errors import UserError
from core.worker.jobs.datasets import open_dataset


def load_run(store, run_id):
    """(row, TrainedRun) of a run that has a latent space, the last one cached; raises UserError where it has none."""
    run = store.row("run", run_id)
    folder = store.run_folder(run_id)
    if not (folder / "latent.npy").exists():
        raise UserError("This run has no latent space.")
    return run, _load(store, run_id)


@lru_cache(maxsize=1)
def _load(store, run_id):
    run, folder = store.row("run", run_id), store.run_folder(run_id)
    latent, axes = (np.array(files.read_array(folder / f"{name}.npy")) for name in ("latent", "input_axes"))
    settings = config.parse(run["config"])
    return explore.rebuild(open_dataset(store, run["dataset"]), settings, latent, axes, run["facts"], folder)
