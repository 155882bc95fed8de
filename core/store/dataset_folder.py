"""What lies in the folders: one a data set, one a run; anyone can open them without Nuwa."""

import json
import os
import shutil
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from core import safe_csv

HISTORY = (
    "epoch",
    "train_loss",
    "valid_loss",
    "train_rna",
    "valid_rna",
    "train_protein",
    "valid_protein",
    "learning_rate",
    "seconds",
    "penalty_l1",
    "penalty_kl",
)
GENE_BLOCK = 1 << 22  # values of genes that are read at once: 32 MB
SPACE_COLUMNS = 10  # of an embedding that came with the file: a picture shows two or three


HARMONY = "harmony_axes"  # (cells, k) the input's principal components after Harmony, of a run with batches


def clusters_of(resolution):
    """Where the clusters of a resolution lie in a run's folder, without the .npy."""
    return f"clusters/leiden_{float(resolution):.1f}"


def company_of(resolution):
    """Where the company that each cell keeps over seeds lies, without the .npy."""
    return f"stability/company_{float(resolution):.1f}"


def survival_of(resolution):
    """Where each cluster's Jaccard with its match in the other seeds lies, without the .npy."""
    return f"stability/survival_{float(resolution):.1f}"


def write_json(path, value):
    """Write `value` as JSON, whole or not at all."""
    whole(path, lambda temporary: temporary.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n"))


def read_json(path):
    return json.loads(Path(path).read_text())


def write_array(path, array):
    """Write a .npy without pickles, whole or not at all."""

    def put(temporary):
        with temporary.open("wb") as file:
            np.save(file, array, allow_pickle=False)

    whole(path, put)


def read_array(path):
    """The array of a .npy, mapped rather than read."""
    return np.load(path, mmap_mode="r", allow_pickle=False)


@contextmanager
def growing(path, n, dtype):
    """A file to which the bytes of a .npy of `n` values of `dtype` are written one after another; whole or not at all."""
    with _beside(path) as temporary, temporary.open("wb") as file:
        about = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False}
        np.lib.format.write_array_header_1_0(file, about | {"shape": (int(n),)})
        yield file


def write_history(path, epochs):
    """history.csv: a row an epoch; an empty field where there is no protein."""
    rows = (("" if epoch[name] is None else epoch[name] for name in HISTORY) for epoch in epochs)
    write_csv(path, HISTORY, rows)


def write_csv(path, head, rows):
    """Write a table, whole or not at all."""

    def put(temporary):
        with temporary.open("w", newline="") as file:
            writer = safe_csv.Writer(file)
            writer.writerow(head)
            writer.writerows(rows)

    whole(path, put)


def whole(path, put):
    """Let `put` write beside `path`, then move it there, so that no reader sees half a file."""
    with _beside(path) as temporary:
        put(temporary)


@contextmanager
def _beside(path):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_folder(path):
    """Remove a folder: first out of sight, so that a reader finds all of it or nothing."""
    path = Path(path)
    if path.exists():
        aside = path.with_name(f".gone-{path.name}-{uuid.uuid4().hex[:6]}")
        path.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def uploads(root, asked):
    """The uploaded files that the arguments of a reading job name."""
    named = [Path(asked[key]) for key in ("path", "proteins", "annotations", "background") if asked.get(key)]
    return [path for path in named if path.parent == Path(root) / "uploads"]


class Shelf:
    """One data set on disk: the file in normal form, and what a page needs of it without reading that file.

    `data.h5ad`; `cells.npy`, `genes.json`; `obs/` a file a column; `obsm/` the first columns of the file's own
    embeddings; `proteins.npy` (cells, proteins) raw;
    `genes/` the values that colour genes, by gene (CSC), so that one gene is read without the others: counts as they
    are, with the `size.npy` that each cell is multiplied by before log1p, or without it what is shown.
    """

    def __init__(self, folder):
        self.folder = Path(folder)

    @property
    def file(self):
        return self.folder / "data.h5ad"

    def write(self, adata, report, display):
        """Fill the shelf from an AnnData in normal form, its doctor's Report and the display values."""
        from core.data import backed

        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.file.exists():  # where it was read from a file, it is there in this form already
            whole(self.file, lambda temporary: backed.write(temporary, adata))
        write_array(self.folder / "cells.npy", _text(adata.obs_names))
        write_json(
            self.folder / "genes.json", {"names": [str(g) for g in display.genes], "words": display.words}
        )
        self._write_genes(display)
        if "protein" in adata.obsm:
            write_array(self.folder / "proteins.npy", np.asarray(adata.obsm["protein"], dtype=np.float32))
        self._write_spaces(adata)
        columns = [self._write_column(i, c, adata.obs[c.name]) for i, c in enumerate(report.columns)]
        write_json(self.folder / "obs" / "columns.json", columns)
        for name, values in (("n_counts", report.n_counts), ("n_genes", report.n_genes)):
            if values is not None:
                write_array(self.folder / f"{name}.npy", np.asarray(values, dtype=np.float32))
        for name, values in report.shares.items():
            write_array(self.folder / f"share_{name}.npy", np.asarray(values, dtype=np.float32))

    def _write_genes(self, display):
        """The display values by gene, from blocks of cells and in as much memory whatever their number."""
        from core.data.count_sources import size_factors
        from core.sparse.blocks import blocks
        from core.sparse.moments import survey
        from core.sparse.rows import smallest_type
        from core.sparse.transpose import PIECE, turned

        folder, cells = self.folder / "genes", np.arange(display.values.shape[0])
        seen = survey(display.values, cells)
        kind = smallest_type(seen.low.min(initial=0), seen.high.max(initial=0), seen.whole.all())
        if display.counts:
            write_array(folder / "size.npy", size_factors(seen.totals))
        indptr = np.concatenate([[0], np.cumsum(seen.stored, dtype=np.int64)])
        write_array(folder / "indptr.npy", indptr)
        with (
            growing(folder / "data.npy", indptr[-1], kind) as data,
            growing(folder / "indices.npy", indptr[-1], np.int32) as indices,
        ):
            for _, genes in turned(blocks(display.values, PIECE), seen.stored, self.folder):
                data.write(genes.data.astype(kind).tobytes())
                indices.write(genes.indices.astype(np.int32, copy=False).tobytes())

    def _write_column(self, i, column, values):
        """One obs column as codes into sorted category names, or as numbers; returns its entry in columns.json."""
        entry = {"name": column.name, "kind": column.kind, "distinct": column.distinct, "role": column.role}
        if column.kind == "number":
            write_array(self.folder / "obs" / f"{i}.npy", values.to_numpy(np.float32, na_value=np.nan))
        elif column.kind == "category":
            factor = values.astype("category").cat
            entry["categories"] = [str(c) for c in factor.categories]
            write_array(self.folder / "obs" / f"{i}.npy", factor.codes.to_numpy(np.int32))
        return entry  # free text is kept in data.h5ad alone: it colours nothing

    def _write_spaces(self, adata):
        """The embeddings that came with the file: every obsm of numbers with two columns or more, but the proteins."""
        found = []
        for name, values in adata.obsm.items():
            values = values.to_numpy() if hasattr(values, "to_numpy") else values
            columns = values.shape[1] if getattr(values, "ndim", 0) == 2 else 0
            if (
                name == "protein"
                or columns < 2
                or getattr(values, "dtype", np.dtype(object)).kind not in "buif"
            ):
                continue
            some = values[:, :SPACE_COLUMNS]
            some = some.toarray() if hasattr(some, "toarray") else some
            write_array(self.folder / "obsm" / f"{len(found)}.npy", np.asarray(some, dtype=np.float32))
            found.append({"name": str(name), "columns": int(columns)})
        write_json(self.folder / "obsm" / "spaces.json", found)

    def spaces(self):
        """The file's own embeddings: records with name and columns (of the file; SPACE_COLUMNS of them are kept)."""
        path = self.folder / "obsm" / "spaces.json"
        return read_json(path) if path.exists() else []  # a data set read by an earlier Nuwa has none

    def space(self, name):
        """(cells, 2 to SPACE_COLUMNS) float32 coordinates of an embedding of the file; KeyError if absent."""
        for i, entry in enumerate(self.spaces()):
            if entry["name"] == name:
                return read_array(self.folder / "obsm" / f"{i}.npy")
        raise KeyError(name)

    def cells(self):
        """(cells,) names as bytes; decode what is shown."""
        return read_array(self.folder / "cells.npy")

    def genes(self):
        """{"names": [...], "words": what the display values are}."""
        return read_json(self.folder / "genes.json")

    def gene(self, i):
        """(cells,) float32 display values of gene `i`."""
        start, stop = read_array(self.folder / "genes" / "indptr.npy")[i : i + 2]
        values = np.zeros(len(self.cells()), dtype=np.float32)
        rows = read_array(self.folder / "genes" / "indices.npy")[start:stop]
        shown = read_array(self.folder / "genes" / "data.npy")[start:stop].astype(np.float32)
        if (path := self.folder / "genes" / "size.npy").exists():
            shown = np.log1p(shown * read_array(path)[rows])
        values[rows] = shown
        return values

    def gene_blocks(self, n_values=GENE_BLOCK):
        """CSC matrices (cells, genes of the block) float32 of the display values of all genes, in order.

        About `n_values` values each, and no more than one of them in memory.
        """
        from scipy import sparse

        folder, n_cells = self.folder / "genes", len(self.cells())
        indptr = np.array(read_array(folder / "indptr.npy"), dtype=np.int64)
        scale = read_array(folder / "size.npy") if (folder / "size.npy").exists() else None
        first = 0
        while first < len(indptr) - 1:
            last = int(np.searchsorted(indptr, indptr[first] + n_values, side="right")) - 1
            last = min(max(last, first + 1), len(indptr) - 1)
            here = slice(indptr[first], indptr[last])
            # Opened for each block anew, so that what was read does not stay mapped.
            rows = np.array(read_array(folder / "indices.npy")[here])
            shown = np.array(read_array(folder / "data.npy")[here], dtype=np.float32)
            if scale is not None:
                shown = np.log1p(shown * scale[rows])
            pointer = indptr[first : last + 1] - indptr[first]
            yield sparse.csc_matrix((shown, rows, pointer), shape=(n_cells, last - first))
            first = last

    def proteins(self):
        """(cells, proteins) float32 raw counts, mapped; without proteins there are no columns."""
        path = self.folder / "proteins.npy"
        return read_array(path) if path.exists() else np.empty((len(self.cells()), 0), np.float32)

    def protein(self, j):
        """(cells,) float32 raw counts of protein `j`."""
        return np.array(read_array(self.folder / "proteins.npy")[:, j])

    def columns(self):
        """The obs columns that can colour a plot: records with name, kind, categories."""
        return [c for c in read_json(self.folder / "obs" / "columns.json") if c["kind"] != "text"]

    def column(self, name):
        """(entry, values): int codes (-1 missing) of a category column, float32 of a number column; KeyError if absent."""
        for i, entry in enumerate(read_json(self.folder / "obs" / "columns.json")):
            if entry["name"] == name and entry["kind"] != "text":
                return entry, np.array(read_array(self.folder / "obs" / f"{i}.npy"))
        raise KeyError(name)

    def per_cell(self, name):
        """(cells,) float32 of "n_counts", "n_genes", "share_mito" and its like, or None where the file does not tell."""
        path = self.folder / f"{name}.npy"
        return np.array(read_array(path)) if path.exists() else None

    def measured(self):
        """What limits on cells go by, as core.preprocessing.steps.filters has it: (cells,) float32 by measure."""
        names = {"counts": "n_counts", "genes": "n_genes"} | {
            n: f"share_{n}" for n in ("mito", "ribo", "haemo")
        }
        found = {measure: self.per_cell(name) for measure, name in names.items()}
        for measure, column in (("doublet", "doublet_score"), ("predicted", "predicted_doublet")):
            with suppress(KeyError):
                entry, values = self.column(column)
                found[measure] = values
                if entry["kind"] == "category":
                    called = np.array([*entry["categories"], ""])[values] == "True"
                    found[measure] = called.astype(np.float32)
        return {measure: values for measure, values in found.items() if values is not None}


def _text(names):
    return np.char.encode(np.asarray(names).astype(str), "utf-8")
