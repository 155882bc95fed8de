"""Find, in an AnnData, the counts to train on and the values that colour genes on plots."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.data.matrix_kind import Kind, MatrixKind, what_is
from core.sparse.access import in_memory

DISPLAY_SUM = 10_000  # counts per 10,000, as in scanpy's and Seurat's tutorials


class Counts(NamedTuple):
    """A matrix of counts and where in the AnnData it lies: 'X', 'layers["counts"]', 'raw.X'."""

    matrix: Any  # (cells, genes); the genes are `genes_of(adata, where)`
    where: str


class Source(NamedTuple):
    """What a model trains on: the counts where there are any, else X as it is."""

    values: Any  # (cells, genes) float32, CSR or dense; or left in a file (core.data.backed)
    genes: pd.Index
    kind: Kind
    where: str


class Display(NamedTuple):
    """Values for colouring genes on plots; `words` says on the plot what they are."""

    values: Any  # (cells, genes) as they lie in the AnnData, in memory or in a file
    genes: pd.Index
    words: str
    counts: bool  # they are counts, and shown normalised and logged

    @property
    def matrix(self):
        """(cells, genes) what is shown, CSR float32 or dense, in memory."""
        return logged(self.values) if self.counts else self.values


def counts_of(adata: AnnData) -> Counts | None:
    """The raw counts: X, else layers["counts"], another layer, .raw; None where there are none."""
    for where, matrix in places(adata):
        if what_is(matrix).kind == "counts":
            return Counts(matrix, where)
    return None


def genes_of(adata: AnnData, where: str) -> pd.Index:
    """Gene names of the matrix that `counts_of` found at `where`: .raw has its own."""
    return adata.raw.var_names if where == "raw.X" else adata.var_names


def source_of(adata: AnnData) -> Source:
    """The values, genes and kind of matrix to train on: counts from wherever they lie, else X."""
    counts = counts_of(adata)
    matrix = counts.matrix if counts else adata.X
    where = counts.where if counts else "X"
    kind = "counts" if counts else what_is(adata.X).kind
    if not in_memory(matrix):
        values = matrix
    elif sparse.issparse(matrix):
        values = sparse.csr_matrix(matrix, dtype=np.float32)  # no copy where it is one already
    else:
        values = np.ascontiguousarray(matrix, dtype=np.float32)
    return Source(values, genes_of(adata, where), kind, where)


def display_of(adata: AnnData) -> Display:
    """Values for colouring genes: logged counts, else a log-normalised .raw, else X as it is."""
    verdicts = {}
    for where, matrix in places(adata):
        verdicts[where] = what_is(matrix)
        if verdicts[where].kind == "counts":
            break
    where, words = shown_at(verdicts)
    return Display(matrix_at(adata, where), genes_of(adata, where), words, verdicts[where].kind == "counts")


def shown_at(verdicts: dict[str, MatrixKind]) -> tuple[str, str]:
    """(where the values lie that colour genes, what they are on the plot), by the kinds of all `places`."""
    for where, verdict in verdicts.items():
        if verdict.kind == "counts":
            return where, f"log1p of counts per {DISPLAY_SUM:,}"
    raw = verdicts.get("raw.X")
    if raw and raw.kind == "lognorm" and verdicts["X"].kind != "lognorm":
        return "raw.X", ".raw, log-normalised"
    return "X", f"X as it is: {verdicts['X'].words}"


def matrix_at(adata: AnnData, where: str):
    """The matrix that lies at one of the `places`."""
    return dict(places(adata))[where]


def logged(counts) -> sparse.csr_matrix:
    """log1p(counts / library * 10,000), (cells, genes) CSR float32; an empty cell stays 0."""
    result = sparse.csr_matrix(counts, dtype=np.float32, copy=True)
    library = np.asarray(result.sum(axis=1, dtype=np.float64)).ravel()
    result.data *= np.repeat(size_factors(library), np.diff(result.indptr))
    np.log1p(result.data, out=result.data)
    return result


def size_factors(library) -> np.ndarray:
    """(cells,) float32: what counts are multiplied by before log1p, by their sum in each cell (float64)."""
    return (DISPLAY_SUM / np.where(library > 0, library, 1.0)).astype(np.float32)


def places(adata: AnnData) -> Iterator[tuple[str, Any]]:
    """(where, matrix) of X, the layers and .raw, in the order in which counts are looked for."""
    if adata.X is not None:
        yield "X", adata.X
    for name in sorted(adata.layers, key=lambda name: (name != "counts", name)):
        yield f'layers["{name}"]', adata.layers[name]
    if adata.raw is not None:
        yield "raw.X", adata.raw.X
