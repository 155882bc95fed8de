"""A run to files: config, history, scores, weights, figures, and an AnnData that scanpy opens."""

import importlib.metadata
import json
from typing import NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core import __version__
from core.blocks import in_memory
from core.data import ondisk, sources
from core.prepare import SPLIT_NAMES

PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "anndata",
    "scanpy",
    "umap-learn",
    "harmonypy",
    "igraph",
    "scikit-learn",
    "scikit-misc",
)


def versions():
    """Nuwa's version and those of the packages that decide a result."""
    return {"nuwa": __version__} | {name: importlib.metadata.version(name) for name in PACKAGES}


class Result(NamedTuple):
    """The AnnData to take away; what lies in a file is still to be changed as it is written (core.data.ondisk.write)."""

    adata: AnnData
    changes: dict

    def write(self, path):
        """Leave it as .h5ad, compressed."""
        ondisk.write(path, self.adata, self.changes, compression="lzf")


def result(adata, record, latent, split, clusters, umap, genes, foreground=None, harmony=None):
    """The Result of a run.

    X holds log-normalised values of all genes where it came as counts, else X as it came; `layers["counts"]` the
    counts where they are known; the original obs, var, obsm and raw stay. Ours: obsm["X_nuwa"] (cells, latent),
    obsm["X_nuwa_umap"], obs["nuwa_cluster"], obs["nuwa_split"], var["nuwa_used"] and uns["nuwa"] with `record`,
    flat. `foreground`, a DataFrame (cells, proteins) of probabilities, becomes obsm["nuwa_foreground"]; `harmony`
    (cells, k), the input's principal components after Harmony, obsm["X_nuwa_pca_harmony"]. A key of ours
    that exists already is kept as KEY_before. `adata` is not changed.
    """
    made, changes = _base(adata)
    if foreground is not None:
        _put(made.obsm, "nuwa_foreground", foreground)
    if harmony is not None:
        _put(made.obsm, "X_nuwa_pca_harmony", np.asarray(harmony, dtype=np.float32))
    _put(made.obsm, "X_nuwa", np.asarray(latent, dtype=np.float32))
    if umap is not None:
        _put(made.obsm, "X_nuwa_umap", np.asarray(umap, dtype=np.float32))
    if clusters is not None:
        labels = np.asarray(clusters)
        order = [str(i) for i in range(int(labels.max()) + 1)]
        _put(made.obs, "nuwa_cluster", pd.Categorical(labels.astype(str), categories=order))
    names = np.asarray(SPLIT_NAMES)[np.asarray(split)]
    _put(made.obs, "nuwa_split", pd.Categorical(names, categories=list(SPLIT_NAMES)))
    _put(
        made.var, "nuwa_used", np.isin(np.asarray(made.var_names).astype(str), np.asarray(genes).astype(str))
    )
    made.uns.pop("nuwa_read", None)
    _put(made.uns, "nuwa", _flat(record))
    return Result(made, changes)


def add_denoised(path, matrix, blocks):
    """Write the (rows, values) of core.outputs.denoised into a result.h5ad, a block of cells at a time.

    They become obsm["nuwa_denoised"], a DataFrame (cells, used genes), and with proteins
    obsm["nuwa_denoised_protein"]: not a layer, which would need a value for every gene. float32.
    """
    import h5py
    from anndata.io import write_elem
    from anndata.utils import make_index_unique

    with h5py.File(path, "r+") as file:
        made = []
        for key, names in (("nuwa_denoised", matrix.genes), ("nuwa_denoised_protein", matrix.proteins)):
            if key in file["obsm"]:  # of an earlier run, whose result is the data of this one
                file["obsm"].move(key, _free(file["obsm"], key))
            if len(names):
                columns = list(make_index_unique(pd.Index(names.astype(str))))
                write_elem(file["obsm"], key, pd.DataFrame(index=pd.Index(matrix.cell_names)))
                frame = file["obsm"][key]
                frame.attrs["column-order"] = np.array(columns, dtype=h5py.string_dtype())
                for name in columns:  # contiguous, so that a block of cells goes straight to its place
                    made.append(frame.create_dataset(name, (matrix.n_cells,), np.float32))
                    made[-1].attrs["encoding-type"] = "array"
                    made[-1].attrs["encoding-version"] = "0.2.0"
        for rows, values in blocks:
            for column, part in zip(made, values.T, strict=True):
                column[rows[0] : rows[-1] + 1] = part


def _base(adata):
    """A copy with log-normalised X where X came as counts, and with the counts as a layer where they are known.

    And the changes that are still to be made of what lies in a file.
    """
    made, changes = ondisk.copied(adata), {}
    found = sources.counts_of(adata)
    if found is None or found.where == 'layers["counts"]':
        return made, changes
    counts = found.matrix
    if found.where == "raw.X":
        at = adata.raw.var_names.get_indexer(adata.var_names)
        if (at < 0).any():  # .raw, which stays, is then the only place that holds these counts
            return made, changes
        counts = ondisk.part_of(ondisk.raw_of(adata), genes=at).X
    if in_memory(counts):
        counts = sparse.csr_matrix(counts, dtype=np.float32)
    else:
        changes["layers/counts"] = lambda _, block: sparse.csr_matrix(block, dtype=np.float32)
    _put(made.layers, "counts", counts)
    if found.where == "X" and in_memory(counts):
        made.X = sources.logged(counts)
    elif found.where == "X":
        changes["X"] = lambda _, block: sources.logged(block)
    return made, changes


def _put(where, key, value):
    if key in where:
        where[_free(where, key)] = where[key]
        del where[key]
    where[key] = value


def _free(where, key):
    """KEY_before, or KEY_before_2 and so on: a name that is not taken yet."""
    before, n = f"{key}_before", 1
    while before in where:
        before, n = f"{key}_before_{n + 1}", n + 1
    return before


def _flat(facts):
    """Only strings, numbers and arrays, one level deep, as every reader of .h5ad understands."""
    out = {}
    for key, value in facts.items():
        if isinstance(value, dict):
            out |= {f"{key}_{k}": v for k, v in _flat(value).items()}
        elif isinstance(value, (list, tuple)):
            if value and all(isinstance(v, (int, float)) for v in value):
                out[key] = np.asarray(value, dtype=float)
            else:
                out[key] = json.dumps(value)
        elif isinstance(value, bool):
            out[key] = int(value)
        elif value is None:
            out[key] = ""
        else:
            out[key] = value
    return out
