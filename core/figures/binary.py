"""Points as two bytes an axis, the form in which the page loads them."""

import json
from typing import NamedTuple

import numpy as np

FULL = 65_534  # the code of the highest coordinate
NOWHERE = 65_535  # of a cell without coordinates in the embedding


class Packed(NamedTuple):
    """(cells, 2) uint16 codes, 0 at `low` and FULL at `high`, (2,) each; NOWHERE in both columns without coordinates."""

    codes: np.ndarray
    low: np.ndarray
    high: np.ndarray


def packed(points):
    """The Packed of (cells, 2) coordinates; each axis is spread over the whole range, so it keeps 1 part in 65,534."""
    columns = [np.array(points[:, axis], dtype=np.float32) for axis in (0, 1)]
    placed = np.isfinite(columns[0]) & np.isfinite(columns[1])
    all_placed = placed.all()
    codes = np.empty((len(placed), 2), dtype=np.uint16)
    low, high = np.zeros(2), np.ones(2)
    for axis, column in enumerate(columns):
        some = column if all_placed else column[placed]
        if len(some):
            low[axis], high[axis] = some.min(), some.max()
        if low[axis] == high[axis]:  # in the middle
            wide = max(1.0, abs(low[axis]))
            low[axis], high[axis] = low[axis] - wide, high[axis] + wide
        if not all_placed:
            column[~placed] = low[axis]
        column -= np.float32(low[axis])
        column *= np.float32(FULL / (high[axis] - low[axis]))
        codes[:, axis] = np.rint(column, out=column)
    codes[~placed] = NOWHERE
    return Packed(codes, low, high)


def message(head, array):
    """Bytes: four with the length of the head, the head as JSON, filled up to a multiple of four, then the array.

    Numbers are little-endian, as they are in every browser.
    """
    text = json.dumps(head, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return (
        len(text).to_bytes(4, "little")
        + text
        + np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    )


def inside(points, polygon):
    """(cells,) bool: which (cells, 2) points lie in a polygon of (vertices, 2), by the even-odd rule.

    A point is inside where a ray to the right crosses an odd number of edges (Shimrat 1962, doi:10.1145/368637.368653).
    """
    points, polygon = np.asarray(points), np.asarray(polygon, dtype=np.float64)
    selected = np.zeros(len(points), dtype=bool)
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))  # false for NaN as well
    x, y = np.asarray(points[near], dtype=np.float64).T
    within = np.zeros(len(near), dtype=bool)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > y) != (y1 > y)
        crosses[crosses] = x[crosses] < (x1 - x0) * (y[crosses] - y0) / (y1 - y0) + x0
        within ^= crosses
    selected[near] = within
    return selected
