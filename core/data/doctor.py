"""Examine a data set: what it holds, what it can train, and what its owner should know."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from core.data.proteins import ProteinReport, protein_report
from core.data.sources import (
    Counts,
    Display,
    Source,
    counts_of,
    display_from,
    display_of,
    genes_of,
    source_of,
)
from core.data.verdict import KIND_WORDS, Kind, Verdict, what_is

__all__ = [
    "Column",
    "Counts",
    "Display",
    "Finding",
    "Kind",
    "Report",
    "Source",
    "Verdict",
    "counts_of",
    "display_of",
    "examine",
    "genes_of",
    "source_of",
    "what_is",
]

FEW_CELLS = 200  # below it a held-out tenth is 20 cells and no score is steady
UNFILTERED = 0.3  # share of empty cells from which a file looks like 10x's raw_feature_bc_matrix
MAX_CLASSES = 100  # a column with more distinct values is no set of labels one can look at

LABEL_WORDS = ("type", "label", "annot", "cluster", "louvain", "leiden", "class", "ident", "phase")
BATCH_WORDS = ("batch", "donor", "sample", "library", "patient", "replicate", "lane", "plate", "subject")

Severity = Literal["stop", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("stop", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing the owner should know: a sentence, and the observation behind it."""

    severity: Severity
    sentence: str
    evidence: str = ""


class Column(NamedTuple):
    """A column of obs; `role` is a guess from its name: 'labels', 'batch' or ''."""

    name: str
    kind: Literal["category", "number", "text"]
    distinct: int
    examples: tuple[str, ...]
    role: str


@dataclass(frozen=True)
class Report:
    """What `examine` saw."""

    cells: int
    genes: int
    proteins: ProteinReport
    sparsity: float  # share of zeros in the matrix that is trained on
    verdict: Verdict  # on X
    counts_where: str | None  # 'X', 'layers["counts"]', 'raw.X'; None where there are no counts
    trains_on: str  # in words
    colours: str  # in words: the values that colour genes on plots
    findings: tuple[Finding, ...]  # the gravest first
    columns: tuple[Column, ...]
    n_counts: np.ndarray | None = field(repr=False)  # (cells,) None where there are no counts
    n_genes: np.ndarray | None = field(repr=False)  # (cells,) genes above 0; None for scaled values

    def record(self) -> dict[str, Any]:
        """The report as JSON-able dict, without the arrays."""
        names, _, left_out = self.proteins
        return {
            "cells": self.cells,
            "genes": self.genes,
            "proteins": list(names),
            "proteins_left_out": dict(left_out),
            "sparsity": self.sparsity,
            "verdict": self.verdict._asdict(),
            "counts_where": self.counts_where,
            "trains_on": self.trains_on,
            "colours": self.colours,
            "findings": [asdict(finding) for finding in self.findings],
            "columns": [column._asdict() | {"examples": list(column.examples)} for column in self.columns],
        }


def examine(adata: AnnData) -> Report:
    """Everything the data page says about an AnnData that came through `read`."""
    verdict = what_is(adata.X)
    counts = Counts(adata.X, "X") if verdict.kind == "counts" else counts_of(adata)
    display = display_from(adata, verdict, counts)
    matrix = counts.matrix if counts else adata.X
    by_cell, by_gene = _filled(matrix)
    proteins = protein_report(adata)
    columns = tuple(_column(name, adata.obs[name]) for name in adata.obs.columns)
    findings = [
        *_of_matrix(verdict, counts, display, adata),
        *_of_names(adata),
        *_of_size(adata, by_cell, by_gene),
        *_of_proteins(adata, proteins),
        *_of_columns(columns),
    ]
    n_counts = np.asarray(matrix.sum(axis=1, dtype=np.float64)).ravel() if counts else None
    n_genes = by_cell if counts else None
    if n_genes is None and what_is(display.matrix).kind in ("lognorm", "normalized"):
        n_genes = _filled(display.matrix)[0]
    return Report(
        cells=adata.n_obs,
        genes=matrix.shape[1],
        proteins=proteins,
        sparsity=1 - float(by_cell.sum()) / float(np.prod(matrix.shape, dtype=float)),
        verdict=verdict,
        counts_where=counts.where if counts else None,
        trains_on=f"raw counts ({counts.where})" if counts else f"X as it is: {KIND_WORDS[verdict.kind]}",
        colours=display.words,
        findings=tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))),
        columns=columns,
        n_counts=n_counts,
        n_genes=n_genes,
    )


def _of_matrix(verdict: Verdict, counts: Counts | None, display: Display, adata: AnnData) -> list[Finding]:
    holds = f"X holds {KIND_WORDS[verdict.kind]}"
    if counts and counts.where == "X":
        return [Finding("note", f"{holds}.", verdict.evidence)]
    if counts:
        genes = f"{counts.matrix.shape[1]:,} genes"
        found = Finding("note", f"Raw counts were found in {counts.where} ({genes}) and are trained on.")
        return [Finding("note", f"{holds}.", verdict.evidence), found]
    findings = [
        Finding("note", f"{holds} and is trained on as it is.", verdict.evidence),
        Finding(
            "warning",
            "There are no raw counts in this file, so models of counts cannot be trained:"
            ' keep the counts in layers["counts"] if you can.',
            verdict.evidence,
        ),
    ]
    if display.words.startswith(".raw"):
        words = (
            f".raw holds log-normalised values of {len(display.genes):,} genes, which colour genes on plots."
        )
        findings.append(Finding("note", words, what_is(adata.raw.X).evidence))
    if verdict.kind in ("normalized", "other"):
        words = "X is neither counts nor logged nor scaled, so a few high genes may rule the loss: bring the counts."
        findings.append(Finding("warning", words, verdict.evidence))
    return findings


def _of_names(adata: AnnData) -> list[Finding]:
    findings = [Finding("note", str(sentence)) for sentence in adata.uns.get("nuwa_read", [])]
    for names, words in ((adata.obs_names, "cell"), (adata.var_names, "gene")):
        if not names.is_unique:
            count = int(names.duplicated().sum())
            findings.append(
                Finding("warning", f"{count:,} {words} names are repeated: read the file through Nuwa.")
            )
    return findings


def _of_size(adata: AnnData, by_cell: np.ndarray, by_gene: np.ndarray) -> list[Finding]:
    findings = []
    if adata.n_obs < FEW_CELLS:
        words = f"There are only {adata.n_obs:,} cells: scores will vary much from run to run."
        findings.append(Finding("warning", words, f"{FEW_CELLS} cells or more are advised."))
    empty, silent = int(np.sum(by_cell == 0)), int(np.sum(by_gene == 0))
    if empty > UNFILTERED * adata.n_obs:
        words = f"{empty:,} of {adata.n_obs:,} cells are empty: bring the filtered matrix, not the raw one of all droplets."
        findings.append(Finding("warning", words, "No value above 0 in any gene."))
    elif empty:
        words = "1 cell is empty and says" if empty == 1 else f"{empty:,} cells are empty and say"
        findings.append(Finding("warning", f"{words} nothing: leave out.", "No value above 0 in any gene."))
    if silent:
        words = "1 gene is" if silent == 1 else f"{silent:,} of {len(by_gene):,} genes are"
        findings.append(Finding("note", f"{words} 0 in every cell and cannot be learned from."))
    return findings


def _of_proteins(adata: AnnData, proteins: ProteinReport) -> list[Finding]:
    if not proteins.names:
        return [Finding("note", "There are no proteins: the model learns from RNA alone.")]
    used = int(proteins.used.sum())
    findings = []
    if used < len(proteins.names):
        reasons = "; ".join(f"{name}: {reason}" for name, reason in proteins.left_out.items())
        words = f"{used} of {len(proteins.names)} proteins are trained on, {', '.join(proteins.left_out)} left out."
        findings.append(Finding("note", words, reasons))
    verdict = what_is(np.asarray(adata.obsm["protein"], dtype=np.float32))
    if verdict.kind != "counts":
        words = "The proteins are not raw counts, which the CLR transform expects: bring their counts."
        findings.append(Finding("warning", words, verdict.evidence))
    return findings


def _of_columns(columns: tuple[Column, ...]) -> list[Finding]:
    findings = []
    for role, words in (("labels", "Labels to compare clusters with"), ("batch", "Possible batches")):
        named = [f"{column.name} ({column.distinct})" for column in columns if column.role == role]
        if named:
            findings.append(Finding("note", f"{words}: {', '.join(named)}."))
    return findings


def _column(name: str, values: pd.Series) -> Column:
    distinct = int(values.nunique())
    examples = tuple(str(value) for value in values.dropna().unique()[:3])
    if pd.api.types.is_bool_dtype(values) or isinstance(values.dtype, pd.CategoricalDtype):
        kind = "category"
    elif pd.api.types.is_integer_dtype(values):  # cluster numbers are often plain integers
        kind = "category" if distinct <= 30 and distinct * 10 <= len(values) else "number"
    elif pd.api.types.is_numeric_dtype(values):
        kind = "number"
    else:
        kind = "category" if distinct * 2 <= len(values) else "text"
    role = ""
    if kind == "category" and 2 <= distinct <= MAX_CLASSES:
        lower = str(name).lower()
        role = "batch" if any(word in lower for word in BATCH_WORDS) else ""
        role = role or ("labels" if any(word in lower for word in LABEL_WORDS) else "")
    return Column(str(name), kind, distinct, examples, role)


def _filled(matrix) -> tuple[np.ndarray, np.ndarray]:
    """Values other than 0 by cell (cells,) and by gene (genes,); counted without a copy of the values."""
    if not sparse.issparse(matrix):
        return np.count_nonzero(matrix, axis=1), np.count_nonzero(matrix, axis=0)
    matrix = matrix.tocsr()
    if np.count_nonzero(matrix.data) < matrix.nnz:
        matrix = matrix.copy()
        matrix.eliminate_zeros()
    return np.diff(matrix.indptr).astype(np.int64), np.bincount(matrix.indices, minlength=matrix.shape[1])
