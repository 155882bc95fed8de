"""The logarithm of protein counts that DSB takes (Mulè 2022)."""

import numpy as np

PSEUDOCOUNT = 10.0  # of the R package dsb: log(x + 10) varies about as much for few counts as for many


def log_counts(counts):
    """log(counts + PSEUDOCOUNT); negative counts are taken as 0."""
    return np.log(np.maximum(counts, 0) + PSEUDOCOUNT)
