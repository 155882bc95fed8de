"""The folder of a dataset; anyone can open its files without Nuwa."""

from contextlib import suppress
from pathlib import Path

import numpy as np

from core.config import MOST_BATCHES
from core.data.standalone.feature_types import feature_kind
from core.files import growing, read_array, read_json, whole, write_array, write_json

GENE_BLOCK = 1 << 22  # values of genes that are read at once: 32 MB
SPACE_COLUMNS = 10  # of an embedding that came with the file: a plot shows two or three


class DatasetFolder:
    """One dataset on disk: the file in normal form, and what pages need of it without reading that file.

    `data.h5ad`; `cells.npy`, `genes.json`; `obs/` a file a column; `obsm/` the first columns of the file's own
    embeddings; `tables/` its other tables of features, such as hashtags; `proteins.npy` (cells, proteins) raw;
    `genes/` the values that colour genes, by gene (CSC), so that one gene is read without the others: counts as they
    are, with the `size.npy` that each cell is multiplied by before log1p, or without it what is shown.
    """

    def __init__(self, folder):
        self.folder = Path(folder)

    @property
    def file(self):
        return self.folder / "data.h5ad"

    def write(self, adata, report, by_gene):
        """Fill the folder from an AnnData in normal form, the Report of its data checks and its ValuesByGene."""
        from core.data import h5ad_writer

        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.file.exists():  # where it was read from a file, it is there in this form already
            whole(self.file, lambda temporary: h5ad_writer.write(temporary, adata))
        write_array(self.folder / "cells.npy", _text(adata.obs_names))
        names = [str(name) for name in by_gene.names]
        write_json(self.folder / "genes.json", {"names": names, "words": report.colours})
        self._write_genes(by_gene)
        if "protein" in adata.obsm:
            write_array(self.folder / "proteins.npy", np.asarray(adata.obsm["protein"], dtype=np.float32))
        self._write_tables(adata)
        self._write_spaces(adata)
        columns = [self._write_column(i, c, adata.obs[c.name]) for i, c in enumerate(report.columns)]
        write_json(self.folder / "obs" / "columns.json", columns)
        for name, values in (("n_counts", report.n_counts), ("n_genes", report.n_genes)):
            if values is not None:
                write_array(self.folder / f"{name}.npy", np.asarray(values, dtype=np.float32))
        for name, values in report.shares.items():
            write_array(self.folder / f"share_{name}.npy", np.asarray(values, dtype=np.float32))

    def _write_genes(self, by_gene):
        """The values that colour genes, in as much memory whatever the number of cells."""
        folder, indptr = self.folder / "genes", by_gene.indptr
        if by_gene.size is not None:
            write_array(folder / "size.npy", by_gene.size)
        write_array(folder / "indptr.npy", indptr)
        with (
            growing(folder / "data.npy", indptr[-1], by_gene.dtype) as data,
            growing(folder / "indices.npy", indptr[-1], np.int32) as indices,
        ):
            for genes in by_gene.genes():
                data.write(genes.data.astype(by_gene.dtype).data)
                indices.write(genes.indices.astype(np.int32, copy=False).data)

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

    def _write_tables(self, adata):
        """The tables of features in obsm beside the proteins, such as the counts of hashtags, with their names."""
        from core.data.feature_tables import feature_tables, is_count_table

        records = []
        for name, table in feature_tables(adata).items():
            values = table.to_numpy(np.float32, na_value=np.nan)
            write_array(self.folder / "tables" / f"{len(records)}.npy", values)
            records.append({"name": name, "columns": list(table.columns), "counts": is_count_table(table)})
        write_json(self.folder / "tables" / "tables.json", records)

    def _write_spaces(self, adata):
        """The embeddings that came with the file: every obsm of numbers with two columns or more that is no table."""
        records, tables = [], {"protein", *(entry["name"] for entry in self.tables())}
        for name, values in adata.obsm.items():
            values = values.to_numpy() if hasattr(values, "to_numpy") else values
            columns = values.shape[1] if getattr(values, "ndim", 0) == 2 else 0
            if name in tables or columns < 2 or getattr(values, "dtype", np.dtype(object)).kind not in "buif":
                continue
            some = values[:, :SPACE_COLUMNS]
            some = some.toarray() if hasattr(some, "toarray") else some
            write_array(self.folder / "obsm" / f"{len(records)}.npy", np.asarray(some, dtype=np.float32))
            records.append({"name": str(name), "columns": int(columns)})
        write_json(self.folder / "obsm" / "spaces.json", records)

    def spaces(self):
        """The file's own embeddings: records with name and columns (of the file; SPACE_COLUMNS of them are kept)."""
        path = self.folder / "obsm" / "spaces.json"
        spaces = read_json(path) if path.exists() else []  # a dataset read by an earlier Nuwa has none
        # An earlier Nuwa took tables of hashtags and of proteins for embeddings.
        return [entry for entry in spaces if feature_kind(entry["name"]) == "other"]

    def space(self, name):
        """(cells, 2 to SPACE_COLUMNS) float32 coordinates of an embedding of the file; KeyError if absent."""
        if name in [entry["name"] for entry in self.spaces()]:
            names = [entry["name"] for entry in read_json(self.folder / "obsm" / "spaces.json")]
            return read_array(self.folder / "obsm" / f"{names.index(name)}.npy")
        raise KeyError(name)

    def tables(self):
        """The tables of features in obsm beside the proteins: records with name, columns, and whether it holds counts."""
        path = self.folder / "tables" / "tables.json"
        return read_json(path) if path.exists() else []  # a dataset read by an earlier Nuwa has none

    def table_column(self, name, column):
        """(entry, (cells,) float32) of one column of such a table; KeyError if absent."""
        for i, entry in enumerate(self.tables()):
            if entry["name"] == name and column in entry["columns"]:
                values = read_array(self.folder / "tables" / f"{i}.npy")
                return entry, np.array(values[:, entry["columns"].index(column)])
        raise KeyError(f"{name}: {column}")

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

    def has_counts(self):
        """Are the values that colour genes kept as raw counts?"""
        return (self.folder / "genes" / "size.npy").exists()

    def gene_blocks(self, n_values=GENE_BLOCK, counts=False):
        """CSC matrices (cells, genes of the block) float32 of the display values of all genes, in order.

        About `n_values` values each, and no more than one of them in memory. `counts`: the raw counts instead, of a
        dataset that `has_counts`.
        """
        from scipy import sparse

        folder, n_cells = self.folder / "genes", len(self.cells())
        indptr = np.array(read_array(folder / "indptr.npy"), dtype=np.int64)
        scale = read_array(folder / "size.npy") if self.has_counts() and not counts else None
        first = 0
        while first < len(indptr) - 1:
            last = int(np.searchsorted(indptr, indptr[first] + n_values, side="right")) - 1
            last = min(max(last, first + 1), len(indptr) - 1)
            here = slice(indptr[first], indptr[last])
            # Opened again for each block, so that what was read does not stay mapped.
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

    def group_columns(self):
        """Of `columns` those of 2 to 500 categories, which can name batches or donors, the likely ones first."""
        few = [
            c for c in self.columns() if c["kind"] == "category" and 2 <= len(c["categories"]) <= MOST_BATCHES
        ]
        return sorted(few, key=lambda c: c["role"] != "batch")

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
            n: f"share_{n}" for n in ("top20", "mito", "ribo", "haemo")
        }
        values_of = {measure: self.per_cell(name) for measure, name in names.items()}
        for measure, column in (("doublet", "doublet_score"), ("predicted", "predicted_doublet")):
            with suppress(KeyError):
                entry, values = self.column(column)
                values_of[measure] = values
                if entry["kind"] == "category":
                    called = np.array([*entry["categories"], ""])[values] == "True"
                    values_of[measure] = called.astype(np.float32)
        return {measure: values for measure, values in values_of.items() if values is not None}


def _text(names):
    return np.char.encode(np.asarray(names).astype(str), "utf-8")
