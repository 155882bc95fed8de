"""Run every check on a dataset, and put the report together."""

import numpy as np
from anndata import AnnData

from core import device
from core.data.checks import antibodies, cells, names, obs_columns, values
from core.data.checks import memory as size
from core.data.checks.context import Case
from core.data.checks.finding import SEVERITIES
from core.data.checks.report import FIRST, Report
from core.data.protein_panel import protein_report


def examine(adata: AnnData, memory: int | None = None, gpu_memory: int | None = None) -> Report:
    """Everything that the Data page and `inspect` say about an AnnData; X, layers and .raw may lie on disk.

    `memory` is how many bytes this process may use (None: as many as the machine or its container has),
    `gpu_memory` those of the GPU, None without one.
    """
    return report_of(Case(adata), memory, gpu_memory)


def report_of(case: Case, memory: int | None = None, gpu_memory: int | None = None) -> Report:
    """The Report on a dataset whose values were swept."""
    adata = case.adata
    report = protein_report(adata)
    table = obs_columns.columns_of(adata.obs)
    found = [
        *values.findings(case),
        *names.findings(case),
        *cells.findings(case),
        *antibodies.findings(case, report),
        *obs_columns.findings(case, table),
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
        batch=obs_columns.sure_batch(adata.obs, table),
        n_counts=None if n_counts is None else np.asarray(n_counts, dtype=float),
        n_genes=n_genes,
        shares=case.quality_shares(),
        quality_columns=case.quality_columns,
        total=float(case.trained.cell_sums.sum()),
        protein_total=_sum_of_proteins(adata),
        first_cells=tuple(adata.obs_names[:FIRST].astype(str)),
        first_genes=tuple(case.gene_names[:FIRST].astype(str)),
    )


def _sum_of_proteins(adata):
    if "protein" not in adata.obsm:
        return 0.0
    return float(np.nansum(np.asarray(adata.obsm["protein"], dtype=np.float64)))
