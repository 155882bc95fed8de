"""A run to train again and compare with, from its own folder; core.export.bundle_zip.Bundle is the same from a bundle."""

from pathlib import Path

import numpy as np

from core import files
from core.config import DEFAULT_RESOLUTION
from core.config.run_files import clusters_of
from core.errors import UserError
from core.export.run_folder import start_weights
from core.export.run_history import history_of

NEEDED = ("config.json", "history.csv", "latent.npy")


def first_of(folder):
    """The run of a folder, as core.export.reproduce compares with; raises UserError where it is not trained.

    As Bundle.first has it. The folder does not say on what machine it was trained, nor when; "clusters" is None where they
    are not computed.
    """
    folder = Path(folder)
    if missing := [name for name in NEEDED if not (folder / name).is_file()]:
        raise UserError(f"This run has no {missing[0]}: train it first.")
    clusters = folder / f"{clusters_of(DEFAULT_RESOLUTION)}.npy"
    return {
        "record": files.read_json(folder / "config.json"),
        "history": history_of((folder / "history.csv").read_text()),
        "latent": np.array(files.read_array(folder / "latent.npy")),
        "clusters": np.array(files.read_array(clusters)) if clusters.is_file() else None,
        "resolution": DEFAULT_RESOLUTION,
        "machine": {},
        "order": {},
        "made_at": None,
        "start": start_weights(folder),
    }
