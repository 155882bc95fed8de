"""Cells and genes that say nothing, and cells that say the same twice."""

import itertools
from typing import NamedTuple

import numpy as np
from scipy import sparse

from core.data.checks.context import Case
from core.data.checks.finding import Finding
from core.data.count_sources import matrix_at
from core.data.scan_block import N_HASHES
from core.text import few

FEW_CELLS = 200  # below it a held-out tenth is 20 cells and no score is steady
UNFILTERED = 0.3  # share of empty cells from which a file looks like 10x's raw_feature_bc_matrix

LEAST_GENES = 50  # cells with fewer genes agree by chance
ALIKE = 0.9  # share of the genes of either cell in which two cells have the same count
HASHES_ALIKE = 9  # of N_HASHES: pairs of cells with less are not looked at any closer
MANY_CELLS = 20_000
# Bounds of the work, whatever the size of the file: cells of a group of equals, pairs seen, pairs compared.
MOST_IN_BUCKET, MOST_SEEN, MOST_PAIRS = 20, 200_000, 2000


class Twins(NamedTuple):
    """Pairs of cells (pairs, 2) that are equal in all genes, and pairs that are nearly so."""

    equal: np.ndarray
    near: np.ndarray


def findings(case: Case) -> list[Finding]:
    """Too few cells, empty cells, silent and constant genes, cells that are there twice."""
    seen, n = case.trained, case.adata.n_obs
    out = []
    if n < FEW_CELLS:
        sentence = f"There are only {n:,} cells: scores will vary much from run to run."
        out.append(Finding("few-cells", "warning", sentence, f"{FEW_CELLS} cells or more are advised."))
    empty, silent = int(np.sum(seen.by_cell == 0)), int(np.sum(seen.by_gene == 0))
    if empty == n:
        return out
    if empty > UNFILTERED * n:
        sentence = (
            f"{empty:,} of {n:,} cells are empty: bring the filtered matrix, not the raw one of all droplets."
        )
        out.append(
            Finding("unfiltered", "warning", sentence, "No value above 0 in any gene.", "drop_empty_cells")
        )
    elif empty:
        sentence = "1 cell is empty and says" if empty == 1 else f"{empty:,} cells are empty and say"
        evidence = "No value above 0 in any gene."
        out.append(
            Finding("cells-empty", "warning", f"{sentence} nothing: leave out.", evidence, "drop_empty_cells")
        )
    if silent:
        sentence = "1 gene is" if silent == 1 else f"{silent:,} of {seen.genes:,} genes are"
        out.append(Finding("genes-silent", "note", f"{sentence} 0 in every cell and cannot be learned from."))
    return [*out, *_constant(case), *_twins(case)]


def twins(matrix, signatures) -> Twins:
    """Cells of counts that are there twice, found by MinHash signatures (cells, N_HASHES) and then compared in full.

    At most 2,000 pairs are compared; what is found is there, what is not found may be.
    """
    pairs = _candidates(signatures)
    if not len(pairs):
        return Twins(pairs, pairs)
    rows = np.unique(pairs)
    part = _rows(matrix, rows)
    one, other = (part[np.searchsorted(rows, pairs[:, side])] for side in (0, 1))
    either = np.asarray(((one + other) != 0).sum(axis=1)).ravel()  # counts: no sum is 0 but of zeros
    differ = np.asarray((one != other).sum(axis=1)).ravel()
    asked = either >= LEAST_GENES
    return Twins(pairs[asked & (differ == 0)], pairs[asked & (differ > 0) & (differ <= (1 - ALIKE) * either)])


def _candidates(signatures) -> np.ndarray:
    """(pairs, 2) of cells whose signatures agree in enough places, the most alike first."""
    filled = np.flatnonzero(signatures.any(axis=1))
    short = 3 if len(filled) <= MANY_CELLS else 6  # among many cells, three hashes agree by chance too often
    bands = [slice(0, N_HASHES), *(slice(start, start + short) for start in range(0, N_HASHES, short))]
    found = []
    for band in bands:
        found += itertools.islice(_pairs(filled, signatures[filled, band]), MOST_SEEN)
    if not found:
        return np.zeros((0, 2), int)
    pairs = np.unique(np.array(found), axis=0)
    alike = np.sum(signatures[pairs[:, 0]] == signatures[pairs[:, 1]], axis=1)
    best = np.argsort(-alike, kind="stable")[:MOST_PAIRS]
    return pairs[best[alike[best] >= HASHES_ALIKE]]


def _pairs(cells, hashes):
    """Pairs of `cells` (in their order) whose rows of `hashes` are equal, a few from each group of equals."""
    odd = np.arange(1, 2 * hashes.shape[1], 2, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    key = (hashes * odd).sum(axis=1, dtype=np.uint64)
    order = np.argsort(key, kind="stable")
    edges = np.flatnonzero(np.diff(key[order])) + 1
    starts, stops = np.append(0, edges), np.append(edges, len(order))
    several = stops - starts > 1
    for low, high in zip(starts[several], stops[several], strict=True):
        yield from itertools.combinations(cells[order[low : min(high, low + MOST_IN_BUCKET)]].tolist(), 2)


def _rows(matrix, rows) -> sparse.csr_matrix:
    """Some rows of a matrix in memory or on disk, as CSR."""
    if sparse.issparse(matrix):
        matrix = matrix.tocsr()
    return sparse.csr_matrix(matrix[rows])


def _twins(case) -> list[Finding]:
    if case.trained.signatures is None or case.counts_where is None:
        return []
    equal, near = twins(matrix_at(case.adata, case.where), case.trained.signatures)
    out, names = [], case.adata.obs_names
    for pairs, code, same in (
        (equal, "cells-twice", "the same counts in every gene"),
        (near, "cells-nearly-twice", f"the same count in {ALIKE:.0%} of their genes"),
    ):
        if len(pairs):
            n = len(np.unique(pairs))
            sentence = f"{n:,} cells have a twin with {same}: the same cells may be in the file twice."
            shown = f"Such as {names[pairs[0, 0]]} and {names[pairs[0, 1]]}."
            out.append(Finding(code, "warning", sentence, shown))
    return out


def _constant(case) -> list[Finding]:
    """Genes with the same value, not 0, in every cell."""
    seen = case.trained
    full = (seen.by_gene == seen.cells) & (seen.cells > 1)
    flat = full & (seen.sd <= 1e-6 * np.maximum(np.abs(seen.mean), 1e-12))
    if not flat.any():
        return []
    n = int(flat.sum())
    sentence = "1 gene has" if n == 1 else f"{n:,} genes have"
    shown = few(case.gene_names[flat])
    return [
        Finding(
            "genes-constant",
            "note",
            f"{sentence} the same value in every cell and cannot be learned from.",
            shown,
        )
    ]
