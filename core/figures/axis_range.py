"""The range of the axis of a curve, and the places of the labels at its right end."""

import math

LABEL_SHARE = 0.055  # of the height: the smallest distance of two labels at the right end


def y_range(curves, lines, log=False):
    """(low, high, tallest hidden value or None): the range of the loss axis, which single high epochs do not set.

    Without `log` the first twentieth of the epochs and rare spikes do not set the scale; their line then leaves the
    frame at the top, and the third value says how far.
    """
    values = [v for curve in curves for v in curve if v is not None and (v > 0 or not log)]
    fixed = [value for _, value in lines if value > 0 or not log]
    if not values and not fixed:
        return (-1.0, 0.0, None) if log else (0.0, 1.0, None)
    low, high = min(values + fixed), max(values + fixed)
    if log:
        low, high = math.log10(low), math.log10(high)
        pad = 0.06 * (high - low) or 0.1
        return low - pad, high + pad, None
    late = [v for curve in curves for v in curve[max(1, len(curve) // 20) :] if v is not None]
    late = late or [high]  # one epoch so far: show it
    late.sort()
    near = late[int(0.95 * (len(late) - 1))]
    top = max([near + 0.6 * (near - low), *fixed])
    hidden = high if high > low + 1.6 * (top - low) else None
    top = top if hidden else high
    pad = 0.06 * (top - low) or 0.05 * abs(top) or 0.05
    return low - pad, top + pad, hidden


def label_positions(lines, low, high, log=False, apart=LABEL_SHARE):
    """[label, share of the height] of each line of `lines_of`, from the lowest up, moved apart where they would touch."""
    positions = []
    for label, value in sorted(lines, key=lambda line: line[1]):
        if log and value <= 0:
            continue
        position = ((math.log10(value) if log else value) - low) / (high - low)
        positions.append([label, max(position, positions[-1][1] + apart if positions else position)])
    return positions
