"""Binomial thinning of sparse counts: each count is divided into a part that is seen and the rest, in draws that can be repeated.

The draws come from a counter (splitmix64, Steele 2014): the one for a value depends on the seed, the number of the draw, the
row and the place of the value in it, and on nothing else. So a repeat has the same bits in any order of the rows, in
minibatches of any size and with any number of threads.
"""

from functools import lru_cache

import numba
import numpy as np

from core.sparse.rows import FAST

FEW = 8  # up to it a count is compared with all of its probabilities at once, without a branch
SMALL = 64  # below it each count has a table of its own; above, a count is a sum of powers of two, which have one each
LARGEST = 1 << 20  # above it a rounded Gaussian stands for the binomial
WIDTH = 9  # standard deviations on either side that the table of a power of two holds: beyond it lies less than 1e-18
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def thin(indptr, counts, rest, rows, share, seed, draw, seen):
    """Write how many units of each of the `counts` are seen to `seen`; returns (cells,) float64 units seen in all.

    `indptr` (cells + 1,) says which values are of which cell; `rest` (cells,) are the units of a cell that are in other
    genes, which count in the sum alone. Each unit is seen with probability `share`. `rows` (cells,) are the numbers of
    the cells, which with `seed` and `draw` (whole numbers from 0) decide what is drawn. Counts are not negative; fractions
    of a unit are rounded. Probabilities of counts below SMALL are exact to 2^-24.
    """
    totals = np.empty(len(indptr) - 1)
    cells, keys = (
        np.asarray(rows, np.uint64),
        (np.uint64(seed), np.uint64(draw)),
    )  # unsigned numbers alone wrap
    _thin(indptr, counts, rest, cells, *keys, share, *_tables(share), seen, totals)
    return totals


@lru_cache(maxsize=8)
def _tables(share):
    """(few, begins, lows, cumulative): P(X <= low + i) of Binomial(n, share) at cumulative[begin + i], n below SMALL, then powers.

    few[FEW * n + i] is P(X <= i) for n up to FEW, and 2 from i = n on.
    """
    from scipy.special import bdtr

    begins, lows, pieces, filled = [], [], [], 0
    powers = [SMALL << i for i in range(LARGEST.bit_length() - SMALL.bit_length() + 1)]
    for n in [*range(SMALL), *powers]:
        spread = WIDTH * np.sqrt(n * share * (1 - share)) + 20
        low, high = max(0, int(n * share - spread)), min(n, int(n * share + spread) + 1)
        table = bdtr(np.arange(low, high + 1), n, share)
        table[-1] = 2.0  # a uniform number never reaches it
        begins.append(filled)
        lows.append(low)
        pieces.append(table)
        filled += len(table)
    few = np.full((FEW + 1, FEW), 2, np.float32)
    for n in range(FEW + 1):
        few[n, :n] = bdtr(np.arange(n), n, share)
    return few.ravel(), np.array([*begins, filled]), np.array(lows), np.concatenate(pieces)


@numba.njit(**FAST)
def _mix(x):
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@numba.njit(**FAST)
def _uniform(state):
    return np.float64(_mix(state) >> np.uint64(11)) * 1.1102230246251565e-16  # 2^-53


@numba.njit(**FAST)
def _look_up(u, entry, begins, lows, cumulative):
    begin = begins[entry]
    if entry < SMALL:
        k = begin
        while u >= cumulative[k]:
            k += 1
        return lows[entry] + k - begin
    return lows[entry] + np.searchsorted(cumulative[begin : begins[entry + 1]], u, side="right")


@numba.njit(**FAST)
def _draw_large(n, state, share, begins, lows, cumulative):
    """How many of n units are seen, n from SMALL; `state` begins a stream of its own, since it takes several numbers."""
    state = _mix(state)
    if n >= 2 * LARGEST:
        radius = np.sqrt(-2 * np.log(1 - _uniform(state)))
        normal = radius * np.cos(2 * np.pi * _uniform(state + GOLDEN))
        return min(max(np.rint(n * share + normal * np.sqrt(n * share * (1 - share))), 0.0), n)
    left, entry = np.int64(n), SMALL
    total = np.float64(_look_up(_uniform(state), left & (SMALL - 1), begins, lows, cumulative))
    left //= SMALL
    while left:
        state += GOLDEN
        if left & 1:
            total += _look_up(_uniform(state), entry, begins, lows, cumulative)
        left >>= 1
        entry += 1
    return total


@numba.njit(**FAST)
def _thin(indptr, counts, rest, rows, seed, draw, share, few, begins, lows, cumulative, seen, totals):
    key = _mix(_mix(seed) + draw)
    for i in range(len(totals)):
        state = _mix(key + rows[i] * GOLDEN)
        begin, end = indptr[i], indptr[i + 1]
        whole, part = counts[begin:end], seen[begin:end]
        for k in range(len(part)):  # first the uniform numbers, many at a time
            part[k] = np.float32(_mix(state + np.uint64(k + 1) * GOLDEN) >> np.uint64(40)) * np.float32(
                2.0**-24
            )
        total = _draw_large(np.rint(rest[i]), state, share, begins, lows, cumulative)
        for k in range(len(part)):
            n, u = np.float64(whole[k]), part[k]
            if n < FEW + 0.5:
                drawn, first = np.int32(0), np.int64(n + 0.5) * FEW
                for j in range(FEW):
                    drawn += np.int32(u >= few[first + j])
                part[k] = drawn
            elif n < SMALL - 1:
                part[k] = _look_up(u, np.int64(n + 0.5), begins, lows, cumulative)
            else:
                own = state + np.uint64(k + 1) * GOLDEN
                part[k] = _draw_large(np.rint(n), own, share, begins, lows, cumulative)
            total += part[k]
        totals[i] = total
