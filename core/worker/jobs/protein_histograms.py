"""Histograms of proteins before and after a transform, small enough for the result of a job."""

import numpy as np

from core.config import RunConfig
from core.data.protein_panel import protein_report
from core.preprocessing.protein_transforms import transformed
from core.preprocessing.split import split_cells

CELLS_SHOWN = 20_000  # whose values are binned
BINS = 50
SDS = 3.0  # above the isotype controls' mean: of values that scatter like a bell, one in 740 lies higher by chance


def of_proteins(adata, transform):
    """{"proteins", "isotypes", "transform", "notes"} of all usable proteins under a transform, as JSON can hold it.

    Of each protein {"name", "before", "after", "limit_before", "limit_after", "above"}: histograms of log10(1 + count)
    and of the transformed values; where isotype controls put the limit of the background in both, and the share of all
    cells above it after the transform. The limits are None without isotype controls. Statistics as a preparation with
    the default split has them. Raises UserError where DSB has no background.
    """
    proteins = transformed(adata, transform, split_cells(adata.n_obs, RunConfig()).train)
    controls = list(protein_report(adata).isotypes) if proteins.values is not None else []
    record = {
        "isotypes": controls,
        "transform": proteins.change.name,
        "notes": proteins.notes,
        "proteins": [],
    }
    if proteins.values is None:
        return record
    limit_before, limits_after = None, [None] * len(proteins.names)
    if controls:
        of_controls = adata.obsm["protein"][controls].to_numpy(dtype=np.float32)
        limit_before = limit(np.log10(1 + np.maximum(of_controls, 0)))
        limits_after = _after(proteins, of_controls, limit_before)
    rows = np.arange(0, adata.n_obs, max(1, -(-adata.n_obs // CELLS_SHOWN)))
    before = np.log10(1 + np.maximum(proteins.counts[rows], 0))
    for i, name in enumerate(proteins.names):
        after, line = proteins.values[:, i], limits_after[i]
        record["proteins"].append(
            {
                "name": str(name),
                "before": _binned(before[:, i]),
                "after": _binned(after[rows]),
                "limit_before": limit_before,
                "limit_after": None if line is None else float(line),
                "above": None if line is None else float((after > line).mean()),
            }
        )
    return record


def limit(values):
    """Mean and three standard deviations of all values of the isotype controls."""
    return float(values.mean(dtype=np.float64) + SDS * values.std(dtype=np.float64, ddof=1))


def _after(proteins, of_controls, limit_before):
    """(proteins,) the limit after the transform.

    Where isotype controls can be transformed with the proteins (within a cell, against empty droplets) it is that of
    their transformed values; where each protein goes by a measure of its own, the limit in counts is carried over.
    """
    values = proteins.change.controls(of_controls)
    if values is not None:
        return np.full(len(proteins.names), limit(values))
    counts = np.full((1, len(proteins.names)), 10**limit_before - 1)
    return proteins.change.forward(counts, np.array([0]))[0]


def _binned(values):
    low, high = float(values.min()), float(values.max())
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    return {"counts": np.histogram(values, edges)[0].tolist(), "edges": [float(f"{v:.4g}") for v in edges]}
