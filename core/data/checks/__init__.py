"""Examine a dataset: what it holds, what it can train, and what its owner should know."""

from core.data.checks.finding import SEVERITIES, Column, Finding
from core.data.checks.report import Report
from core.data.checks.run_checks import examine
from core.data.checks.single_pass import Examined, examine_once
from core.data.count_sources import Counts, Display, Source, counts_of, display_of, genes_of, source_of
from core.data.matrix_kind import Kind, MatrixKind, what_is

__all__ = [
    "SEVERITIES",
    "Column",
    "Counts",
    "Display",
    "Examined",
    "Finding",
    "Kind",
    "Report",
    "Source",
    "MatrixKind",
    "counts_of",
    "display_of",
    "examine",
    "examine_once",
    "genes_of",
    "source_of",
    "what_is",
]
