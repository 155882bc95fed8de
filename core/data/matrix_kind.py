"""Judge what a matrix holds (counts, log-normalised, scaled ...) from what one sweep saw of all its values."""

from typing import NamedTuple

import numpy as np

from core.config.matrix_kinds import Kind
from core.data.kind_of_fractions import of_fractions
from core.data.kind_type import MatrixKind
from core.data.value_scan import MOST, NEAR_WHOLE, SAME_SUM, Sweep, same, sweep
from core.sparse.access import place_of

__all__ = ["Kind", "MatrixKind", "judge", "remember", "what_is"]

FEW_NEGATIVE = 0.05  # share of the non-zero values; what was centred or taken as a difference has far more
# Whole numbers that are no counts: as many cells of one sum, or values above 0 that all are this high.
LEAST_CELLS, LEAST_SUM = 10, 100
ROUND_SUMS, PART_OF_CELLS = (1e3, 5e3, 1e4, 1e5, 1e6), 0.1
HIGH, HIGHEST, ENOUGH_VALUES, ENOUGH_ZEROS = 5, 1e6, 1000, 0.3


def what_is(matrix) -> MatrixKind:
    """What `matrix` (cells, genes), sparse, dense or on disk, holds; every value is looked at, in blocks of rows.

    Of a matrix in a file once: what it holds is known as long as the file stays as it is.
    """
    place = place_of(matrix)
    if place is None:
        return judge(sweep(matrix))
    if place not in _KNOWN:
        _KNOWN[place] = judge(sweep(matrix))
    return _KNOWN[place]


def remember(matrix, verdict: MatrixKind) -> None:
    """Let `what_is` know what a matrix holds, where it lies in a file."""
    if (place := place_of(matrix)) is not None:
        _KNOWN[place] = verdict


_KNOWN: dict[tuple, MatrixKind] = {}


def judge(seen: Sweep) -> MatrixKind:
    """The kind of a matrix, with its evidence, from its Sweep."""
    kind = _judge(seen)
    if not seen.numeric:
        return kind
    return kind._replace(nonzero=int(seen.nonzero), total=float(seen.cell_sums.sum()))


def _judge(seen):
    if not seen.numeric:
        return MatrixKind("other", f"The matrix does not hold real numbers but '{seen.dtype}'.")
    if seen.not_finite:
        return MatrixKind(
            "other", f"{seen.not_finite:,} values are missing (NaN) or infinite.", form="missing"
        )
    if seen.nonzero == 0:
        return MatrixKind("other", "Every value is 0.", form="zero")
    if seen.negative == 0 and seen.near_whole == seen.nonzero:
        return _of_whole_numbers(seen)
    if seen.negative and seen.near_whole == seen.nonzero and seen.negative <= FEW_NEGATIVE * seen.nonzero:
        return _of_negative_counts(seen)
    return _of_negatives(seen) if seen.negative else of_fractions(seen)


def _of_whole_numbers(seen) -> MatrixKind:
    """Counts, but for 0 and 1 alone, and for what was normalised and then rounded."""
    if round(seen.highest) == 1:
        return MatrixKind("other", "All values are 0 or 1, so it is presence and absence.", form="binary")
    sums = same(seen.cell_sums)
    if sums and sums.middle >= LEAST_SUM and seen.least == 1 and sums.spread == 0:
        # Rounding misses the sum by a little; only drawing molecules at random keeps it exactly.
        sentence = f"All values are whole numbers, and every cell has exactly {sums.middle:,.0f}: counts brought to one depth."
        return MatrixKind("counts", sentence)
    if sums and (seen.cell_sums > 0).sum() >= LEAST_CELLS and sums.middle >= LEAST_SUM:
        sentence = f"All values are whole numbers, but every cell sums to {sums.middle:,.0f}: normalised and rounded."
        return MatrixKind("normalized", sentence, sums.middle, "rounded")
    if HIGH <= seen.least <= HIGHEST and seen.nonzero >= ENOUGH_VALUES and seen.sparsity >= ENOUGH_ZEROS:
        sentence = (
            f"All values are whole numbers, but the smallest above 0 is {seen.least:,.0f}, and counts begin at 1:"
            " normalised and rounded, and genes were left out."
        )
        return MatrixKind("normalized", sentence, form="rounded")
    if part := _rounded_part(seen.cell_sums):
        sentence = (
            f"All values are whole numbers, but {part.n:,} of {seen.cells:,} cells sum to {part.sum:,.0f}, nearly: normalised"
            " and rounded there."
        )
        return MatrixKind("other", sentence, form="mixed sums")
    if seen.whole == seen.nonzero:
        return MatrixKind("counts", f"All values are whole numbers from 0 to {seen.highest:,.0f}.")
    sentence = f"All values up to {seen.highest:,.0f} are within {NEAR_WHOLE} of whole numbers."
    return MatrixKind("counts", sentence)


class _Part(NamedTuple):
    n: int
    sum: float


def _rounded_part(sums) -> _Part | None:
    """Cells among others whose sums lie within 1 % of a round number, none of them exactly by chance: CPM of one sample."""
    filled = sums[sums > 0]
    for target in ROUND_SUMS:
        near = filled[np.abs(filled / target - 1) < SAME_SUM]
        if len(near) < max(LEAST_CELLS, PART_OF_CELLS * len(filled)):
            continue
        # Counts spread evenly over such a narrow range and beyond; what was normalised does not go beyond.
        around = filled[np.abs(filled / target - 1) < 5 * SAME_SUM]
        tight = np.mean(np.abs(near / target - 1) < SAME_SUM / 4)
        if len(near) >= MOST * len(around) and tight >= MOST:
            return _Part(len(near), target)
    return None


def _of_negative_counts(seen: Sweep) -> MatrixKind:
    values = "value is" if seen.negative == 1 else "values are"
    sentence = (
        f"All values are whole numbers up to {seen.highest:,.0f}, as counts are, but {seen.negative:,} {values} negative"
        f" (down to {seen.lowest:,.0f})."
    )
    return MatrixKind("other", sentence, form="negative counts")


def _of_negatives(seen: Sweep) -> MatrixKind:
    varies = seen.sd > 1e-6
    if not varies.any():
        return MatrixKind("other", "Some values are negative and no gene varies between cells.")
    # Medians over genes, with room on both sides: clipping at 10 lowers a spread, and a set that was scaled
    # first and thinned afterwards (pbmc68k_reduced) has means up to 0.09 and spreads from 0.6.
    off = float(np.median(np.abs(seen.mean[varies]) / seen.sd[varies]))
    spread = float(np.median(seen.sd[varies]))
    share = f"{seen.negative / (float(seen.cells) * seen.genes):.0%}"
    sentence = f"{share} of the values are negative (from {seen.lowest:.3g} to {seen.highest:.3g})"
    filled = seen.cell_sizes > 0
    balanced = np.abs(seen.cell_sums[filled]) < 1e-3 * seen.cell_sizes[filled]
    if off >= 0.15 and filled.sum() > 1 and np.mean(balanced) >= MOST:
        return MatrixKind(
            "other",
            f"{sentence}, and the values of every cell add up to 0, as log-ratios do.",
            form="clr cells",
        )
    if off < 0.15 and 0.5 < spread < 1.5:
        return MatrixKind(
            "scaled", f"{sentence}, the genes have mean 0 and a typical standard deviation of {spread:.2f}."
        )
    if off < 0.15:
        sentence += f"; the genes are centred on 0 but not scaled (typical standard deviation {spread:.3g})."
        return MatrixKind("other", sentence, form="centred")
    return MatrixKind(
        "other", f"{sentence}, but the genes are not centred on 0, so it is not a scaled matrix."
    )
