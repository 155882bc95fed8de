"""The order in which cells are drawn, from the bottom to the top; assets/61-cells-order.js has the same for many cells."""

from functools import lru_cache

import numpy as np

from core.figures.colour import has_value

SEED = 0x9E3779B9  # any number: the order has to be the same in every figure of a dataset


@lru_cache(maxsize=4)
def shuffled(n):
    """(n,) int, read-only: the numbers of n cells in a fixed order without a pattern.

    They are sorted by the upper 16 bits of a hash (the finaliser of MurmurHash3, Appleby 2011), which takes a hundredth of
    a second for a million cells, in Python as in a browser.
    """
    keys = np.arange(n, dtype=np.uint32) + np.uint32(SEED)
    keys ^= keys >> np.uint32(16)
    keys *= np.uint32(0x85EBCA6B)
    keys ^= keys >> np.uint32(13)
    keys *= np.uint32(0xC2B2AE35)
    keys ^= keys >> np.uint32(16)
    order = np.argsort((keys >> np.uint32(16)).astype(np.uint16), kind="stable")
    order.flags.writeable = False
    return order


def drawing_order(colour):
    """(cells,) int: cells without a value first; then categories shuffled, so that none hides another, and numbers from
    the lowest to the highest, so that high values are seen."""
    known = has_value(colour)
    if colour.categories is None:
        return np.argsort(np.where(known, colour.values, -np.inf), kind="stable")
    order = shuffled(len(known))
    return order[np.argsort(known[order], kind="stable")]
