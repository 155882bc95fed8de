"""Runs of `python -m core train` that tests of the command line share."""

import csv
import io
import sys
from contextlib import redirect_stdout

import numpy as np
import pandas as pd
import pytest
from shared_folders import made_once

from core.cli import main
from core.config.run_files import OF_THE_MACHINE

QUICK = ["--epochs", "3", "--n-hidden", "16", "--n-hidden-protein", "8", "--n-latent", "4", "--device", "cpu"]
QUICK += ["--batch-size", "64", "--n-top-genes", "60"]


@pytest.fixture(scope="session")
def rich_file(tiny, tmp_path_factory):
    """The tiny set with what people's files have besides: .raw, a PCA, and keys that are called like ours."""
    adata = tiny.copy()
    adata.raw = adata.copy()
    adata.obsm["X_pca"] = np.random.default_rng(0).standard_normal((240, 3))
    adata.obsm["X_nuwa"] = np.full((240, 2), 7.0)
    adata.obs["nuwa_cluster"] = pd.Categorical(["old"] * 240)
    adata.uns["colours"] = ["red", "blue"]
    folder = made_once("rich", lambda folder: adata.write_h5ad(folder / "rich.h5ad"), tmp_path_factory)
    return folder / "rich.h5ad"


@pytest.fixture(scope="session")
def trained_folder(rich_file, tmp_path_factory):
    """The folder of a whole run, trained by the command."""

    def make(folder):
        out, printed = folder / "new" / "out", io.StringIO()
        words = ["train", str(rich_file), "--out", str(out), *QUICK]
        with redirect_stdout(printed):
            assert main([*words, "--labels", "cell_type", "--tsne", "--resolution", "0.4"]) == 0
        assert "Training complete" in printed.getvalue() and str(out) in printed.getvalue()
        assert "Duration by phase" in printed.getvalue() and "  training" in printed.getvalue()

    return made_once("trained", make, tmp_path_factory) / "new" / "out"


def command(*words):
    """The words of `train` in a process of its own."""
    return [sys.executable, "-m", "core", "train", *map(str, words)]


def losses(folder):
    """history.csv without what tells of the machine and the time."""
    with (folder / "history.csv").open() as file:
        return [{k: v for k, v in row.items() if k not in OF_THE_MACHINE} for row in csv.DictReader(file)]
