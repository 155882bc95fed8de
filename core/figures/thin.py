"""Curves of many epochs for a screen: thinned without losing an extreme, and smoothed."""

from itertools import accumulate

import numpy as np


def thinned(columns, buckets):
    """Sorted indices of the rows of `columns`, (rows, columns) with NaN where there is no value, that a plot needs.

    The rows are divided into `buckets`; of each the rows with the lowest and the highest value of every column are kept,
    so that a line looks the same on a screen of so many pixels. The first and the last row are always kept, and all rows
    where there are few.
    """
    n = len(columns)
    if n <= 2 * buckets:
        return np.arange(n)
    edges = np.linspace(0, n, buckets + 1).astype(int)
    keep = {0, n - 1}
    for values in columns.T:
        low, high = np.where(np.isnan(values), np.inf, values), np.where(np.isnan(values), -np.inf, values)
        for start, end in zip(edges[:-1], edges[1:], strict=True):
            keep |= {start + int(low[start:end].argmin()), start + int(high[start:end].argmax())}
    return np.array(sorted(keep))


def smoothed(values, weight):
    """(n,) float: the exponential moving average of `values`, weighted so that it starts at the first one.

    `weight` from 0 (the values) to below 1: how much of the average so far stays at each step, as TensorBoard has it;
    divided by the sum of all weights so far (Kingma and Ba 2015). NaN stays NaN and leaves the average as it was.
    """
    values = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(values)
    kept = values[known]
    sums = accumulate(kept.tolist(), lambda total, x: weight * total + (1 - weight) * x, initial=0.0)
    average = np.full(len(values), np.nan)
    weights = 1 - weight ** np.arange(1, len(kept) + 1)
    average[known] = np.array([*sums][1:]) / weights
    return average
