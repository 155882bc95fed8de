"""What a matrix with fractions holds: normalised, logged, corrected values, log-ratios, or two kinds in one matrix."""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from core.data.kind_type import MatrixKind
from core.data.log_base import find_base
from core.data.standalone.unlog import FIRST_COUNT, unlogged
from core.data.value_scan import LOG_LIMIT, MOST, Sweep, same

_FORM_OF_SUMS = {"expm1": "", "expm1 twice": "twice", "base 2": "log2", "base 10": "log10"}
_SUM_WORDS = {
    "expm1": "Un-logged, every",
    "expm1 twice": "Un-logged twice, every",
    "base 2": "Un-logged in base 2, every",
    "base 10": "Un-logged in base 10, every",
}
_BASES = {"expm1": float(np.e), "base 2": 2.0, "base 10": 10.0}
_FORM_OF_BASE = {2.0: "log2", 10.0: "log10"}
CLR_CELLS = 64  # cells whose geometric mean is solved for
SOME_CELLS = (
    0.05  # share of the cells from which those with whole numbers, or with fractions, are a part of their own
)


def of_fractions(seen: Sweep) -> MatrixKind:
    return (
        _by_sums(seen)
        or _by_cells(seen)
        or _by_whole_logs(seen)
        or _by_another_base(seen)
        or _by_spread(seen)
        or _by_geometric_mean(seen)
        or _by_steps(seen)
    )


def _by_cells(seen: Sweep) -> MatrixKind | None:
    """Counts in some cells and something else in the others, as where only one of two joined samples was logged."""
    whole = seen.whole_cells & (seen.by_cell > 0)
    fractions = (seen.by_cell > 0) & ~whole
    n_whole, n_fractions = int(whole.sum()), int(fractions.sum())
    if min(n_whole, n_fractions) < max(2, SOME_CELLS * (n_whole + n_fractions)):
        return None
    if seen.nonzero - seen.whole < 0.5 * seen.by_cell[fractions].sum():
        return None  # mostly whole numbers there, too, as after a correction of some genes
    if not _begin_at_one(seen.some_cells):
        return None  # a cell of 100 counts that was brought to 10,000 has whole numbers, too
    sentence = f"{n_whole:,} cells hold whole numbers and {n_fractions:,} fractions."
    return MatrixKind("other", sentence, form="mixed")


def _begin_at_one(matrix) -> bool:
    """Whether 1 is the smallest value of most cells with whole numbers, as it is of counts; True where none is among these."""
    rows = _filled_rows(matrix)
    if rows is None:
        return True
    starts = rows.indptr[:-1]
    whole = np.logical_and.reduceat(rows.data == np.rint(rows.data), starts)
    least = np.minimum.reduceat(rows.data, starts)[whole]
    return not len(least) or bool(np.mean(least == 1) > 0.5)


def _by_sums(seen: Sweep) -> MatrixKind | None:
    """Cells that sum to the same, as they are or un-logged. Shares of a cell (target 1) are so small that the ways
    back leave them nearly alone, so that several may fit: the tightest sum wins, a simpler way before an equal."""
    sums = {way: same(values) for way, values in {"": seen.cell_sums, **seen.unlogged}.items()}
    fitting = {way: found for way, found in sums.items() if found}
    if not fitting:
        return None
    best = min(fitting, key=lambda way: fitting[way].spread)
    middle, highest = fitting[best].middle, f"{seen.highest:,.4g}"
    if not best:
        sentence = f"Every cell sums to {middle:,.6g} and the values are not logged (highest {highest})."
        return MatrixKind("normalized", sentence, middle)
    sentence = f"{_SUM_WORDS[best]} cell sums to {middle:,.0f}; the highest value is {highest}."
    return MatrixKind("lognorm", sentence, middle, _FORM_OF_SUMS[best])


def _by_whole_logs(seen: Sweep) -> MatrixKind | None:
    """Counts that were logged without being normalised, once or twice."""
    ways = {"expm1": "log counts", "base 2": "log counts", "base 10": "log counts", "expm1 twice": "twice"}
    for way, form in ways.items():
        smallest = (
            unlogged(np.array([min(seen.least, LOG_LIMIT)]), way)[0] if way in seen.unlogged else np.inf
        )
        if smallest < FIRST_COUNT and seen.near_whole_unlogged.get(way) == seen.nonzero:
            sentence = _SUM_WORDS[way].removesuffix(", every")
            return MatrixKind(
                "lognorm",
                f"{sentence}, all values are whole numbers: counts without normalisation.",
                form=form,
                base=_BASES.get(way),
            )
    return None


def _by_another_base(seen: Sweep) -> MatrixKind | None:
    """Logarithms of a base that no sum was measured for, of counts or of normalised counts, by some of the cells."""
    if (
        seen.highest >= 2 * LOG_LIMIT
        or seen.some_cells is None
        or (log := find_base(seen.some_cells)) is None
    ):
        return None
    if abs(log.base - np.e) < 1e-6:
        return None  # the rules below say more of it
    says = f"Un-logged in base {log.base:.4g},"
    if log.counts:
        evidence = f"{says} all values are whole numbers: counts without normalisation."
        return MatrixKind("lognorm", evidence, form="log counts", base=log.base)
    rows = sparse.csr_matrix(seen.some_cells, dtype=np.float64, copy=True)
    rows.data = np.expm1(rows.data * np.log(log.base))
    sums, form = same(np.asarray(rows.sum(axis=1)).ravel()), _FORM_OF_BASE.get(round(log.base, 6), "log base")
    if sums:
        evidence = f"{says} every cell sums to {sums.middle:,.0f}; the highest value is {seen.highest:,.4g}."
        return MatrixKind("lognorm", evidence, sums.middle, form, base=log.base)
    evidence = f"{says} the values of a cell are whole multiples of its smallest (highest {seen.highest:,.4g}), as in"
    evidence = f"{evidence} log-normalised counts; the sums differ, so genes were left out."
    return MatrixKind("lognorm", evidence, form=form, base=log.base)


def _by_spread(seen: Sweep) -> MatrixKind | None:
    varies = seen.sd > 1e-6
    if varies.sum() > 1 and np.mean(np.abs(seen.sd[varies] - 1) < 0.02) > MOST:
        return MatrixKind("scaled", "No value is negative, but every gene has a standard deviation of 1.")
    if seen.whole > 0.5 * seen.nonzero:
        sentence = (
            f"{seen.whole / seen.nonzero:.1%} of the values above 0 are whole numbers and the others are not,"
            " as in counts that were corrected (SoupX, decontX) or estimated (Salmon, RSEM)."
        )
        return MatrixKind("other", sentence, form="corrected")
    return None


def _by_geometric_mean(seen: Sweep) -> MatrixKind | None:
    """Seurat's and muon's CLR, log1p(x / g) with g = exp(mean of log1p(x)), which has no negative values."""
    if seen.highest >= LOG_LIMIT or seen.some_cells is None:
        return None
    for part, form, sentence in (
        (seen.some_cells, "clr cells", "each cell"),
        (seen.some_genes.T, "clr genes", "each feature across cells"),
    ):
        if _fits_clr(part) >= MOST:
            says = (
                f"Un-logged and times its geometric mean, {sentence} is made of whole numbers, as after CLR."
            )
            return MatrixKind("lognorm", says, form=form)
    return None


def _fits_clr(matrix) -> float:
    """Share of rows that are log1p(x / g) of whole x, where g solves log g = mean(log1p(u g)), u = expm1(row)."""
    rows = _filled_rows(matrix, CLR_CELLS)
    if rows is None:
        return 0.0
    u, starts = np.expm1(rows.data.astype(np.float64)), rows.indptr[:-1]
    lengths = np.diff(rows.indptr)
    low, high = np.zeros(rows.shape[0]), np.full(rows.shape[0], LOG_LIMIT)
    for _ in range(50):  # bisection: the right side rises more slowly than the left, so they meet once
        middle = (low + high) / 2
        mean = np.add.reduceat(np.log1p(u * np.repeat(np.exp(middle), lengths)), starts) / rows.shape[1]
        low, high = np.where(mean > middle, middle, low), np.where(mean > middle, high, middle)
    x = u * np.repeat(np.exp(low), lengths)
    fits = (np.abs(x - np.rint(x)) < 0.02 + 1e-4 * x) & (x > 0.5)
    compared = np.add.reduceat(
        (x < 200).astype(np.int64), starts
    )  # more digits than float32 keeps say nothing
    good = np.add.reduceat((fits & (x < 200)).astype(np.int64), starts)
    compared_rows = compared > 0
    # One value that repeats (a row of ones) fits by itself.
    varied = np.maximum.reduceat(x, starts) > 1.5 * np.minimum.reduceat(x, starts)
    return (
        float(np.mean(good[compared_rows & varied] >= MOST * compared[compared_rows & varied]))
        if np.any(compared_rows & varied)
        else 0.0
    )


def _by_steps(seen: Sweep) -> MatrixKind:
    highest, logged = f"{seen.highest:,.4g}", seen.highest < LOG_LIMIT
    stepped_log = _stepped(seen.some_cells, np.expm1) if logged else 0.0
    stepped = _stepped(seen.some_cells, np.asarray)
    if max(stepped, stepped_log) > 0.5:
        if stepped_log >= stepped:
            sentence = f"Un-logged, the values of a cell are whole multiples of its smallest (highest {highest}), as in"
            return MatrixKind(
                "lognorm", f"{sentence} log-normalised counts; the sums differ, so genes were left out."
            )
        sentence = f"The values of a cell are whole multiples of its smallest (highest {highest}), as in"
        return MatrixKind(
            "normalized",
            f"{sentence} normalised counts without log; the sums differ, so genes were left out.",
        )
    if logged and seen.highest < 4.0 and _stepped(seen.some_cells, lambda v: np.expm1(np.expm1(v))) > 0.5:
        sentence = (
            f"Un-logged twice, the values of a cell are whole multiples of its smallest (highest {highest});"
        )
        return MatrixKind("lognorm", f"{sentence} the sums differ, so genes were left out.", form="twice")
    if seen.highest <= 1:
        sentence = (
            "The values lie between 0 and 1 and cells do not sum to the same, as after min-max scaling."
        )
        return MatrixKind("other", sentence)
    if logged:
        sentence = (
            f"The values are fractions from 0 to {highest}, as after a log, and cells do not sum to the same:"
        )
        return MatrixKind("lognorm", f"{sentence} some genes only, or another normalisation.")
    sentence = (
        f"The values are fractions up to {highest}, too high for a log, and cells do not sum to the same,"
    )
    return MatrixKind("other", f"{sentence} as in estimated counts (Salmon, RSEM) or TPM of some genes.")


def _filled_rows(matrix, limit=None):
    """Rows with a value other than 0, as CSR of our own without stored zeros; None where there are none."""
    rows = sparse.csr_matrix(matrix, copy=True)
    rows.eliminate_zeros()
    filled = np.flatnonzero(np.diff(rows.indptr))
    if limit and len(filled) > limit:
        filled = filled[np.linspace(0, len(filled) - 1, limit).astype(int)]
    return rows[filled] if len(filled) else None


def _stepped(matrix, unlog: Callable) -> float:
    """Share of cells whose un-logged values are whole multiples of the cell's smallest, as divided counts are.

    It tells normalised counts from other fractions even when some genes were left out. Ratios above 200 are
    not asked: float32 no longer holds them well enough after exp. A cell whose values are all equal says
    nothing and is not counted.
    """
    rows = _filled_rows(matrix)
    if rows is None:
        return 0.0
    values, starts = unlog(rows.data.astype(np.float64)), rows.indptr[:-1]
    ratio = values / np.repeat(np.minimum.reduceat(values, starts), np.diff(rows.indptr))
    compared = (ratio > 1.5) & (ratio < 200)
    fits = compared & (np.abs(ratio - np.rint(ratio)) < 0.02)
    n_compared = np.add.reduceat(compared.astype(np.int64), starts)
    n_fits = np.add.reduceat(fits.astype(np.int64), starts)
    compared_rows = n_compared > 0
    return (
        float(np.mean(n_fits[compared_rows] >= 0.95 * n_compared[compared_rows]))
        if compared_rows.any()
        else 0.0
    )
