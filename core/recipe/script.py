"""A recipe as a script that runs with scanpy alone and makes the matrix that a model would see."""

import json

from core.config import CHOOSING
from core.errors import UserError
from core.recipe import script_genes
from core.recipe.proteins import protein_part
from core.recipe.recipe import Recipe

HEAD = '''"""{title}

Written by Nuwa. python {file} IN.h5ad OUT.h5ad
IN is the data set before the steps; OUT gets the matrix that a model sees in X, and the proteins in obsm["protein"].
"""

import sys
import warnings

import numpy as np
import pandas as pd
import scanpy as sc
from anndata import AnnData
from scipy import sparse

warnings.simplefilter("ignore")
SETTINGS = {settings}
SEED, TRAIN_SHARE, VALID_SHARE = {split}
LEFT_OUT = {left_out}  # proteins that say nothing: isotype controls, constant and empty ones
MITO, RIBO, HAEMO = {genes}
COLUMNS = {columns}  # of obs, which tell of all genes where not all are in the file
{genes_used}
adata = sc.read_h5ad(sys.argv[1])


def counts_of(adata):
    """Where Nuwa found the counts: {where}."""
    return {counts}


def measured(adata):
    """What limits on cells go by, of each cell."""
    counts = sparse.csr_matrix(counts_of(adata), dtype=np.float64)
    names = pd.Index({names})
    total = np.asarray(counts.sum(axis=1)).ravel()
    found = {{"counts": total, "genes": np.asarray((counts > 0).sum(axis=1)).ravel()}}
    for name, genes in (("mito", MITO), ("ribo", RIBO), ("haemo", HAEMO)):
        part = np.asarray(counts[:, np.flatnonzero(names.isin(genes))].sum(axis=1)).ravel()
        found[name] = 100 * part / np.where(total > 0, total, 1)
    for name, column in COLUMNS.items():
        found[name] = pd.to_numeric(adata.obs[column]).to_numpy(dtype=float)
    if "mito" in COLUMNS and found["mito"].max() <= 1:  # a share, and not a percentage
        found["mito"] = 100 * found["mito"]
    if "doublet_score" in adata.obs:
        found["doublet"] = adata.obs["doublet_score"].to_numpy()
    return {{name: np.asarray(values, dtype=np.float32) for name, values in found.items()}}


def within(values, limits):
    kept = np.ones(len(values["counts"]), dtype=bool)
    for name, (low, high) in limits.items():
        kept &= ~(values[name] < np.float32(-np.inf if low is None else low))
        kept &= ~(values[name] > np.float32(np.inf if high is None else high))
    return kept


def filter_cells(adata, limits, batch_key=None, batches=()):
    values = measured(adata)
    kept = within(values, limits or {{}})
    for name in batches:
        rows = (adata.obs[batch_key].astype(str) == name).to_numpy()
        kept[rows] = within({{m: v[rows] for m, v in values.items()}}, batches[name])
    return adata[kept].copy()


def filter_genes(adata, min_cells):
    return adata[:, np.asarray((sparse.csr_matrix(counts_of(adata)) > 0).sum(axis=0)).ravel() >= min_cells].copy()

'''
# Each step in the order of the recipe.
STEPS = {
    "filter_cells": "adata = filter_cells(adata, {limits}, {batch_key!r}, {batches})",
    "filter_genes": "adata = filter_genes(adata, {min_cells})",
    "drop_empty_cells": (
        "adata = adata[np.asarray((sparse.csr_matrix(counts_of(adata)) != 0).sum(axis=1)).ravel() > 0].copy()"
    ),
}
CELLS = """
# Which cells train: Nuwa takes means, deviations and variable genes from these alone.
n = adata.n_obs
n_valid = min(max(round(n * VALID_SHARE), 20), max(1, n // 3))
n_test = n - round(n * TRAIN_SHARE) - n_valid
n_test = n_test if n_test >= 20 else 0
train = np.sort(np.random.default_rng(SEED).permutation(n)[: n - n_valid - n_test])

counts = sparse.csr_matrix(counts_of(adata), dtype=np.float32)
part = AnnData(counts, obs=adata.obs.copy(), var=pd.DataFrame(index=adata.var_names.copy()))
part = part[:, np.asarray((counts[train] != 0).sum(axis=0)).ravel() > 0].copy()


def normalised(values, totals, normalize, log1p):
    values = sparse.csr_matrix(values, dtype=np.float32, copy=True)
    if normalize:
        factors = (SETTINGS["target_sum"] / np.maximum(totals, 1)).astype(np.float32)
        values.data *= np.repeat(factors, np.diff(values.indptr))
    if log1p:
        np.log1p(values.data, out=values.data)
    return values

"""
VALUES = '''part.X = normalised(part.X, totals, SETTINGS["normalize"], SETTINGS["log1p"])


def scaled(values):
    """Mean 0 and deviation 1 in the training cells, cut at SETTINGS["clip"]."""
    values = np.asarray(values, dtype=np.float32)
    if not SETTINGS["scale"]:
        return values
    known = values[train].astype(np.float64)
    mean, sd = known.mean(axis=0), known.std(axis=0, ddof=1)
    sd[sd < 1e-6 * np.maximum(1, np.abs(mean))] = 1
    made = (values - mean.astype(np.float32)) / sd.astype(np.float32)
    return np.clip(made, -SETTINGS["clip"], SETTINGS["clip"])


part.X = scaled(part.X.toarray())
if "protein" in adata.obsm:
    proteins = adata.obsm["protein"].drop(columns=LEFT_OUT, errors="ignore").astype(np.float32)
    values = proteins.to_numpy()
    values = transformed(values, adata.obsm["protein"])
    part.obsm["protein"] = pd.DataFrame(scaled(values), index=part.obs_names, columns=proteins.columns)
part.obs["train"] = np.isin(np.arange(n), train)
part.write_h5ad(sys.argv[2])
print(f"{part.n_obs:,} cells x {part.n_vars:,} genes")
'''
COUNTS = {"X": "adata.X", "raw.X": "adata.raw.X"}
KNOWN = {"normalize", "target_sum", "log1p", "scale", "clip", "protein_transform", "batch_key"} | {*CHOOSING}


def script(recipe: Recipe, record: dict, config, file: str = "recipe.py") -> str:
    """The script of a recipe; `record` is that of the data set, `config` the RunConfig whose split and seed it takes.

    Raises UserError where a script with scanpy alone would not give the same matrix: the sentence says why.
    """
    where, members = record.get("counts_where"), record.get("quality_genes")
    if not where or members is None:
        raise UserError(
            "A script needs raw counts in the data set, read by this Nuwa: take the JSON, or read it again."
        )
    if recipe.steps and where == "raw.X":
        raise UserError(
            "The counts of this data set lie in .raw: repair it by Use .raw in a file of its own first."
        )
    if unknown := [step.name for step in recipe.steps if step.name not in STEPS]:
        raise UserError(f"The step {unknown[0]} is not written as a script: take the JSON, which holds it.")
    if "quality_columns" not in record and any(step.name == "filter_cells" for step in recipe.steps):
        raise UserError(
            "This data set was read by an older Nuwa: read it again for a script, or take the JSON."
        )
    lines = [
        HEAD.format(
            title=recipe.name.replace('"""', "'''").replace("\\", "/"),
            file=file,
            settings=_literal({name: recipe.settings[name] for name in sorted(KNOWN)}),
            split=(config.seed, config.train_share, config.valid_share),
            left_out=_literal(list(record["proteins_left_out"])),
            genes=tuple(members[name] for name in ("mito", "ribo", "haemo")),
            columns=_literal(record.get("quality_columns", {})),
            genes_used=script_genes.constants(recipe.settings, members),
            where=where.replace('"', "'"),
            counts=COUNTS.get(where, f"adata.{where}"),
            names="adata.raw.var_names" if where == "raw.X" else "adata.var_names",
        )
    ]
    for step in recipe.steps:
        params = step.params.model_dump(mode="json")
        if params.get("limits"):
            params["limits"] = {name: ends for name, ends in params["limits"].items() if ends != [None, None]}
        lines.append(STEPS[step.name].format(**params))
    part = protein_part(recipe.settings["protein_transform"], record)
    return "\n".join(lines) + CELLS + script_genes.CODE + part + VALUES


def _literal(value):
    json.dumps(value)  # plain values alone: their repr is Python
    return repr(value)
