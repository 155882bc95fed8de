"""Where a colour scale of numbers ends: clipped at the 99th percentile, or where a person sets its ends."""

from typing import NamedTuple

import numpy as np

from core.errors import UserError
from core.figures.theme import AROUND_ZERO, VALUES

PERCENTILE, VALUE = "percentile", "value"
UPPER = 99.0  # percentile at which the long side of a scale is clipped unless a person sets it


class Clip(NamedTuple):
    """The lower and upper end of a colour scale, as percentiles (0 to 100) or values; None: automatic."""

    low: float | None = None
    high: float | None = None
    unit: str = PERCENTILE

    def checked(self):
        """The same; raises UserError where no scale can end there."""
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise UserError(
                f"The lower end of the colour scale ({self.low:g}) is not below the upper end ({self.high:g}). "
                "Change one of them."
            )
        return self


AUTOMATIC = Clip()


class Span(NamedTuple):
    """The numbers at both ends of a colour scale, the scale by its plotly name or steps, and a sentence on what it clips."""

    low: float
    high: float
    scale: object
    note: str


def span(values, theme="light", clip=AUTOMATIC):
    """The Span of the finite values.

    Automatic ends: the minimum and the 99th percentile. Where all values are 0 or below, the 1st percentile and the
    maximum. With values of both signs, minus and plus the 99th percentile of the absolute values. Where more than half of
    the values are 0, percentiles are those of the other values: most cells have no count of most genes, and the
    percentile of all cells would be 0. A scale that holds 0 between its ends has the grey of zero there.
    """
    values = np.asarray(values, dtype=np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return Span(0.0, 1.0, VALUES, "")
    least, most = float(values.min()), float(values.max())
    low, high = _ends(values, least, most, clip)
    if high <= low:  # one value, or the end that a person has set is beyond all values
        low, high = (low, low + 1) if clip.high is None or clip.unit == PERCENTILE else (high - 1, high)
    return Span(low, high, _scale(low, high, least, theme), _note(low, high, least, most))


def _ends(values, least, most, clip):
    counted = values
    if 2 * np.count_nonzero(values) < values.size and (least, most) != (0, 0):
        counted = values[values != 0]
    low, high = least, most
    if least < 0 < most:
        high = float(np.percentile(np.abs(counted), UPPER))
        low = -high
    elif least >= 0:
        high = float(np.percentile(counted, UPPER))
    else:
        low = float(np.percentile(counted, 100 - UPPER))
    if high <= low:  # the clip would leave one colour
        low, high = least, most
    ends = [low, high]
    for i, end in enumerate((clip.low, clip.high)):
        if end is not None:
            ends[i] = float(end if clip.unit == VALUE else np.percentile(counted, end))
    if least < 0 < most:  # an end that is set alone keeps zero in the middle
        if clip.low is None and clip.high is not None and ends[1] > 0:
            ends[0] = -ends[1]
        if clip.high is None and clip.low is not None and ends[0] < 0:
            ends[1] = -ends[0]
    return ends


def _note(low, high, least, most):
    """Which end is clipped at what, and how far the values go."""
    above, below = high < most, low > least
    if above and below:
        ends = f"±{number_text(high)}" if low == -high else f"{number_text(low)} and {number_text(high)}"
        return f"clipped at {ends}, values from {number_text(least)} to {number_text(most)}"
    if above:
        return f"clipped at {number_text(high)}, maximum {number_text(most)}"
    return f"clipped at {number_text(low)}, minimum {number_text(least)}" if below else ""


def _scale(low, high, least, theme):
    """The colours from `low` to `high`: around zero where values of both signs are shown."""
    if least >= 0 or not low < 0 < high:
        return VALUES
    steps = AROUND_ZERO[theme]
    if low == -high:
        return steps
    zero = -low / (high - low)
    return [
        [at * 2 * zero if at <= 0.5 else zero + (at - 0.5) * 2 * (1 - zero), paint] for at, paint in steps
    ]


def number_text(value):
    """A number at the end of a scale: three digits, or all before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
