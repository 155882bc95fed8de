"""Judge what a matrix holds (counts, log-normalised, scaled ...) by all of its values."""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import numpy as np
from scipy import sparse

from core.blocks import BLOCK_VALUES, in_memory, is_sparse, n_stored, pieces

Kind = Literal["counts", "normalized", "lognorm", "scaled", "other"]

KIND_WORDS: dict[str, str] = {
    "counts": "raw counts",
    "normalized": "normalised values, not logged",
    "lognorm": "log-normalised values",
    "scaled": "scaled values",
    "other": "values of an unknown kind",
}

NEAR_WHOLE = 1e-3  # 0.9995 is a count that went through arithmetic, 0.9 is not
LOG_LIMIT = 20.0  # log1p of 10,000 is 9.2, log2 of a million 19.9: logged values stay below
SAME_SUM = 0.01  # row sums within 1 % of their median, in 95 % of cells, were made equal by somebody


class Verdict(NamedTuple):
    """What a matrix holds, a sentence that says why we think so, and the sum its cells were brought to."""

    kind: Kind
    evidence: str
    target_sum: float | None = None


class _Survey(NamedTuple):
    finite: bool
    nonzero: int
    whole: int  # of the non-zero values
    near_whole: int
    negative: int
    lowest: float
    highest: float


class _Sums(NamedTuple):
    plain: np.ndarray  # (cells,) sums of the values
    unlogged: np.ndarray  # (cells,) sums of expm1 of the values; zeros where values are too large to be logs
    mean: np.ndarray  # (genes,)
    sd: np.ndarray  # (genes,)


def what_is(matrix) -> Verdict:
    """What `matrix` (cells, genes), sparse or dense, in memory or in a file (core.blocks), holds.

    Every value is looked at, a block of rows at a time.
    """
    if sparse.issparse(matrix):
        matrix = matrix.tocsr()
    elif in_memory(matrix):
        matrix = np.asarray(matrix)
    if matrix.dtype.kind not in "buif":
        return Verdict("other", f"The matrix does not hold real numbers but '{matrix.dtype}'.")
    seen = _survey(matrix)
    if not seen.finite:
        return Verdict("other", "Some values are missing (NaN) or infinite.")
    if seen.nonzero == 0:
        return Verdict("other", "Every value is 0.")
    if seen.negative == 0 and seen.whole == seen.nonzero:
        remark = "; only 0 and 1 occur, so it may be presence and absence" if seen.highest == 1 else ""
        return Verdict("counts", f"All values are whole numbers from 0 to {seen.highest:,.0f}{remark}.")
    if seen.negative == 0 and seen.near_whole == seen.nonzero:
        words = f"All values up to {seen.highest:,.0f} are within {NEAR_WHOLE} of whole numbers."
        return Verdict("counts", words)
    sums = _sums(matrix, unlog=seen.lowest >= 0 and seen.highest < 2 * LOG_LIMIT)
    return _of_negatives(seen, sums, matrix) if seen.negative else _of_fractions(seen, sums, matrix)


def _of_negatives(seen: _Survey, sums: _Sums, matrix) -> Verdict:
    varies = sums.sd > 1e-6
    if not varies.any():
        return Verdict("other", "Some values are negative and no gene varies between cells.")
    # Medians over genes, with room on both sides: clipping at 10 lowers a spread, and a set that was scaled
    # first and thinned afterwards (pbmc68k_reduced) has means up to 0.09 and spreads from 0.6.
    off = float(np.median(np.abs(sums.mean[varies]) / sums.sd[varies]))
    spread = float(np.median(sums.sd[varies]))
    share = f"{seen.negative / np.prod(matrix.shape, dtype=float):.0%}"
    words = f"{share} of the values are negative (from {seen.lowest:.3g} to {seen.highest:.3g})"
    if off < 0.15 and 0.5 < spread < 1.5:
        return Verdict(
            "scaled", f"{words}, the genes have mean 0 and a typical standard deviation of {spread:.2f}."
        )
    if off < 0.15:
        words += f"; the genes are centred on 0 but not scaled (typical standard deviation {spread:.3g})."
        return Verdict("other", words)
    return Verdict("other", f"{words}, but the genes are not centred on 0, so it is not a scaled matrix.")


def _of_fractions(seen: _Survey, sums: _Sums, matrix) -> Verdict:
    highest = f"{seen.highest:,.4g}"
    plain, unlogged = _same(sums.plain), _same(sums.unlogged)
    # Shares of a cell (target 1) are so small that expm1 leaves them nearly alone: the tighter sum wins.
    if unlogged and (not plain or unlogged.spread <= plain.spread):
        words = f"Un-logged, every cell sums to {unlogged.middle:,.0f}; the highest value is {highest}."
        return Verdict("lognorm", words, unlogged.middle)
    if plain:
        words = f"Every cell sums to {plain.middle:,.6g} and the values are not logged (highest {highest})."
        return Verdict("normalized", words, plain.middle)
    varies = sums.sd > 1e-6
    if varies.sum() > 1 and np.mean(np.abs(sums.sd[varies] - 1) < 0.02) > 0.95:
        return Verdict("scaled", "No value is negative, but every gene has a standard deviation of 1.")
    if seen.highest < LOG_LIMIT:
        for base, name in ((2, "base 2"), (10, "base 10")):
            same = _same(_sums(matrix, unlog=True, base=base).unlogged)
            if same:
                words = f"Un-logged in {name}, every cell sums to {same.middle:,.0f}; the highest value is {highest}."
                return Verdict("lognorm", words, same.middle)
    if seen.whole > 0.5 * seen.nonzero:
        words = (
            f"{seen.whole / seen.nonzero:.1%} of the values above 0 are whole numbers and the others are not,"
        )
        return Verdict(
            "other", f"{words} as in counts that were corrected (SoupX) or estimated (Salmon, RSEM)."
        )
    stepped_log = _stepped(matrix, np.expm1) if seen.highest < LOG_LIMIT else 0.0
    stepped = _stepped(matrix, np.asarray)
    if max(stepped, stepped_log) > 0.5:
        if stepped_log >= stepped:
            words = f"Un-logged, the values of a cell are whole multiples of its smallest (highest {highest}), as in"
            return Verdict(
                "lognorm", f"{words} log-normalised counts; the sums differ, so genes were left out."
            )
        words = f"The values of a cell are whole multiples of its smallest (highest {highest}), as in"
        return Verdict(
            "normalized", f"{words} normalised counts without log; the sums differ, so genes were left out."
        )
    if seen.highest <= 1:
        return Verdict(
            "other",
            "The values lie between 0 and 1 and cells do not sum to the same, as after min-max scaling.",
        )
    if seen.highest < LOG_LIMIT:
        words = (
            f"The values are fractions from 0 to {highest}, as after a log, and cells do not sum to the same:"
        )
        return Verdict("lognorm", f"{words} some genes only, or another normalisation.")
    words = f"The values are fractions up to {highest}, too high for a log, and cells do not sum to the same,"
    return Verdict("other", f"{words} as in estimated counts (Salmon, RSEM) or TPM of some genes.")


class _Same(NamedTuple):
    middle: float
    spread: float


def _same(sums: np.ndarray) -> _Same | None:
    """The sum that nearly all cells share, if they do; empty cells are passed over."""
    sums = sums[sums > 0]
    if sums.size < 2:
        return None
    middle = float(np.median(sums))
    away = np.abs(sums / middle - 1)
    return _Same(middle, float(np.mean(away))) if np.mean(away < SAME_SUM) >= 0.95 else None


def _stepped(matrix, unlog: Callable) -> float:
    """Share of cells whose un-logged values are whole multiples of the cell's smallest, as divided counts are.

    It tells normalised counts from other fractions even when some genes were left out. Ratios above 200 are
    not asked: float32 no longer holds them well enough after exp. A cell whose values are all equal says
    nothing and is not counted.
    """
    told = stepped = 0
    for block in _blocks(matrix):
        rows = sparse.csr_matrix(block, copy=True)
        rows.eliminate_zeros()
        filled = np.flatnonzero(np.diff(rows.indptr))
        if filled.size == 0:
            continue
        values = unlog(rows.data.astype(np.float64))
        starts = rows.indptr[filled]
        lengths = np.diff(np.append(starts, values.size))
        ratio = values / np.repeat(np.minimum.reduceat(values, starts), lengths)
        asked = (ratio > 1.5) & (ratio < 200)
        fits = asked & (np.abs(ratio - np.rint(ratio)) < 0.02)
        n_asked = np.add.reduceat(asked.astype(np.int64), starts)
        n_fits = np.add.reduceat(fits.astype(np.int64), starts)
        told += int(np.sum(n_asked > 0))
        stepped += int(np.sum((n_asked > 0) & (n_fits >= 0.95 * n_asked)))
    return stepped / told if told else 0.0


def _survey(matrix) -> _Survey:
    nonzero = whole = near = negative = 0
    lowest = 0.0 if is_sparse(matrix) and n_stored(matrix) < np.prod(matrix.shape, dtype=float) else np.inf
    highest = 0.0 if lowest == 0.0 else -np.inf
    for block in _blocks(matrix):
        values = block.data if sparse.issparse(block) else block.reshape(-1)
        if values.size == 0:
            continue
        low, high = float(values.min()), float(values.max())  # NaN travels through min and max
        if not np.isfinite(low) or not np.isfinite(high):
            return _Survey(False, nonzero, whole, near, negative, lowest, highest)
        lowest, highest = min(lowest, low), max(highest, high)
        filled = int(np.count_nonzero(values))
        nonzero += filled
        negative += int(np.count_nonzero(values < 0)) if low < 0 else 0
        if values.dtype.kind in "bui":
            whole, near = whole + filled, near + filled
            continue
        rounded = np.rint(values)
        here = int(np.count_nonzero(rounded == values)) - (values.size - filled)
        whole += here
        if here < filled:
            # A tiny share such as 1e-5 is near 0 and no count, hence the second condition.
            near += int(np.count_nonzero((np.abs(values - rounded) <= NEAR_WHOLE) & (rounded != 0)))
        else:
            near += filled
    return _Survey(True, nonzero, whole, near, negative, lowest, highest)


def _sums(matrix, unlog: bool, base: float = np.e) -> _Sums:
    """Row sums before and after expm1 (of `base`), and the genes' means and standard deviations (n - 1)."""
    cells, genes = matrix.shape
    plain, unlogged = np.zeros(cells), np.zeros(cells)
    total, squares = np.zeros(genes), np.zeros(genes)
    row = 0
    for block in _blocks(matrix):
        rows = slice(row, row + block.shape[0])
        row = rows.stop
        block = block.astype(np.float64)
        plain[rows] = np.asarray(block.sum(axis=1)).ravel()
        total += np.asarray(block.sum(axis=0)).ravel()
        square = block.multiply(block) if sparse.issparse(block) else block * block
        squares += np.asarray(square.sum(axis=0)).ravel()
        if unlog:
            values = block.data if sparse.issparse(block) else block
            np.expm1(values * np.log(base), out=values)  # `block` is our own copy; expm1(0) is 0
            unlogged[rows] = np.asarray(block.sum(axis=1)).ravel()
    mean = total / max(cells, 1)
    variance = np.maximum(squares - cells * mean**2, 0) / max(cells - 1, 1)
    return _Sums(plain, unlogged, mean, np.sqrt(variance))


def _blocks(matrix) -> Iterator:
    return (block for _, block in pieces(matrix, BLOCK_VALUES))
