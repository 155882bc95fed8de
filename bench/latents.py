"""Latent spaces of PCA, Nuwa's models, the reference, and scvi-tools' models, which are kept on disk."""

import json
import os
import subprocess
import time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from bench import reference, sets
from core.config import RunConfig, parse
from core.preprocessing.prepare import Matrix, prepare
from core.preprocessing.split import split_of
from core.training import baselines, learn, phases

RESULTS = Path("bench/results")
PYTHON = Path(".venv-bench/bin/python")
N_GENES = 2000  # variable genes, as scvi-tools' own tutorials take about as many
REFERENCE_EPOCHS = 100


class Method(NamedTuple):
    """A method that computes a latent space."""

    name: str
    words: str
    how: str  # a name in MAKERS
    settings: dict = {}
    proteins: bool = True  # False: the proteins of the set are left out


class Made(NamedTuple):
    """A latent space, the Matrix its method was given, and the processor seconds of the fit.

    Processor seconds do not count other work on the machine.
    """

    points: np.ndarray  # (cells, latent)
    matrix: Matrix
    config: RunConfig
    seconds: float


OURS = ("citeseq", "variational", "linear", "counts")


def methods(data):
    """The Methods that apply to a DataSet, in the order of its table."""
    proteins = data.name == "pbmc10k_citeseq"
    found = []
    for given in (False, True) if proteins else (False,):
        mark, words = ("_both", ", RNA and protein") if given else ("", ", RNA" if proteins else "")
        for k in (20, 50):
            found.append(Method(f"pca{k}{mark}", f"PCA, {k} dimensions{words}", "pca", {"k": k}, given))
        found.append(Method(f"reference{mark}", f"reference{words}", "reference", {}, given))
        for model in OURS:
            found.append(Method(f"{model}{mark}", f"`{model}`{words}", "nuwa", {"model": model}, given))
    found.append(Method("scvi", "SCVI" + (", RNA" if proteins else ""), "rival", {"model": "scvi"}, False))
    if proteins:
        found.append(Method("totalvi", "totalVI, RNA and protein", "rival", {"model": "totalvi"}))
    if data.batches:
        told = {"model": "citeseq", "batch_key": data.batches}
        found.append(Method("citeseq_told", f"`citeseq`, told the {data.batches}", "nuwa", told))
        told = {"model": "scvi", "batches": True}
        found.append(Method("scvi_told", f"SCVI, told the {data.batches}", "rival", told))
    return found


def make(data, method, seed):
    """The Made of a Method on a DataSet with a seed."""
    return MAKERS[method.how](data, method, seed)


@lru_cache(maxsize=3)
def given(name, proteins):
    """The AnnData of a dataset, on request without proteins."""
    adata = sets.load(name).copy()
    if not proteins and "protein" in adata.obsm:
        del adata.obsm["protein"]
    return adata


@lru_cache(maxsize=3)
def prepared(name, proteins, seed, model="citeseq"):
    """(config, split, Matrix) of a dataset with default preprocessing."""
    adata = given(name, proteins)
    config = parse({"seed": seed, "model": model, "n_top_genes": N_GENES})
    split = split_of(adata, config)
    return config, split, prepare(adata, config, split)


def proteins(data, seed):
    """(cells, proteins): the proteins of a dataset as preprocessed for Nuwa's models."""
    matrix = prepared(data.name, True, seed)[2]
    return matrix.seen_proteins(np.arange(matrix.n_cells))


def _pca(data, method, seed):
    config, split, matrix = prepared(data.name, method.proteins, seed)
    started = time.process_time()
    pca = baselines.fit_pca(matrix, split.train, matrix.weights(config), method.settings["k"])
    points = np.concatenate([pca.project(x) for _, x in matrix.blocks(np.arange(matrix.n_cells))])
    return Made(points, matrix, config, time.process_time() - started)


def _nuwa(data, method, seed):
    adata = given(data.name, method.proteins)
    config = parse({"seed": seed} | method.settings)
    started = time.process_time()
    for event in learn.learn(adata, config):
        if isinstance(event, phases.Phase) and event.name == "training":
            started = time.process_time()
        elif isinstance(event, learn.Epoch):
            seconds = time.process_time() - started
    return Made(event.latent, event.start.matrix, config, seconds)


def _reference(data, method, seed):
    """The reference model and loop, all columns with equal weight."""
    config, split, matrix = prepared(data.name, method.proteins, seed)
    cells = np.arange(matrix.n_cells)
    x = torch.from_numpy(np.concatenate([x for _, x in matrix.blocks(cells)]))
    started = time.process_time()
    torch.manual_seed(seed)
    model = reference.Autoencoder(matrix.n_features)
    for _ in reference.passes(model, x[split.train], epochs=REFERENCE_EPOCHS):
        pass
    seconds = time.process_time() - started
    return Made(model.latent(x), matrix, config, seconds)


def _rival(data, method, seed):
    """A model of scvi-tools with its defaults, trained in .venv-bench where its latent is not on disk yet.

    It gets the counts of the genes that Nuwa chooses with the same seed. Raises CalledProcessError where training
    fails.
    """
    RESULTS.mkdir(parents=True, exist_ok=True)
    model, told = method.settings["model"], method.settings.get("batches", False)
    out = RESULTS / f"{data.name}-{method.name}-{seed}.npy"
    config, _, matrix = prepared(data.name, method.proteins, seed, "counts")
    if not out.exists():
        counts = {"counts": matrix.raw(np.arange(matrix.n_cells)).astype(np.int32)[:, : matrix.n_genes]}
        if matrix.n_proteins:
            counts["proteins"] = matrix.protein_counts.astype(np.int32)
        if told:
            counts["batches"] = sets.load(data.name).obs[data.batches].astype(str).to_numpy().astype("U")
        file = out.with_suffix(".npz")
        np.savez_compressed(file, **counts)
        command = [str(PYTHON), "-m", "bench.rivals", model, str(file), str(out), "--seed", str(seed)]
        subprocess.run(command, check=True, env=os.environ | {"NUWA_THREADS": "1"})
        file.unlink()
    facts = json.loads(out.with_suffix(".json").read_text())
    return Made(np.load(out), matrix, config, facts["seconds"])


MAKERS = {"pca": _pca, "nuwa": _nuwa, "reference": _reference, "rival": _rival}
