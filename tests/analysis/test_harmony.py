"""Harmony: what harmonypy makes of the input's axes, the same every time, better mixed than before."""

import harmonypy
import numpy as np
import pytest

from core.analysis.harmony import harmony
from core.analysis.metrics.lisi import ilisi


@pytest.fixture(scope="module")
def shifted():
    """(axes, batches) of 300 cells in three groups and two batches that lie apart."""
    random = np.random.default_rng(0)
    kind, batch = random.integers(0, 3, 300), random.integers(0, 2, 300)
    axes = random.normal(size=(300, 5)) + 8 * np.eye(5)[kind] + batch[:, None] * np.array([0, 0, 0, 5, 0])
    return axes.astype(np.float32), batch


def test_batches_mix_and_the_same_comes_again(shifted):
    axes, batch = shifted
    made = harmony(axes, batch, seed=3)
    assert made.shape == axes.shape and made.dtype == np.float32
    np.testing.assert_array_equal(made, harmony(axes, batch, seed=3))
    assert ilisi(made, batch) > ilisi(axes, batch) + 0.3
    theirs = harmonypy.run_harmony(
        axes.astype(float), {"batch": batch}, "batch", nclust=10, verbose=False, random_state=3, ncores=1
    )
    np.testing.assert_array_equal(made, theirs.Z_corr.astype(np.float32))


@pytest.mark.parametrize(("cells", "k"), [(10, 3), (12, 12), (40, 50), (61, 4)])
def test_few_cells_and_batches_of_one_cell_do_not_fall(cells, k):
    axes = np.random.default_rng(0).normal(size=(cells, k))
    for batch in (np.arange(cells) % 2, np.arange(cells) == 0, np.arange(cells) // 2):
        assert np.isfinite(harmony(axes, batch.astype(int))).all()
