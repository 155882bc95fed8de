"""The report: everything that was found, and what of it goes into the record."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from core.data.checks.finding import Column, Finding
from core.data.matrix_kind import MatrixKind
from core.data.protein_panel import ProteinReport

FIRST = 5  # names of each axis in the record


@dataclass(frozen=True)
class Report:
    """What `examine` saw."""

    cells: int
    genes: int
    proteins: ProteinReport
    sparsity: float  # share of zeros in the matrix that is trained on
    verdict: MatrixKind  # on X
    matrices: dict[str, MatrixKind]  # on X, every layer and .raw, by where they lie
    counts_where: str | None  # 'X', 'layers["counts"]', 'raw.X'; None where there are no counts
    trains_on: str  # in words
    colours: str  # in words: the values that colour genes on plots
    species: str  # 'human', 'mouse', ...; '' where the names do not tell
    findings: tuple[Finding, ...]  # the gravest first
    columns: tuple[Column, ...]
    batch: str | None  # the one column that names the batches beyond doubt
    n_counts: np.ndarray | None = field(
        repr=False
    )  # (cells,) of all genes where the file tells; None: no counts
    n_genes: np.ndarray | None = field(repr=False)  # (cells,) genes above 0; None for scaled values
    shares: dict[str, np.ndarray] = field(
        repr=False
    )  # "mito", "ribo", "haemo", "top20": (cells,) percent of the counts
    quality_columns: dict[str, str]  # the obs columns that tell of a cell in place of the matrix, by measure
    total: float = 0.0  # the sum of the matrix that is trained on, without missing values
    protein_total: float = 0.0  # the same of all proteins
    first_cells: tuple[str, ...] = ()  # the first five names, by which a script checks a reading
    first_genes: tuple[str, ...] = ()  # of the matrix that is trained on

    @property
    def repairs(self) -> list[str]:
        """The names of the repairs that findings offer (core.preprocessing.recipe.STEPS)."""
        return sorted({name for finding in self.findings for name in finding.repairs})

    @property
    def kind(self) -> str:
        """The kind of the matrix that is trained on."""
        return "counts" if self.counts_where else self.verdict.kind

    @property
    def badge(self) -> dict[str, str]:
        """What X holds, in a word for every plot, and whether that is good news ("info") or not ("warn")."""
        odd = self.verdict.kind == "other" or self.verdict.form in ("twice", "clr cells", "clr genes")
        return {
            "words": f"X: {self.verdict.badge}",
            "tone": "warn" if odd else "info",
            "why": self.verdict.evidence,
        }

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
            "matrices": {where: verdict._asdict() for where, verdict in self.matrices.items()},
            "badge": self.badge,
            "counts_where": self.counts_where,
            "trains_on": self.trains_on,
            "colours": self.colours,
            "species": self.species,
            "findings": [asdict(finding) for finding in self.findings],
            "columns": [column._asdict() | {"examples": list(column.examples)} for column in self.columns],
            "batch": self.batch,
            "quality_columns": self.quality_columns,
            "total": self.total,
            "protein_total": self.protein_total,
            "first_cells": list(self.first_cells),
            "first_genes": list(self.first_genes),
            "first_proteins": list(names[:FIRST]),
        }
