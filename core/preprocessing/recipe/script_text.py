"""The text of a recipe's script between its steps: reading, the training cells, and the values."""

HEAD = '''"""{title}

Written by Nuwa. python {file} IN OUT.h5ad
{start}
OUT gets the matrix that a model sees in X, the proteins in obsm["protein"], and what is known of the cells in obs.
"""

import re
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import scanpy as sc
from anndata import AnnData
from anndata.utils import make_index_unique
from scipy import sparse

warnings.simplefilter("ignore")
SHAPE = {shape}  # cells and genes before the steps
SETTINGS = {settings}
SEED, TRAIN_SHARE, VALID_SHARE, SPLIT_BY = {split}
LEFT_OUT = {left_out}  # proteins that say nothing: isotype controls, constant and empty ones
{genes_used}
'''
OWN = "IN is {name} as it was brought (.h5ad, 10x .h5 or a 10x folder), or the dataset that Nuwa offers beside this script."
OFFERED = "IN is the .h5ad that Nuwa offers beside this script, the dataset before the steps{name}."
FORM = '''
PROTEIN_KEYS = ("protein", "protein_expression", "protein_counts", "adt", "ADT")
NAME_KEYS = tuple(f"{key}_names" for key in PROTEIN_KEYS)


def read(path):
    if path.is_dir():
        return sc.read_10x_mtx(path, gex_only=False)
    return sc.read_10x_h5(path, gex_only=False) if path.suffix == ".h5" else sc.read_h5ad(path)


def is_counts(matrix):
    """Whole numbers, none below 0 and some above?"""
    values = matrix.data if sparse.issparse(matrix) else np.asarray(matrix)
    values = values[values != 0]
    whole = np.rint(values)
    fits = (np.abs(values - whole) <= 1e-3) & (whole > 0)
    return values.size > 0 and bool(np.isfinite(values).all()) and bool(fits.all())


def counts_of(adata):
    """(matrix, its gene names, where) of the raw counts: X, layers["counts"], another layer, .raw; else None."""
    places = [("X", adata.X)]
    places += [(name, adata.layers[name]) for name in sorted(adata.layers, key=lambda name: (name != "counts", name))]
    places += [("raw.X", adata.raw.X)] if adata.raw is not None else []
    for where, matrix in places:
        if is_counts(matrix):
            return matrix, adata.raw.var_names if where == "raw.X" else adata.var_names, where
    return None


def without_genes(adata, removed, of_raw=None):
    """Without some genes, in .raw without those of the same names or `of_raw`; the others of .raw stay."""
    kept = adata[:, ~removed].copy()
    if adata.raw is not None:
        of_raw = adata.raw.var_names.isin(adata.var_names[removed]) if of_raw is None else of_raw
        kept.raw = adata.raw.to_adata()[:, ~of_raw]
    return kept


def in_raw(adata, features):
    """Which features of .raw are `features` of X; one whose name a feature of both kinds has is not."""
    names, raw_names = adata.var_names, adata.raw.var_names
    return features if raw_names.equals(names) else raw_names.isin(names[features]) & ~raw_names.isin(names[~features])


def antibody_columns(adata, chosen):
    """Some columns of X, a layer or .raw, the first that are counts there."""
    names = adata.var_names[chosen]
    places = [adata.X, *(adata.layers[name] for name in sorted(adata.layers, key=lambda name: name != "counts"))]
    parts = [place[:, np.flatnonzero(chosen)] for place in places]
    of_raw = [] if adata.raw is None else np.flatnonzero(in_raw(adata, chosen))
    if len(of_raw) == len(names):
        order = adata.raw.var_names[of_raw]
        if order.equals(names) or order.is_unique:
            parts.append(adata.raw.X[:, of_raw if order.equals(names) else of_raw[order.get_indexer(names)]])
    part = next((part for part in parts if is_counts(part)), parts[0])
    return np.asarray(part.toarray() if sparse.issparse(part) else part, dtype=np.float32)


def normal_form(adata):
    """Unique names, genes alone in X as float32, and proteins in obsm["protein"], wherever the file has them."""
    adata.var_names = adata.var_names.astype(str)
    if "feature_types" in adata.var:
        kind = adata.var["feature_types"].astype(str).str.casefold()
        genes, antibodies = (kind == "gene expression").to_numpy(), (kind == "antibody capture").to_numpy()
        if genes.any() and not genes.all():
            if antibodies.any() and not any(key in adata.obsm for key in PROTEIN_KEYS):
                table = pd.DataFrame(antibody_columns(adata, antibodies), adata.obs_names, adata.var_names[antibodies])
                adata.obsm["protein"] = table
            adata = without_genes(adata, ~genes, None if adata.raw is None else in_raw(adata, ~genes))
    adata.obs_names, adata.var_names = (  # after that, as a gene and its antibody may have one name
        names if names.is_unique else make_index_unique(names)
        for names in (adata.obs_names.astype(str), adata.var_names)
    )
    adata.X = adata.X.astype(np.float32)
    key = next((key for key in PROTEIN_KEYS if key in adata.obsm), None)
    if key:
        table = adata.obsm[key]
        if not isinstance(table, pd.DataFrame):
            table = pd.DataFrame(table.toarray() if sparse.issparse(table) else np.asarray(table).reshape(adata.n_obs, -1))
            lists = (np.ravel(adata.uns[name]) for name in NAME_KEYS if name in adata.uns)
            table.columns = next((n for n in lists if len(n) == table.shape[1]), [f"protein_{i + 1}" for i in table])
        names = pd.Index([str(name) for name in table.columns])
        names = names if names.is_unique else make_index_unique(names)
        adata.obsm["protein"] = pd.DataFrame(table.to_numpy(dtype=np.float32), adata.obs_names, names)
    return adata
'''
BEGIN = """

adata = normal_form(read(Path(sys.argv[1])))
known = counts_of(adata)
if SHAPE and (adata.n_obs, adata.n_vars if known is None else len(known[1])) != SHAPE:
    sys.exit(f"{sys.argv[1]} has not the {SHAPE[0]:,} cells and {SHAPE[1]:,} genes of the dataset: take the file named above.")

# The steps.
"""
CELLS = """

adata = normal_form(adata)
# Which cells train: Nuwa takes means, deviations and variable genes from these alone.
n = adata.n_obs
n_valid = min(max(round(n * VALID_SHARE), 20), max(1, n // 3))
n_test = n - round(n * TRAIN_SHARE) - n_valid
n_test = n_test if n_test >= 20 else 0
"""
TRAIN_CELLS = """train = np.sort(np.random.default_rng(SEED).permutation(n)[: n - n_valid - n_test])
"""
TRAIN_GROUPS = """codes = np.unique(adata.obs[SPLIT_BY].astype(str).to_numpy(), return_inverse=True)[1]
n_test = max(n_test, 20) if TRAIN_SHARE + VALID_SHARE < 1 - 1e-9 else 0
held_out = held_out_groups(np.bincount(codes), n_valid, n_test, np.random.default_rng(SEED))
train = np.flatnonzero(~np.isin(codes, np.concatenate(held_out)))
"""
VARIES = """
counts, names, _ = counts_of(adata)
counts = sparse.csr_matrix(counts, dtype=np.float32)
part = AnnData(counts, obs=adata.obs.copy(), var=pd.DataFrame(index=names.copy()))
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
    of_training = values[train].astype(np.float64)
    mean, sd = of_training.mean(axis=0), of_training.std(axis=0, ddof=1)
    sd[sd < 1e-6 * np.maximum(1, np.abs(mean))] = 1
    values = (values - mean.astype(np.float32)) / sd.astype(np.float32)
    return np.clip(values, -SETTINGS["clip"], SETTINGS["clip"])


if SETTINGS["modalities"] == "protein":  # trained on proteins alone
    part = part[:, :0].copy()
part.X = scaled(part.X.toarray())
if "protein" in adata.obsm and SETTINGS["modalities"] != "rna":
    proteins = adata.obsm["protein"].drop(columns=LEFT_OUT, errors="ignore").astype(np.float32)
    values = proteins.to_numpy()
    values = transformed(values, adata.obsm["protein"])
    part.obsm["protein"] = pd.DataFrame(scaled(values), index=part.obs_names, columns=proteins.columns)
part.obs["train"] = np.isin(np.arange(n), train)
part.write_h5ad(sys.argv[2])
print(f"{part.n_obs:,} cells x {part.n_vars:,} genes")
'''
