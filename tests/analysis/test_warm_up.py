"""Compiling ahead of time changes nothing and says nothing."""

import warnings

import numpy as np

from core.analysis.warm_up import warm_up


def test_warming_up_leaves_everything_as_it_was():
    before = np.random.default_rng(0).standard_normal(3)
    warm_up()
    np.testing.assert_array_equal(before, np.random.default_rng(0).standard_normal(3))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        warm_up()
    assert not [w for w in heard if "core" in str(w.filename)]
