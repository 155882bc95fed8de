"""A trained run as `score` and `map` read it: its folder, its data, and columns of that."""

from pathlib import Path

from core import settings
from core.config import RECORD_KEYS, parse
from core.errors import UserError
from core.text import near

RUN_FILES = ("config.json", "model.pt", "latent.npy", "input_axes.npy")  # every trained run has them


def run_folder(name, files=RUN_FILES):
    """The folder of a trained run that has these files; raises UserError."""
    folder = Path(name)
    if not folder.is_dir():
        raise UserError(f"There is no folder '{name}': name one that `train --out` wrote.")
    if missing := [file for file in files if not (folder / file).is_file()]:
        raise UserError(f"'{name}' is not the folder of a trained run: {', '.join(missing)} is missing.")
    return folder


def data_of(folder, annotations):
    """The AnnData that the run was trained on, with the labels of a second file where one is named; raises UserError."""
    from core.data import read

    return read.read(file_of(folder), annotations=annotations)


def file_of(folder):
    """The .h5ad of the data that the run was trained on; raises UserError where it is not kept with the run."""
    file = folder / "result.h5ad"
    return file if file.exists() else _stored_dataset(folder)


def _stored_dataset(folder):
    """The .h5ad of the dataset of a run that was trained on the page: its folder is beside that of the runs."""
    from core.store import Store

    root, id = folder.resolve().parent.parent, folder.resolve().name
    if folder.resolve().parent.name != "runs" or not (root / "datasets").is_dir():
        raise UserError(
            f"'{folder}' has no result.h5ad, which holds the data: let the training finish first."
        )
    store = Store(settings.from_environment({"NUWA_DATA_DIR": str(root)}))
    try:
        return store.dataset_folder(store.row("run", id)["dataset"]).file
    finally:
        store.engine.dispose()


def column_of(adata, name, annotated=False):
    """(cells,) labels of an obs column, "" where one is missing; None without a name.

    `annotated`: of two columns of a name, the one of the second file ("NAME_2") counts. Raises UserError.
    """
    if name is None:
        return None
    if name not in adata.obs:
        alike = near(name, list(map(str, adata.obs.columns)))
        hint = f"did you mean {' or '.join(alike)}?" if alike else f"it has {', '.join(adata.obs.columns)}."
        raise UserError(f"There is no obs column '{name}' in the data: {hint}")
    while annotated and f"{name}_2" in adata.obs:
        name += "_2"
    values = adata.obs[name]
    return values.astype(object).where(values.notna(), "").astype(str).to_numpy()


def trained_run_of(folder, adata):
    """(RunConfig, TrainedRun) of a run's folder and its data; raises UserError where they do not match."""
    import numpy as np
    import torch

    from core import files
    from core.analysis.explore import TrainedRun
    from core.preprocessing.prepare import prepare
    from core.preprocessing.split import split_of

    record = files.read_json(folder / "config.json")
    config = parse({name: value for name, value in record.items() if name not in RECORD_KEYS})
    latent, axes = (np.array(files.read_array(folder / f"{name}.npy")) for name in ("latent", "input_axes"))
    split = split_of(adata, config)
    matrix = prepare(adata, config, split)
    saved = torch.load(folder / "model.pt", weights_only=True)
    names = [*map(str, matrix.genes), *map(str, matrix.proteins)]
    if len(latent) != adata.n_obs or names != [*saved["genes"], *saved["proteins"]]:
        raise UserError(
            "The data beside this run has other cells, genes or proteins than the run was trained on: train it again."
        )
    return config, TrainedRun(matrix, split, latent, axes, None, None, 0, {})
