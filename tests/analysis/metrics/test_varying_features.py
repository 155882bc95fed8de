"""A feature varies enough where its variance is above a twentieth of the median of its kind."""

from types import SimpleNamespace

import numpy as np

from core.analysis.metrics.varying_features import of_variance, varies


def test_genes_and_proteins_are_held_against_their_own_median():
    variance = np.array([1.0, 2.0, 4.0, 0.11, 0.09, 100.0, 80.0, 3.9])
    assert of_variance(variance, 5).tolist() == [True, True, True, True, True, True, True, False]
    assert of_variance(np.array([2.0, 2.0, 0.09, 2.0]), 4).tolist() == [True, True, False, True]
    assert of_variance(np.array([0.0, 0.0]), 2).all() and of_variance(np.empty(0), 0).tolist() == []


def test_the_variance_is_that_before_scaling():
    values = np.random.default_rng(0).normal(0, [1.0, 1.0, 0.1], (500, 3)).astype(np.float32)
    by_sd = {"n_genes": 3, "exponent": 1, "pearson": None}
    scaled = SimpleNamespace(sd=values.std(axis=0), **by_sd)
    unscaled = SimpleNamespace(sd=np.ones(3), dense=lambda rows: values[rows], **by_sd)
    for matrix in (scaled, unscaled):
        assert varies(matrix, np.arange(500)).tolist() == [True, True, False]
