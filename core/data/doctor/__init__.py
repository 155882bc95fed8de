"""Examine a data set: what it holds, what it can train, and what its owner should know."""

import numpy as np
from anndata import AnnData

from core import device
from core.data.doctor import cells, columns, names, proteins, size, values
from core.data.doctor.case import Case
from core.data.doctor.finding import SEVERITIES, Column, Finding
from core.data.doctor.report import Report
from core.data.proteins import protein_report
from core.data.sources import Counts, Display, Source, counts_of, display_of, genes_of, source_of
from core.data.verdict import Kind, Verdict, what_is

__all__ = [
    "SEVERITIES",
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


def examine(adata: AnnData, memory: int | None = None, gpu_memory: int | None = None) -> Report:
    """Everything that the Data page and `inspect` say about an AnnData; X, layers and .raw may lie on disk.

    `memory` is how many bytes this process may use (None: as many as the machine or its container has),
    `gpu_memory` those of the GPU, None without one.
    """
    case = Case(adata)
    report = protein_report(adata)
    table = columns.columns_of(adata.obs)
    found = [
        *values.findings(case),
        *names.findings(case),
        *cells.findings(case),
        *proteins.findings(case, report),
        *columns.findings(case, table),
        *size.findings(case, memory or device.memory(), gpu_memory),
    ]
    verdict = case.verdicts["X"]
    n_counts, n_genes = case.n_counts(), case.n_genes()
    return Report(
        cells=adata.n_obs,
        genes=case.trained.genes,
        proteins=report,
        sparsity=case.trained.sparsity,
        verdict=verdict,
        matrices=case.verdicts,
        counts_where=case.counts_where,
        trains_on=f"raw counts ({case.where})" if case.counts_where else f"X as it is: {verdict.words}",
        colours=case.shown[1],
        species=case.species,
        findings=tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))),
        columns=table,
        batch=columns.sure_batch(adata.obs, table),
        n_counts=None if n_counts is None else np.asarray(n_counts, dtype=float),
        n_genes=n_genes,
        shares=case.quality_shares(),
        quality_columns=case.quality_columns,
    )
