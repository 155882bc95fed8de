"""reproduce.py and `python -m core verify`, run as a person would: in processes of their own, from a bundle alone."""

import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from app_under_test import AppUnderTest
from constants import QUICK, ROOT

from core.worker.execute import drain

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory, tiny_file):
    """(bundle.zip, its folder unpacked) of a run on a dataset that a step has made: rare genes are left out."""
    nuwa = AppUnderTest(tmp_path_factory.mktemp("nuwa")).with_run(tiny_file, QUICK)
    filtered = nuwa.view.steps.add(nuwa.dataset, "filter_genes", {"min_cells": 60})
    drain(nuwa.store)
    preparation, _ = nuwa.view.preparations.create(filtered, {}, "filtered")
    drain(nuwa.store)
    run = nuwa.view.runs.create(preparation, QUICK, "filtered")
    nuwa.view.runs.train(run)
    drain(nuwa.store)
    job = nuwa.view.bundles.create(run, parts=("h5ad", "tables"))
    drain(nuwa.store)
    assert nuwa.view.jobs.one(job["id"])["status"] == "done", nuwa.view.jobs.one(job["id"])["message"]
    path = nuwa.view.results.file(run, "bundle.zip")
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return path, folder


def run(*arguments, cwd=ROOT, **values):
    """A process without anything that the tests have set, but for these values of the environment."""
    ours = ("NUWA_", "OMP_", "OPENBLAS_", "MKL_", "NUMBA_NUM")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=clean | values,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_reproduce_gives_the_same_latent_space_from_the_uploaded_file(unpacked, tiny_file, tmp_path):
    _, folder = unpacked
    done = run(folder / "reproduce.py", tiny_file, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "The same: latent space, losses and clusters are equal to the last bit." in done.stdout
    latent, first = (np.load(place / "latent.npy") for place in (tmp_path / "out", folder))
    assert latent.tobytes() == first.tobytes()
    assert {"config.json", "history.csv", "latent.npy", "model.pt"} <= {
        p.name for p in (tmp_path / "out").iterdir()
    }


def test_reproduce_uses_the_data_beside_it_and_the_folder_in_nuwa_home(unpacked, tmp_path):
    _, folder = unpacked
    done = run(folder / "reproduce.py", cwd=tmp_path)
    assert done.returncode == 2 and "Nuwa was not found" in done.stderr
    done = run(folder / "reproduce.py", cwd=tmp_path, NUWA_HOME=str(ROOT))
    assert done.returncode == 0, done.stderr


def test_verify_says_that_other_settings_are_not_the_same(unpacked, tmp_path):
    path, folder = unpacked
    done = run("-m", "core", "verify", path, "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["same"], done.stderr
    changed = tmp_path / "changed"
    changed.mkdir()
    for name in (
        "config.json",
        "versions.json",
        "recipe.json",
        "history.csv",
        "latent.npy",
        "clusters.npy",
        "result.h5ad",
    ):
        (changed / name).write_bytes((folder / name).read_bytes())
    record = json.loads((changed / "config.json").read_text())
    (changed / "config.json").write_text(json.dumps(record | {"seed": 5}))
    done = run("-m", "core", "verify", changed)
    assert done.returncode == 1 and "Not the same to the last bit." in done.stdout and "ARI" in done.stdout


def test_verify_refuses_other_data_and_other_files_in_a_sentence(unpacked, tmp_path):
    path, _ = unpacked
    done = run("-m", "core", "verify", path, "simulated")
    assert done.returncode == 2 and "'simulated' does not hold the values that this run" in done.stderr
    done = run("-m", "core", "verify", tmp_path / "nothing.zip")
    assert done.returncode == 2 and done.stderr.startswith("There is no file")
    assert "Traceback" not in done.stderr
