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
COUNTS = {counts}  # where the raw counts lie
SETTINGS = {settings}
SEED, TRAIN_SHARE, VALID_SHARE, SPLIT_BY = {split}
LEFT_OUT = {left_out}  # proteins that say nothing: isotype controls, constant and empty ones
{genes_used}
'''
OWN = "IN is {name} as it was brought (.h5ad, 10x .h5 or a 10x folder), or the dataset that Nuwa offers beside this script."
OFFERED = "IN is the .h5ad that Nuwa offers beside this script, the dataset before the steps{name}."
FORM = '''
def read(path):
    if path.is_dir():
        return sc.read_10x_mtx(path, gex_only=False)
    return sc.read_10x_h5(path, gex_only=False) if path.suffix == ".h5" else sc.read_h5ad(path)


def is_counts(matrix):
    """Whole numbers, none below 0, some above 1, and not brought to one sum?"""
    values = matrix.data if sparse.issparse(matrix) else np.asarray(matrix)
    values = values[values != 0]
    whole = np.rint(values)
    fits = (np.abs(values - whole) <= 1e-3) & (whole > 0)
    if not values.size or not np.isfinite(values).all() or not fits.all() or whole.max() <= 1:
        return False
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    sums = sums[sums > 0]
    alike = np.mean(np.abs(sums / np.median(sums) - 1) < 0.01) >= 0.95
    return not (alike and len(sums) >= 10 and np.median(sums) >= 100)


def n_filled(matrix):
    return matrix.count_nonzero() if sparse.issparse(matrix) else np.count_nonzero(matrix)


def counts_of(adata):
    """(matrix, its gene names, where) of the raw counts, from the first place that holds them; else None."""
    filled = n_filled(adata.X)
    for where, matrix in in_order(adata):
        names = adata.raw.var_names if where == "raw.X" else adata.var_names
        rescaled = where != "X" and 0 < filled < 0.9 * np.prod(adata.shape) and not is_counts(adata.X)
        if is_counts(matrix) and where == chosen_place(adata):
            return matrix, names, where
        if is_velocity(where) or not is_counts(matrix):
            continue
        if not (rescaled and is_small_part(n_filled(matrix), len(names), filled, adata.n_vars)):
            return matrix, names, where
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
    names, parts = adata.var_names[chosen], []
    for where, matrix in places(adata):
        if where == "raw.X":
            at = np.flatnonzero(in_raw(adata, chosen))
            order = adata.raw.var_names[at]
            if order.equals(names) or (order.is_unique and len(order) == len(names)):
                parts.append(matrix[:, at if order.equals(names) else at[order.get_indexer(names)]])
        elif not is_velocity(where):
            parts.append(matrix[:, np.flatnonzero(chosen)])
    part = next((part for part in parts if is_counts(part)), parts[0])
    return np.asarray(part.toarray() if sparse.issparse(part) else part, dtype=np.float32)


def add_matrices(adata):
    """Counts that are the sum of layers of velocity, and an X where there is none."""
    every = dict(places(adata))
    parts = [matrix for where, matrix in every.items() if is_velocity(where)]
    if parts and not any(is_counts(matrix) for where, matrix in every.items() if not is_velocity(where)):
        adata.layers["counts" if "counts" not in adata.layers else "counts_2"] = sum(map(sparse.csr_matrix, parts))
    if adata.X is None:
        adata.X = next((matrix for _, matrix in places(adata) if is_counts(matrix)), next(iter(every.values())))


def normal_form(adata):
    """Unique names, genes alone in X as float32, and proteins in obsm["protein"], wherever the file has them."""
    adata.var_names = adata.var_names.astype(str)
    if adata.X is None or counts_of(adata) is None:
        add_matrices(adata)
    settle_types(adata)
    if "feature_types" in adata.var:
        kinds = feature_kinds(adata.var["feature_types"])
        genes, antibodies = kinds == "genes", kinds == "proteins"
        if genes.any() and not genes.all():
            if antibodies.any() and not protein_keys(adata.obsm):
                table = pd.DataFrame(antibody_columns(adata, antibodies), adata.obs_names, adata.var_names[antibodies])
                adata.obsm["protein"] = table
            tags = kinds == "hashtags"
            if tags.any() and not set(hashtag_tables(adata)) - {"protein"}:
                adata.obsm["hashtags"] = pd.DataFrame(antibody_columns(adata, tags), adata.obs_names, adata.var_names[tags])
            adata = without_genes(adata, ~genes, None if adata.raw is None else in_raw(adata, ~genes))
    adata.obs_names, adata.var_names = (  # after that, as a gene and its antibody may have one name
        names if names.is_unique else make_index_unique(names)
        for names in (adata.obs_names.astype(str), adata.var_names)
    )
    adata.X = adata.X.astype(np.float32)
    keys = protein_keys(adata.obsm)
    if keys:
        key = next((key for key in keys if is_counts(sparse.csr_matrix(adata.obsm[key], dtype=np.float32))), keys[0])
        table = adata.obsm[key]
        if not isinstance(table, pd.DataFrame):
            table = pd.DataFrame(table.toarray() if sparse.issparse(table) else np.asarray(table).reshape(adata.n_obs, -1))
            in_uns = (np.ravel(adata.uns[name]) for name in (f"{key}_names", "protein_names") if name in adata.uns)
            table.columns = next((n for n in in_uns if len(n) == table.shape[1]), [f"protein_{i + 1}" for i in table])
        names = pd.Index([str(name) for name in table.columns])
        names = names if names.is_unique else make_index_unique(names)
        adata.obsm["protein"] = pd.DataFrame(table.to_numpy(dtype=np.float32), adata.obs_names, names)
    return adata
'''
BEGIN = """

adata = normal_form(read(Path(sys.argv[1])))
if COUNTS:
    adata.uns[CHOSEN] = COUNTS
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
VALUES = '''

def scaled(values, exponent=1.0):
    """Mean 0 in the training cells, divided by the deviation to the power of `exponent`, cut at SETTINGS["clip"]."""
    values = np.asarray(values, dtype=np.float32)
    if not SETTINGS["scale"]:
        return values
    of_training = values[train].astype(np.float64)
    of = (np.nanmean, np.nanstd) if np.isnan(of_training).any() else (np.mean, np.std)  # masked proteins are NaN
    mean, sd = of[0](of_training, axis=0), of[1](of_training, axis=0, ddof=1)
    sd[sd < 1e-6 * np.maximum(1, np.abs(mean))] = 1
    values = (values - mean.astype(np.float32)) / (sd**exponent).astype(np.float32)
    return np.clip(values, -SETTINGS["clip"], SETTINGS["clip"])


def pearson_residuals(counts):
    """Lause 2021: depths over the used genes, shares of the genes in the training cells, theta 100."""
    share = counts[train].sum(axis=0, dtype=np.float64)
    mean = np.outer(counts.sum(axis=1, dtype=np.float64), share / max(share.sum(), 1))
    sd = np.sqrt(mean + mean**2 / 100)
    residuals = np.divide(counts - mean, sd, out=np.zeros_like(mean), where=sd > 0)
    return np.clip(residuals, -np.sqrt(len(train)), np.sqrt(len(train))).astype(np.float32)


if SETTINGS["modalities"] == "protein":  # trained on proteins alone
    part = part[:, :0].copy()
if SETTINGS["gene_transform"] == "pearson":
    part.X = pearson_residuals(part.X.toarray())
else:
    part.X = normalised(part.X, totals, SETTINGS["normalize"], SETTINGS["log1p"])
    part.X = scaled(part.X.toarray(), SETTINGS["scale_exponent"])
if "protein" in adata.obsm and SETTINGS["modalities"] != "rna":
    proteins = adata.obsm["protein"].drop(columns=LEFT_OUT, errors="ignore").astype(np.float32)
    values = proteins.to_numpy()
    values = transformed(values, adata.obsm["protein"])
    part.obsm["protein"] = pd.DataFrame(scaled(values), index=part.obs_names, columns=proteins.columns)
part.obs["train"] = np.isin(np.arange(n), train)
part.write_h5ad(sys.argv[2])
print(f"{part.n_obs:,} cells x {part.n_vars:,} genes")
'''
