"""The base of a logarithm, found from values that are log_b(1 + c x), x whole and c one number for each cell."""

import math
from typing import NamedTuple

import numpy as np
from scipy import sparse

from core.data.standalone.unlog import are_whole

CELLS = 200  # cells that are looked at
ROUNDS = 60  # of bisection
HIGHEST = 40.0  # of a value times the logarithm of the base: exp() of more is no count
AGREE, MOST_AGREE = 0.01, 0.5  # share of the cells whose base is within 1 % of the median
SURE = 0.9  # share of the cells whose values are multiples of their smallest
LEAST_CELLS = 5
LEAST_RATIOS = 30  # multiples above 2 that are compared: two values of a cell fit some base by themselves
NICE = 1e-3  # a base this close to a whole number, or to e, is that number


class LogBase(NamedTuple):
    """A base, and whether the values are logarithms of counts that were not normalised."""

    base: float
    counts: bool


def find_base(matrix) -> LogBase | None:
    """The LogBase of (cells, genes) values without negative ones, sparse or dense; None where they leave it open.

    Of the two smallest values of a cell one is nearly always 1 and the other 2, so (b^v2 - 1) / (b^v1 - 1) = 2 gives the
    base. It is certain where nearly all cells agree and all their other values are multiples of the smallest as well.
    """
    rows = _filled(matrix)
    if rows is None:
        return None
    first, second = _two_smallest(rows)
    usable = np.isfinite(second) & (second < 2 * first)
    if usable.sum() < LEAST_CELLS:
        return None
    highest = rows.data.max()
    logs = _solved(first[usable], second[usable], HIGHEST / highest)
    near = np.abs(logs / np.median(logs) - 1) < AGREE
    if near.mean() < MOST_AGREE:
        return None
    middle = float(np.median(logs[near]))
    for log in dict.fromkeys((_nice(middle), middle)):
        if _are_multiples(rows, log):
            whole = sparse.csr_matrix((np.expm1(rows.data * log), rows.indices, rows.indptr), rows.shape)
            return LogBase(math.exp(log), are_whole(whole))
    return None


def _filled(matrix):
    """Up to CELLS rows with a value, as CSR float64 without stored zeros; None without any."""
    rows = sparse.csr_matrix(matrix, dtype=np.float64, copy=True)
    rows.eliminate_zeros()
    filled = np.flatnonzero(np.diff(rows.indptr))
    if len(filled) > CELLS:
        filled = filled[np.linspace(0, len(filled) - 1, CELLS).astype(int)]
    return rows[filled] if len(filled) else None


def _two_smallest(rows):
    """(cells,) twice: the smallest value of each cell and the next one that differs, infinite where there is none."""
    starts, lengths = rows.indptr[:-1], np.diff(rows.indptr)
    first = np.minimum.reduceat(rows.data, starts)
    above = np.where(rows.data > np.repeat(first, lengths) * (1 + 1e-4), rows.data, np.inf)
    return first, np.minimum.reduceat(above, starts)


def _solved(first, second, highest):
    """(cells,) the t with expm1(second t) = 2 expm1(first t); the ratio of both rises with t, so bisection finds it."""
    low, high = np.full(len(first), 1e-6), np.full(len(first), highest)
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        above = np.expm1(second * middle) > 2 * np.expm1(first * middle)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2


def _nice(log):
    base = math.exp(log)
    for nice in (math.e, float(round(base))):
        if nice >= 2 and abs(base / nice - 1) < NICE:
            return math.log(nice)
    return log


def _are_multiples(rows, log) -> bool:
    """Whether the un-logged values of nearly all cells are multiples of their smallest, or of half of it."""
    values, starts = np.expm1(rows.data * log), rows.indptr[:-1]
    ratio = values / np.repeat(np.minimum.reduceat(values, starts), np.diff(rows.indptr))
    compared = (ratio > 2.25) & (ratio < 100)
    if compared.sum() < LEAST_RATIOS:
        return False
    whole = np.minimum(np.abs(ratio - np.rint(ratio)), np.abs(2 * ratio - np.rint(2 * ratio)) / 2)
    fits = compared & (whole < 0.03)
    n, n_fits = (np.add.reduceat(part.astype(np.int64), starts) for part in (compared, fits))
    return bool(np.mean(n_fits[n > 0] >= 0.95 * n[n > 0]) >= SURE)
