"""Simulated cells that several tests share, and what a script makes of them."""

import runpy
import sys
import warnings

import numpy as np
import scanpy as sc
from anndata import AnnData
from scipy import sparse

from core.data import checks, read

HUMAN = ["ACTB", "GAPDH", "MALAT1", "B2M", "CD3E", "MT-ND1", "MT-CO1", "HBB", "RPLP0", "RPSA"]
HUMAN += [f"RPL{i}" for i in range(3, 33)]
CYCLE = ("MCM5", "PCNA", "TYMS", "CENPU", "UNG", "GMNN", "HMGB2", "CDK1", "TOP2A", "MKI67", "JPT1", "CENPA")


def draw_counts(seed, cells, genes, level):
    """(cells, genes) float64 counts with unequal libraries, and genes of very different height."""
    random = np.random.default_rng(seed)
    rate = random.lognormal(0, 1.2, genes) * random.lognormal(0, 0.5, (cells, 1)) * level
    values = random.poisson(rate * random.gamma(2.0, 0.5, (cells, genes))).astype(float)
    values[:, :2] += random.integers(1, 9, (cells, 2))  # no empty cell, and never all libraries alike
    return values


def normalised(values, target=1e4):
    return values / values.sum(axis=1, keepdims=True) * target


def scaled(values, clip=None):
    spread = values.std(axis=0, ddof=1)
    result = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return result if clip is None else result.clip(-clip, clip)


def annotated(matrix, **parts):
    adata = AnnData(matrix, **parts)
    adata.obs_names, adata.var_names = adata.obs_names.astype(str), adata.var_names.astype(str)
    return adata


def human(n_cells=220, extra=6200, seed=0):
    """Counts of cells with barcodes and over 6,000 human genes, all sets of genes among them; nothing is wrong."""
    names = [*HUMAN, *(f"ZNF{i}" for i in range(extra))]
    random = np.random.default_rng(seed)
    values = sparse.random(n_cells, len(names), 0.02, format="csr", random_state=seed)
    values.data = np.ceil(random.exponential(3, values.nnz))
    values[:, : len(HUMAN)] = draw_counts(seed, n_cells, len(HUMAN), 3.0)
    values[np.arange(len(names)) % n_cells, np.arange(len(names))] = 1
    letters = random.choice(list("ACGT"), (n_cells, 16))
    adata = AnnData(sparse.csr_matrix(values, dtype=np.float32))
    adata.obs_names, adata.var_names = [f"{''.join(row)}-1" for row in letters], names
    return adata


def people():
    """220 human cells with MT, ribosomal and cell-cycle genes, in two donors."""
    adata = human(extra=900)
    adata.var_names = [*adata.var_names[: -len(CYCLE)], *CYCLE]
    loud = sparse.lil_matrix(adata.X)
    loud[:20] *= 40  # cells far from the others
    adata.X = sparse.csr_matrix(loud, dtype=np.float32)
    adata.obs["donor"] = np.where(np.arange(220) % 3, "ann", "bob")
    return read.tidy(adata, "cells")


def made_by_script(text, adata, folder, monkeypatch, path=None):
    """What a script makes of a dataset, or of the file at `path`, run in this process."""
    (folder / "recipe.py").write_text(text)
    if path is None:
        path = folder / "in.h5ad"
        adata.write_h5ad(path)
    monkeypatch.setattr(sys, "argv", ["recipe.py", str(path), str(folder / "out.h5ad")])
    with warnings.catch_warnings():
        runpy.run_path(folder / "recipe.py")
    return sc.read_h5ad(folder / "out.h5ad")


def unfiltered(adata, droplets=300, seed=0):
    """All droplets of an experiment as Cell Ranger names them: its cells, empty ones, and barcodes that were none."""
    random = np.random.default_rng(seed)
    table = adata.obsm["protein"]
    rate = np.linspace(3, 30, table.shape[1]) * random.lognormal(0, 0.4, (droplets, 1))
    empty = random.poisson(rate) + (np.arange(table.shape[1]) == 0) * 32  # so that each caught antibodies
    rna = random.poisson(0.5, (droplets, adata.n_vars))
    parts = [
        np.hstack([adata.X.toarray(), table.to_numpy()]),
        np.hstack([rna, empty]),
        np.zeros((200, adata.n_vars + table.shape[1])),
    ]
    names = [*adata.obs_names, *(f"drop-{i}" for i in range(droplets)), *(f"none-{i}" for i in range(200))]
    order = random.permutation(len(names))
    made = AnnData(sparse.csr_matrix(np.vstack(parts)[order], dtype=np.float32))
    made.obs_names = [names[i] for i in order]
    made.var_names = [*adata.var_names, *table.columns]
    made.var["feature_types"] = ["Gene Expression"] * adata.n_vars + ["Antibody Capture"] * table.shape[1]
    return made, empty


def codes(adata, **limits):
    """The codes of all findings on a dataset."""
    return {finding.code for finding in checks.examine(adata, **limits).findings}


def finding_of(adata, code, **limits):
    """The one finding of a code."""
    (one,) = [f for f in checks.examine(adata, **limits).findings if f.code == code]
    return one


def set_values(adata, rows, columns, value):
    X = adata.X.tolil()
    X[rows, columns] = value
    adata.X = sparse.csr_matrix(X)


def hashtag_counts(
    hashtags,
    cells=1500,
    doublets=0.1,
    negatives=0.05,
    background=5,
    signal=300,
    unequal=False,
    unused=0,
    seed=1,
):
    """((cells, hashtags + unused) counts, (cells,) truth): the number of a hashtag as text, "doublet" or "negative"."""
    random = np.random.default_rng(seed)
    kind = random.choice(3, cells, p=[1 - doublets - negatives, doublets, negatives])
    first = random.integers(0, hashtags, cells)
    second = (first + random.integers(1, hashtags, cells)) % hashtags
    rate = np.tile(background * random.lognormal(0, 0.3, hashtags + unused), (cells, 1))
    height = signal * (random.lognormal(0, 0.5, hashtags) if unequal else np.ones(hashtags))
    for tag, rows in ((first, np.flatnonzero(kind < 2)), (second, np.flatnonzero(kind == 1))):
        rate[rows, tag[rows]] += height[tag[rows]]
    size = random.lognormal(0, 0.5, (cells, 1))  # a large cell has more of every hashtag
    counts = random.poisson(rate * size * random.gamma(8, 1 / 8, rate.shape))
    truth = np.where(kind == 1, "doublet", np.where(kind == 2, "negative", first.astype(str)))
    return counts, truth
