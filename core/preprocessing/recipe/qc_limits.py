"""Limits on the quality measures of cells: limits suggested from the data, and the cells within limits."""

from collections.abc import Mapping
from typing import NamedTuple

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
# Median absolute deviations, and the MT share that is too much whatever the others have: sc-best-practices' chapter
# on quality control (Heumos 2023), after Germain 2020. There MT counts on both sides; here on the high side only,
# since a low share is no sign of a broken cell.
COUNTS_MADS, MITO_MADS, MITO_MOST = 5.0, 3.0, 8.0


class Limits(BaseModel):
    """The lowest and highest value of each measure that a kept cell has; both ends are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    counts: Range = OPEN
    genes: Range = OPEN
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


def suggested(values: Mapping[str, np.ndarray]) -> Limits:
    """Limits suggested from the data, as in sc-best-practices; `values` are (cells,) by measure.

    Counts and genes: 5 deviations from the median of log1p. MT: 3 above the median, and 8 % at most, unless the
    median is above that itself (heart, kidney, a file of chosen genes). A measure whose deviation is 0 (nuclei without
    MT counts) gets no limit from it: half of its cells would go. Doublets ("predicted" above 0) go by their score.
    """
    ranges: dict[str, Range] = {}
    for name in ("counts", "genes"):
        if name in values:
            middle, spread = deviations(np.log1p(np.maximum(values[name], 0)))
            if spread > 0:
                ends = np.expm1([middle - COUNTS_MADS * spread, middle + COUNTS_MADS * spread])
                ranges[name] = (max(0.0, float(np.ceil(ends[0]))), float(np.floor(ends[1])))
    if "mito" in values:
        middle, spread = deviations(values["mito"])
        ends = [middle + MITO_MADS * spread] * (spread > 0) + [MITO_MOST] * (middle < MITO_MOST)
        if ends:
            ranges["mito"] = (None, float(np.ceil(100 * min(ends)) / 100))
    if "doublet" in values and "predicted" in values:
        called = np.asarray(values["predicted"]) > 0
        if called.any() and not called.all():
            ranges["doublet"] = (None, float(np.max(np.asarray(values["doublet"])[~called])))
    return Limits(**ranges)


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
