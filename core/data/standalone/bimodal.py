"""The threshold between the two groups of scores that simulated doublets have."""

import numpy as np
from scipy.ndimage import uniform_filter1d

BINS, MOST_ROUNDS = 256, 10_000  # as skimage.filters.threshold_minimum has them


def between_modes(values: np.ndarray) -> float | None:
    """The minimum between the two modes of a histogram that is smoothed until it has two; None where it has not.

    The method of Prewitt and Mendelsohn 1966, step by step as skimage.filters.threshold_minimum takes it.
    """
    if not len(values) or values.min() == values.max():
        return None
    counts, edges = np.histogram(values, BINS)
    smooth, centres = counts.astype(np.float32), (edges[:-1] + edges[1:]) / 2
    for _ in range(MOST_ROUNDS):
        smooth = uniform_filter1d(smooth, 3)
        peaks = _peaks(smooth)
        if len(peaks) < 3:
            break
    else:
        return None
    if len(peaks) != 2:
        return None
    return float(centres[peaks[0] + np.argmin(smooth[peaks[0] : peaks[1] + 1])])


def _peaks(heights):
    """Where the heights turn from rising to falling; a plateau turns at its last place."""
    found, rising = [], True
    for i in range(len(heights) - 1):
        if rising and heights[i + 1] < heights[i]:
            rising = False
            found.append(i)
        elif not rising and heights[i + 1] > heights[i]:
            rising = True
    return found
