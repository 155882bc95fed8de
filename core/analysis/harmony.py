"""Harmony (Korsunsky 2019): principal components in which batches are mixed, a usual baseline of batch integration."""

import importlib.util

import numpy as np

CELLS_A_CLUSTER, MOST_CLUSTERS = (
    30,
    100,
)  # harmonypy's and the R package's; two clusters at least, which they lack


def is_installed():
    """Whether harmonypy is there: its licence is GPL-3, so an installation may leave it out (docs/licences.md)."""
    return importlib.util.find_spec("harmonypy") is not None


def harmony(axes, groups, seed=0):
    """(cells, k) float32: principal components (cells, k) moved so that the batches `groups` (codes) mix, seeded.

    With harmonypy's defaults. The same on any number of threads. None where harmonypy is not installed.
    """
    if not is_installed():
        return None
    import harmonypy

    n_clusters = int(np.clip(round(len(axes) / CELLS_A_CLUSTER), 2, MOST_CLUSTERS))
    points = np.asarray(axes, dtype=np.float64).T  # cells by column, which is what it takes a square for
    groups = {"batch": np.asarray(groups)}
    result = harmonypy.run_harmony(
        points, groups, "batch", nclust=n_clusters, verbose=False, random_state=seed
    )
    return np.asarray(result.Z_corr, dtype=np.float32)
