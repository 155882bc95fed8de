"""A run as an AnnData that scanpy opens, in the form that cellxgene and zellkonverter ask for (core.export.h5ad_rules)."""

import json
import re
from typing import NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.config import SPLIT_NAMES
from core.data import backed, count_sources, h5ad_writer
from core.data.matrix_kind import what_is
from core.data.standalone.count_places import CHOSEN, layer_place
from core.figures.cluster_colours import leiden_colour
from core.figures.colour import Colour
from core.sparse.access import in_memory

# The embeddings of a run by their names, and the keys of obsm that they get, in the order of figures.
KEYS = {
    "latent_umap": "X_nuwa_umap",
    "latent_tsne": "X_nuwa_tsne",
    "pca": "X_nuwa_pca",
    "harmony": "X_nuwa_pca_harmony",
    "input_tsne": "X_nuwa_input_tsne",
    "input_umap": "X_nuwa_input_umap",
    "seeds": "X_nuwa_seeds",
    "seeds_umap": "X_nuwa_seeds_umap",
}


class NamedClusters(NamedTuple):
    """A clustering that a person has made."""

    colour: Colour  # its title, codes, names and colours
    author: str
    time: str  # ISO 8601, UTC, of the newest version
    what: str  # what the last change did, in words

    @property
    def title(self):
        return self.colour.name


class Result(NamedTuple):
    """The AnnData to export, and `changes` that are applied while a file on disk is written (core.data.h5ad_writer.write)."""

    adata: AnnData
    changes: dict

    def write(self, path):
        """Write it as .h5ad, compressed."""
        h5ad_writer.write(path, self.adata, self.changes, compression="lzf")


def result(
    adata, record, latent, split, clusters, embeddings, genes, foreground=None, named_clusters=(), scores=()
):
    """The Result of a run.

    X holds log-normalised values of all genes where it held counts, else it is unchanged; `layers["counts"]` the
    counts where they are known; the original obs, var, obsm and raw stay. Ours: obsm["X_nuwa"] (cells, latent), of
    `embeddings` (name -> (cells, k)) those in KEYS under the keys there, obs["nuwa_cluster"], obs["nuwa_split"],
    var["nuwa_used"], uns["nuwa"] with `record`, flat, and for each of the `named_clusters` a column of obs, which
    uns["nuwa_namings"] lists with title, author, time and what made it; `scores`, {column: (cells,)}, are columns of
    obs, too. Tables of numbers in obsm, such as the
    proteins, become arrays, as cellxgene asks, with the names of their columns in uns["KEY_names"]; so does `foreground`,
    a DataFrame (cells, proteins) of probabilities, as obsm["nuwa_foreground"]. A key of ours that exists already is
    kept as KEY_before. `adata` is not changed.
    """
    exported, changes = base(adata)
    for key, table in list(exported.obsm.items()):
        if isinstance(table, pd.DataFrame) and all(kind.kind in "buif" for kind in table.dtypes):
            del exported.obsm[key]
            _put_table(exported, key, table)
    if foreground is not None:
        _put_table(exported, "nuwa_foreground", foreground)
    put(exported.obsm, "X_nuwa", np.asarray(latent, dtype=np.float32))
    for name, key in KEYS.items():
        points = embeddings.get(name)
        if points is not None and np.isfinite(points).all():
            put(exported.obsm, key, np.asarray(points, dtype=np.float32))
            exported.uns.setdefault("default_embedding", key)
    if clusters is not None:
        _put_groups(exported, "nuwa_cluster", leiden_colour(clusters, 0))
    names = np.asarray(SPLIT_NAMES)[np.asarray(split)]
    put(exported.obs, "nuwa_split", pd.Categorical(names, categories=list(SPLIT_NAMES)))
    put(
        exported.var,
        "nuwa_used",
        np.isin(np.asarray(exported.var_names).astype(str), np.asarray(genes).astype(str)),
    )
    for column, values in dict(scores).items():
        put(exported.obs, column, np.asarray(values, dtype=np.float32))
    exported.uns.pop("nuwa_read", None)
    put(exported.uns, "nuwa", flat(record))
    _put_named_clusters(exported, named_clusters)
    return Result(exported, changes)


def columns_of(named_clusters):
    """The column of obs, and of cells.csv, that each of the NamedClusters gets, by its title."""
    columns = []
    for clusters in named_clusters:
        word = re.sub(r"[^A-Za-z0-9]+", "_", clusters.title).strip("_").lower() or "named"
        column, n = f"nuwa_{word}", 1
        while column in columns or column in ("nuwa_cluster", "nuwa_split"):
            column, n = f"nuwa_{word}_{n + 1}", n + 1
        columns.append(column)
    return columns


def _put_named_clusters(exported, named_clusters):
    """Each of them as a column of obs with its colours, and a table of them in uns."""
    if not named_clusters:
        return
    columns = columns_of(named_clusters)
    for column, clusters in zip(columns, named_clusters, strict=True):
        _put_groups(exported, column, clusters.colour)
    facts = {what: [getattr(n, what) for n in named_clusters] for what in ("title", "author", "time", "what")}
    table = {"column": columns} | facts
    put(exported.uns, "nuwa_namings", {what: np.array(values, dtype=str) for what, values in table.items()})


def _put_groups(exported, column, colour):
    """A Colour as a column of categories, and their colours where scanpy and cellxgene look for them."""
    categories = list(map(str, colour.categories))
    put(exported.obs, column, pd.Categorical.from_codes(np.asarray(colour.values), categories=categories))
    put(exported.uns, f"{column}_colors", np.array(colour.palette(), dtype=str))


def _put_table(exported, key, table):
    """A table of numbers as an array, which is what cellxgene takes in obsm, and its names in uns."""
    put(exported.obsm, key, table.to_numpy(dtype=np.float32))
    put(exported.uns, names_of(key), np.array(table.columns, dtype=str))


def names_of(key):
    """Where in uns the names of the columns of obsm[key] stand; for "protein" it is where scvi-tools' files have them."""
    return f"{key}_names"


def add_denoised(path, matrix, blocks):
    """Write the (rows, values) of core.training.inference.denoised into a result.h5ad, a block of cells at a time.

    They become obsm["nuwa_denoised"] (cells, used genes), and with proteins obsm["nuwa_denoised_protein"], float32; the
    names of the columns are in uns["nuwa_denoised_names"] and uns["nuwa_denoised_protein_names"]. Not a layer, which
    would need a value for every gene.
    """
    import h5py
    from anndata.io import write_elem
    from anndata.utils import make_index_unique

    with h5py.File(path, "r+") as file:
        datasets = []
        for key, names in (("nuwa_denoised", matrix.genes), ("nuwa_denoised_protein", matrix.proteins)):
            for where, name in (("obsm", key), ("uns", names_of(key))):
                if name in file[where]:  # of an earlier run, whose result is the data of this one
                    file[where].move(name, _free(file[where], name))
            if len(names):
                columns = make_index_unique(pd.Index(names.astype(str)))
                write_elem(file["uns"], names_of(key), np.array(columns, dtype=str))
                datasets.append(file["obsm"].create_dataset(key, (matrix.n_cells, len(columns)), np.float32))
                datasets[-1].attrs["encoding-type"] = "array"
                datasets[-1].attrs["encoding-version"] = "0.2.0"
        for rows, values in blocks:
            first = 0
            for part in datasets:
                part[rows[0] : rows[-1] + 1] = values[:, first : first + part.shape[1]]
                first += part.shape[1]


def base(adata):
    """A copy with log-normalised X where X holds counts, and with the counts as a layer where they are known.

    And the changes that are still to be made of what lies in a file.
    """
    exported, changes = backed.copied(adata), {}
    source = count_sources.counts_of(adata)
    if source is None:
        return exported, changes
    layer = layer_place("counts")
    exported.uns[CHOSEN] = (
        source.where if source.where == "raw.X" else layer
    )  # where a later reading finds them
    counts, holds_counts = source.matrix, source.where == "X" or what_is(adata.X).kind == "counts"
    if source.where == "raw.X":
        at = adata.raw.var_names.get_indexer(adata.var_names)
        if (at < 0).any():  # .raw, which stays, is then the only place that holds these counts
            return exported, changes
        counts = backed.part_of(backed.raw_of(adata), genes=at).X
    if source.where != layer:
        if in_memory(counts):
            counts = sparse.csr_matrix(counts, dtype=np.float32)
        else:
            changes["layers/counts"] = lambda _, block: sparse.csr_matrix(block, dtype=np.float32)
        put(exported.layers, "counts", counts)
    if holds_counts and in_memory(adata.X):
        exported.X = count_sources.logged(adata.X)
    elif holds_counts:
        changes["X"] = lambda _, block: count_sources.logged(block)
    return exported, changes


def put(where, key, value):
    """Set a key of obs, var, obsm or uns; what it held is kept as KEY_before."""
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


def flat(facts):
    """Only strings, numbers and arrays, one level deep, as every reader of .h5ad understands."""
    out = {}
    for key, value in facts.items():
        if isinstance(value, dict):
            out |= {f"{key}_{k}": v for k, v in flat(value).items()}
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
