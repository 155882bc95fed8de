"""Values before their logarithm, and the whole counts that they stand for where they stand on a grid."""

import re
from typing import NamedTuple

import numpy as np
from scipy import sparse

# Ways back from a logarithm. Each maps 0 to 0, so that zeros need no room.
UNLOGS = {
    "expm1": np.expm1,
    "expm1 twice": lambda values: np.expm1(np.expm1(values)),
    "base 2": lambda values: np.expm1(values * np.log(2)),
    "base 10": lambda values: np.expm1(values * np.log(10)),
}
ANY_BASE = re.compile(r"base (\d+(?:\.\d+)?)")
SMALLEST = (1, 2, 3, 4, 5)  # what the smallest count of a cell may be; a cell that shows no 1 is rare
NEAR, FINE = (
    0.05,
    2e-3,
)  # a value is whole within 0.05, or within 0.2 % where float32 has lost the digits of its log
FINE_WHOLE, FINE_LARGE = 1e-3, 1e-5
FIRST_COUNT = 100  # counts begin below it
SURE = 0.95  # share of cells on a grid from which values are rounded to counts


class Grid(NamedTuple):
    """Counts found behind values: each cell's factor (cells,) from value to count, and which cells fit (cells,)."""

    factor: np.ndarray
    fits: np.ndarray


class Back(NamedTuple):
    """Values without their log, the grid behind them, and the share of filled cells that stand on it."""

    values: sparse.csr_matrix
    grid: Grid
    share: float


def unlogged(values: np.ndarray, way: str) -> np.ndarray:
    """Values before their logarithm, by one of the UNLOGS or "base" and any number; raises ValueError for another way."""
    if way in UNLOGS:
        return UNLOGS[way](values)
    if match := ANY_BASE.fullmatch(way):
        return np.expm1(values * np.log(float(match[1])))
    raise ValueError(f"There is no way back called '{way}'.")


def back(matrix, way: str) -> Back:
    """`matrix` without its log, by a way of `unlogged`."""
    values = sparse.csr_matrix(matrix, dtype=np.float64, copy=True)
    values.data = unlogged(values.data, way)
    values.eliminate_zeros()
    grid, filled = find_grid(values), np.diff(values.indptr) > 0
    return Back(values, grid, float(np.mean(grid.fits[filled])) if filled.any() else 0.0)


def find_grid(values: sparse.csr_matrix) -> Grid:
    """The factor that makes whole numbers of each cell's values: 1 / its smallest value, or 2 / it, up to 5 / it."""
    cells, lengths = values.shape[0], np.diff(values.indptr)
    factor, fits = np.zeros(cells), lengths == 0
    filled = np.flatnonzero(lengths)
    starts = values.indptr[filled]
    if not len(filled):
        return Grid(factor, fits)
    least = np.minimum.reduceat(values.data, starts)
    for smallest in SMALLEST:
        counts = values.data * np.repeat(smallest / least, lengths[filled])
        whole = np.abs(counts - np.rint(counts)) <= np.minimum(np.maximum(NEAR, FINE * counts), 0.25)
        good = np.logical_and.reduceat(whole, starts)
        new = filled[good & ~fits[filled]]
        factor[new] = (smallest / least)[good & ~fits[filled]]
        fits[new] = True
    left = filled[~fits[filled]]
    factor[left] = 1 / least[~fits[filled]]
    return Grid(factor, fits)


def on_grid(values: sparse.csr_matrix, grid: Grid) -> sparse.csr_matrix:
    """The whole numbers that values stand for by the factors of a grid; float32."""
    counts = values.copy()
    counts.data = np.rint(counts.data * np.repeat(grid.factor, np.diff(counts.indptr)))
    return counts.astype(np.float32)


def counts_or_values(found: Back) -> sparse.csr_matrix:
    """The counts where enough cells stand on a grid, else the values without their log; float32."""
    if are_whole(found.values):  # counts that were logged as they were, whatever the smallest of a cell is
        return found.values.rint().astype(np.float32)
    return on_grid(found.values, found.grid) if found.share >= SURE else found.values.astype(np.float32)


def are_whole(values: sparse.csr_matrix) -> bool:
    """Whether all values are whole numbers from a small one on, but for the digits that float32 loses of a logarithm."""
    if values.data.size and values.data.min() > FIRST_COUNT:
        return False  # numbers of a wrong base are so large that none of them is far from a whole one
    rounded = np.rint(values.data)
    return bool((np.abs(values.data - rounded) <= FINE_WHOLE + FINE_LARGE * rounded).all())
