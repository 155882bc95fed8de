"""The names of categories among their cells: each at the median of its cells, moved aside where it would cover another."""

from typing import NamedTuple

import numpy as np

from core.figures.colour import has_value
from core.text import short

LETTERS = 24  # of a name at most
LETTER, LINE = 0.58, 1.35  # width of a letter and height of a line, in font sizes
PADDING = 6  # pixels at both sides of a name together
RINGS, ANGLES = 24, 16  # places that are tried around the median
FURTHER, WIDER = 0.6, 1.6  # heights of a label from ring to ring, and by how much rings are wider than high


class Label(NamedTuple):
    """A name at the median (x, y) of its `n` cells; `name` is cut where the `whole` one is long."""

    name: str
    x: float
    y: float
    n: int
    whole: str


def medians(points, colour, only=None):
    """A Label of each category of a Colour that has cells with coordinates; `only` (cells,) bool: those that count."""
    points, codes = np.asarray(points)[:, :2], np.asarray(colour.values)
    rows = np.flatnonzero(
        has_value(colour) & np.isfinite(points).all(axis=1) & (True if only is None else only)
    )
    rows = rows[np.argsort(codes[rows], kind="stable")]
    starts = np.searchsorted(codes[rows], np.arange(len(colour.categories) + 1))
    labels = []
    for name, start, end in zip(colour.categories, starts[:-1], starts[1:], strict=True):
        if end > start:
            x, y = np.median(points[rows[start:end]], axis=0).astype(float)
            labels.append(Label(short(name, LETTERS), float(x), float(y), int(end - start), str(name)))
    return labels


def text_size(text, font):
    """(wide, high) of a label in the unit of the font size; about, as fonts differ."""
    return font * LETTER * len(text) + PADDING, font * LINE


def free_places(centres, sizes, frame):
    """(n, 2) centres of labels that cover neither each other nor the edge, NaN for those without room.

    `centres` and `sizes` (n, 2) and `frame` (wide, high) are in the same unit. The first label is placed first; each takes
    the first free one of the places on growing rings around its own centre. assets/62-cells-labels.js does the same.
    """
    centres, sizes = (np.asarray(a, dtype=float).reshape(-1, 2) for a in (centres, sizes))
    placed = np.full_like(centres, np.nan)
    angles = 2 * np.pi * np.arange(ANGLES) / ANGLES
    ring = np.stack([WIDER * np.cos(angles), np.sin(angles)], axis=1)
    rings = np.concatenate([[[0.0, 0.0]], *(k * FURTHER * ring for k in range(1, RINGS + 1))])
    for i, (centre, size) in enumerate(zip(centres, sizes, strict=True)):
        half = size / 2
        if (size > frame).any():
            continue
        candidates = np.clip(centre + size[1] * rings, half, np.asarray(frame) - half)
        others = np.flatnonzero(np.isfinite(placed[:i, 0]))
        apart = np.abs(candidates[:, None] - placed[others]) >= half + sizes[others] / 2
        free = np.flatnonzero(apart.any(axis=2).all(axis=1))
        if len(free):
            placed[i] = candidates[free[0]]
    return placed
