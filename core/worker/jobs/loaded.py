"""What jobs work on: datasets and the evidence of runs, the last ones kept in memory."""

from functools import lru_cache

import numpy as np

from core import config, files
from core.analysis import explore
from core.config.dataset_record import DatasetRecord
from core.data import backed, count_sources, matrix_kind
from core.errors import UserError


def source(store, dataset_id, parts=backed.BESIDE):
    """The AnnData of a dataset, the last small one kept: treat it as read-only.

    The values of a large one stay in its file; `parts` says what of it is read, and what they hold is known.
    """
    path = store.dataset_folder(dataset_id).file
    if not backed.is_large(path):
        return _load(str(path))
    adata = backed.opened(path, parts)
    known = DatasetRecord.of(store.row("dataset", dataset_id)).matrices
    for where, matrix in count_sources.places(adata):
        if where in known:
            matrix_kind.remember(matrix, matrix_kind.MatrixKind(**known[where].model_dump()))
    return adata


@lru_cache(maxsize=1)
def _load(path):
    import anndata

    return anndata.read_h5ad(path)


def evidence(store, run_id):
    """(row, Evidence) of a run that has a latent; the last one is kept. Raises UserError where there is none."""
    run = store.row("run", run_id)
    folder = store.run_folder(run_id)
    if not (folder / "latent.npy").exists():
        raise UserError("This run has no latent space.")
    return run, _evidence(store, run_id)


@lru_cache(maxsize=1)
def _evidence(store, run_id):
    run, folder = store.row("run", run_id), store.run_folder(run_id)
    latent, axes = (np.array(files.read_array(folder / f"{name}.npy")) for name in ("latent", "input_axes"))
    settings = config.parse(run["config"])
    return explore.remake(source(store, run["dataset"]), settings, latent, axes, run["facts"], folder)
