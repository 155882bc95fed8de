"""Whether cells of one batch stay together in a latent space that was learnt without a batch covariate."""

import numpy as np

from core.analysis.metrics import lisi
from core.config.run_facts import BatchMixing

CELLS = 20_000  # among which neighbourhoods are looked for, evenly spaced where there are more
LEAST_CELLS = 30  # of a batch: fewer are too few to mix with


def mixing(latent, columns) -> list[BatchMixing]:
    """The BatchMixing of each column that may name batches, the least mixed first.

    `latent` is (cells, dimensions); `columns` {name: (cells,) int codes, -1 for no value}. A column with missing values, or
    with a batch of fewer than 30 cells, is left out.
    """
    every = max(1, -(-len(latent) // CELLS))
    points = np.asarray(latent[::every], dtype=np.float32)
    found = []
    for name, codes in columns.items():
        codes = np.asarray(codes)
        sizes = np.bincount(codes[codes >= 0])
        sizes = sizes[sizes > 0]
        if (codes < 0).any() or len(sizes) < 2 or sizes.min() < LEAST_CELLS:
            continue
        mixed = 1 / np.square(sizes / sizes.sum()).sum()
        found.append(BatchMixing(name, lisi.ilisi(points, codes[::every]), len(sizes), float(mixed)))
    return sorted(found, key=lambda one: one.share)
