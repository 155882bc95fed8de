"""Limits on the quality measures of cells: limits suggested from the data, and the cells within limits."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

Range = tuple[float | None, float | None]  # lowest and highest value that is kept; None: no limit
OPEN: Range = (None, None)


class Measure(NamedTuple):
    """A quality measure of cells: its label and unit, and whether it is shown on a log axis (`log`)."""

    label: str
    unit: str
    log: bool
    help: str


MEASURES: dict[str, Measure] = {
    "counts": Measure(
        "Counts",
        "counts",
        True,
        "Low: an empty droplet or a broken cell. Very high: often two cells in one droplet.",
    ),
    "genes": Measure(
        "Genes",
        "genes",
        True,
        "The number of genes detected in the cell; low and high values mean the same as for counts.",
    ),
    "top20": Measure(
        "In 20 highest genes",
        "%",
        False,
        "scanpy's pct_counts_in_top_20_genes. High: few genes make up the cell, as in debris or after failed amplification.",
    ),
    "mito": Measure(
        "Mitochondrial",
        "%",
        False,
        "A broken cell loses its cytoplasm first, so the rest is mitochondrial.",
    ),
    "ribo": Measure("Ribosomal", "%", False, "Differs much between cell types, so no limit is suggested."),
    "haemo": Measure(
        "Haemoglobin", "%", False, "High in red blood cells, and in all cells of a sample with blood."
    ),
    "doublet": Measure(
        "Doublet score", "", False, "From Scrublet: how similar a cell is to the sum of two other cells."
    ),
}
# Median absolute deviations of sc-best-practices' chapter on quality control (Heumos 2023), after Germain 2020. There
# MT counts on both sides; here on the high side only, since a low share is no sign of a broken cell.
COUNTS_MADS, MITO_MADS = 5.0, 3.0
LARGE_SHARE = (
    0.05  # of the cells: a limit on MT that removes more is pointed out, since it may remove healthy cells
)


class Tissue(NamedTuple):
    """A tissue as the page names it, and the range within which the limit on its MT share is suggested, in percent."""

    label: str
    low: float
    high: float


# Healthy human tissues differ by more than tenfold (Osorio 2021, who find 5 % right for mouse and too low for a third
# of the human tissues; Subramanian 2022). The ranges are rounded generously: the data decide within them.
TISSUES: dict[str, Tissue] = {
    "any": Tissue("not specified", 5.0, 20.0),
    "blood": Tissue("blood, immune cells", 5.0, 15.0),
    "brain": Tissue("brain", 5.0, 20.0),
    "epithelium": Tissue("gut, lung, pancreas, skin", 5.0, 30.0),
    "liver_kidney": Tissue("liver, kidney", 10.0, 50.0),
    "muscle": Tissue("heart, muscle", 10.0, 60.0),
    "nuclei": Tissue("single nuclei", 1.0, 5.0),
}
TissueName = Literal["any", "blood", "brain", "epithelium", "liver_kidney", "muscle", "nuclei"]


class Limits(BaseModel):
    """The lowest and highest value of each measure that a kept cell has; both ends are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    counts: Range = OPEN
    genes: Range = OPEN
    top20: Range = OPEN
    mito: Range = OPEN
    ribo: Range = OPEN
    haemo: Range = OPEN
    doublet: Range = OPEN

    @model_validator(mode="after")
    def _in_order(self):
        for name, (low, high) in self:
            if low is not None and high is not None and low > high:
                raise ValueError(
                    f"the lowest {MEASURES[name].label.lower()} ({low:g}) is above the highest ({high:g}): swap them"
                )
        return self

    def set(self) -> dict[str, Range]:
        """The measures that have a limit."""
        return {name: ends for name, ends in self if tuple(ends) != OPEN}


def deviations(values: np.ndarray) -> tuple[float, float]:
    """Median and median absolute deviation (not scaled to the sd of a normal distribution) of the finite values."""
    values = np.asarray(values, dtype=np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return np.nan, np.nan
    middle = float(np.median(values))
    return middle, float(np.median(np.abs(values - middle)))


def suggested(values: Mapping[str, np.ndarray], tissue: TissueName = "any") -> Limits:
    """Limits suggested from the data, as in sc-best-practices; `values` are (cells,) by measure.

    Counts and genes: 5 deviations from the median of log1p. Share of the 20 highest genes: 5 from its median. MT: 3
    above the median, within the range of the `tissue` unless the median itself is above that. A measure whose deviation
    is 0 (nuclei without MT counts) gets no limit from it: half of its cells would go. Doublets ("predicted" above 0) go
    by their score.
    """
    ranges: dict[str, Range] = {}
    for name in ("counts", "genes"):
        if name in values:
            middle, spread = deviations(np.log1p(np.maximum(values[name], 0)))
            if spread > 0:
                ends = np.expm1([middle - COUNTS_MADS * spread, middle + COUNTS_MADS * spread])
                ranges[name] = (max(0.0, float(np.ceil(ends[0]))), float(np.floor(ends[1])))
    if "top20" in values:
        middle, spread = deviations(values["top20"])
        if spread > 0:
            low, high = middle - COUNTS_MADS * spread, middle + COUNTS_MADS * spread
            ranges["top20"] = (_hundredths(low, np.floor) if low > 0 else None, _hundredths(high, np.ceil))
            if high >= 100:
                ranges["top20"] = (ranges["top20"][0], None)
    if "mito" in values:
        ranges["mito"] = (None, _highest_mito(values["mito"], tissue))
    if "doublet" in values and "predicted" in values:
        called = np.asarray(values["predicted"]) > 0
        if called.any() and not called.all():
            ranges["doublet"] = (None, float(np.max(np.asarray(values["doublet"])[~called])))
    return Limits(**ranges)


def _highest_mito(shares, tissue):
    """The highest MT share of a kept cell in percent; None where all would be removed or none is known."""
    middle, spread = deviations(shares)
    if not np.isfinite(middle):
        return None
    low, high = TISSUES[tissue].low, TISSUES[tissue].high
    limit = middle + MITO_MADS * spread
    if middle <= high:
        return _hundredths(min(max(limit, low), high), np.ceil)
    return _hundredths(limit, np.ceil) if spread > 0 else None


def _hundredths(value, rounded):
    return float(rounded(100 * value) / 100)


def within_limits(values: Mapping[str, np.ndarray], limits: Limits, n: int | None = None) -> np.ndarray:
    """(cells,) bool: within all limits; `n` is the number of cells, needed where `values` is empty.

    A limit on a measure that `values` does not have removes no cell, and a cell with NaN is kept.
    """
    within = np.ones(len(next(iter(values.values()))) if values else n or 0, dtype=bool)
    for name, (low, high) in limits.set().items():
        if name in values:
            number = np.asarray(values[name], dtype=np.float32)
            if low is not None:
                within &= ~(number < np.float32(low))
            if high is not None:
                within &= ~(number > np.float32(high))
    return within


def within_by_batch(
    values: Mapping[str, np.ndarray], limits: Limits, codes: np.ndarray, of_batches: Mapping[int, Limits]
) -> np.ndarray:
    """(cells,) bool: within the limits of the cell's batch, or `limits` where its batch has none."""
    within = within_limits(values, limits, len(codes))
    for code, own in of_batches.items():
        rows = np.flatnonzero(codes == code)
        within[rows] = within_limits({name: array[rows] for name, array in values.items()}, own, len(rows))
    return within


def mito_warning(n_outside: int, n_cells: int) -> str:
    """A sentence where the limit on the MT share alone removes more than 5 % of the cells; else ""."""
    if n_outside <= LARGE_SHARE * n_cells:
        return ""
    return (
        f"The limit on the mitochondrial share alone removes {n_outside:,} of {n_cells:,} cells "
        f"({n_outside / n_cells:.1%}). Healthy cells of some tissues are above it: choose the tissue, or check the limit."
    )
