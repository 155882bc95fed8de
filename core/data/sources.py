"""Find, in an AnnData, the counts to train on and the values that colour genes on plots."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.blocks import in_memory
from core.data.verdict import KIND_WORDS, Kind, Verdict, what_is

DISPLAY_SUM = 10_000  # counts per 10,000, as in scanpy's and Seurat's tutorials


class Counts(NamedTuple):
    """A matrix of counts and where in the AnnData it lies: 'X', 'layers["counts"]', 'raw.X'."""

    matrix: Any  # (cells, genes); the genes are `genes_of(adata, where)`
    where: str


class Source(NamedTuple):
    """What a model trains on: the counts where there are any, else X as it is."""

    values: Any  # (cells, genes) float32, CSR or dense; or left in a file (core.data.opened)
    genes: pd.Index
    kind: Kind
    where: str


class Display(NamedTuple):
    """Values for colouring genes on plots; `words` says on the plot what they are."""

    matrix: Any  # (cells, genes) CSR float32 or dense
    genes: pd.Index
    words: str


def counts_of(adata: AnnData) -> Counts | None:
    """The raw counts: X, else layers["counts"], another layer, .raw; None where there are none."""
    for where, matrix in _candidates(adata):
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
    return display_from(adata, what_is(adata.X), counts_of(adata))


def display_from(adata: AnnData, verdict: Verdict, counts: Counts | None) -> Display:
    """`display_of`, for a caller who has the verdict on X and the counts in hand already."""
    if counts:
        words = f"log1p of counts per {DISPLAY_SUM:,}"
        return Display(logged(counts.matrix), genes_of(adata, counts.where), words)
    if adata.raw is not None and verdict.kind != "lognorm" and what_is(adata.raw.X).kind == "lognorm":
        return Display(adata.raw.X, adata.raw.var_names, ".raw, log-normalised")
    return Display(adata.X, adata.var_names, f"X as it is: {KIND_WORDS[verdict.kind]}")


def logged(counts) -> sparse.csr_matrix:
    """log1p(counts / library * 10,000), (cells, genes) CSR float32; an empty cell stays 0."""
    result = sparse.csr_matrix(counts, dtype=np.float32, copy=True)
    library = np.asarray(result.sum(axis=1, dtype=np.float64)).ravel()
    factor = DISPLAY_SUM / np.where(library > 0, library, 1.0)
    result.data *= np.repeat(factor.astype(np.float32), np.diff(result.indptr))
    np.log1p(result.data, out=result.data)
    return result


def _candidates(adata: AnnData) -> Iterator[tuple[str, Any]]:
    if adata.X is not None:
        yield "X", adata.X
    for name in sorted(adata.layers, key=lambda name: (name != "counts", name)):
        yield f'layers["{name}"]', adata.layers[name]
    if adata.raw is not None:
        yield "raw.X", adata.raw.X
