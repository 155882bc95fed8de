"""Decide where the counts of an AnnData lie: for training, joining, mapping, export, colours and every check.

The places are looked at in the order of core.data.standalone.count_places. A place holds the counts where `why_not`
has nothing against it; the first one does. Where two such places differ, the reader asks (core.data.read.which_counts).
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.data.matrix_kind import Kind, MatrixKind, remember, what_is
from core.data.standalone.count_places import (
    CHOSEN,
    chosen_place,
    in_order,
    is_small_part,
    is_velocity,
    places,
)
from core.sparse.access import in_memory

DISPLAY_SUM = 10_000  # counts per 10,000, as in scanpy's and Seurat's tutorials

__all__ = [
    "Counts",
    "Display",
    "Source",
    "counts_of",
    "decide",
    "display_of",
    "first_counts",
    "genes_of",
    "logged",
    "matrix_at",
    "places",
    "recall",
    "shown_at",
    "size_factors",
    "source_of",
    "why_not",
]


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
    """The raw counts of a dataset, None where there are none; no more places are looked at than needed."""
    kinds: dict[str, MatrixKind] = {}
    for where, matrix in in_order(adata):
        kinds[where] = what_is(matrix)
        if not why_not(adata, where, kinds):
            return Counts(matrix, where)
    return None


def decide(adata: AnnData, kinds: dict[str, MatrixKind]) -> str | None:
    """The place of `counts_of`, by the kinds of places that are known already."""
    order = (where for where, _ in in_order(adata) if where in kinds)
    return next((where for where in order if not why_not(adata, where, kinds)), None)


def why_not(adata: AnnData, where: str, kinds: dict[str, MatrixKind]) -> str:
    """Why a place does not hold the counts, in a few words; "" where it may.

    Counts are whole numbers, not 0 and 1 alone, and their sums differ between cells (core.data.matrix_kind). A layer of
    velocity holds a part of the molecules; so does a place with less than half of the values that a rescaled X shows.
    """
    kind, x = kinds[where], kinds.get("X")
    if kind.kind != "counts":
        return kind.words
    if where == "X" or where == chosen_place(adata):
        return ""
    if is_velocity(where):
        return "a part of the molecules"
    if x is None or not (x.target_sum or x.form) or x.kind not in ("lognorm", "normalized"):
        return ""  # values that are no counts times a factor need not be where the counts are
    genes = len(genes_of(adata, where))
    if kind.nonzero is not None and x.nonzero and is_small_part(kind.nonzero, genes, x.nonzero, adata.n_vars):
        return f"{kind.nonzero / x.nonzero:.0%} of the values that X shows"
    return ""


def recall(adata: AnnData, kinds: dict[str, MatrixKind], counts_where: str | None) -> None:
    """Let `adata` know what an earlier examination saw: the kinds of its matrices on disk, and where the counts lie."""
    for where, matrix in places(adata):
        if where in kinds:
            remember(matrix, kinds[where])
    if counts_where and chosen_place(adata) is None:
        adata.uns[CHOSEN] = counts_where


def first_counts(matrices) -> int | None:
    """Which of several matrices of the same features is the first that holds counts; None where none does."""
    return next((i for i, matrix in enumerate(matrices) if what_is(matrix).kind == "counts"), None)


def genes_of(adata: AnnData, where: str) -> pd.Index:
    """Gene names of the matrix at `where`: .raw has its own."""
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
    counts = counts_of(adata)
    if counts:
        kinds = {}
    else:
        kinds = {where: what_is(matrix) for where, matrix in places(adata) if where in ("X", "raw.X")}
    where, words = shown_at(kinds, counts and counts.where)
    return Display(matrix_at(adata, where), genes_of(adata, where), words, counts is not None)


def shown_at(kinds: dict[str, MatrixKind], counts_where: str | None) -> tuple[str, str]:
    """(where the values lie that colour genes, what they are on the plot), by the kinds of X and .raw."""
    if counts_where:
        return counts_where, f"log1p of counts per {DISPLAY_SUM:,}"
    raw = kinds.get("raw.X")
    if raw and raw.kind == "lognorm" and kinds["X"].kind != "lognorm":
        return "raw.X", ".raw, log-normalised"
    return "X", f"X as it is: {kinds['X'].words}"


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
