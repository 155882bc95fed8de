"""Baselines of the count model: likelihood of the training mean, and of PCA turned into counts.

PCA fits logarithms, and the count of a mean logarithm is below the mean count. So PCA's counts are scaled: each feature
to its sum over the training cells, then each cell to its library size, which the count model is given as well. Neither
baseline is the best linear model for counts; that would be GLM-PCA (Townes 2019).
"""

from typing import NamedTuple

import numpy as np
import torch

from core.config.run_facts import Baselines
from core.models.likelihood import moment_theta, negative_binomial
from core.training.baselines import Fitted, parts
from core.training.dispersion import likely_theta

LEAST = 0.01  # of the mean's prediction: PCA may predict 0 or less, which has no likelihood
VALUES = 1 << 24  # of counts that dispersions are fitted on, at most: 64 MB as float32


class CountBaselines(NamedTuple):
    """The training means and PCA as negative binomials, their dispersions by likelihood of the training cells."""

    simple: Fitted
    share: np.ndarray  # (genes,) of a cell's counts in the training cells
    level: np.ndarray  # (proteins,) mean count
    scale: np.ndarray  # (features,) what PCA's counts are multiplied by
    theta: dict  # "mean" and "pca" -> (features,) inverse dispersion
    first_theta: np.ndarray  # (features,) of the mean by moments, from which a model starts

    def measure(self, matrix, rows, config):
        """The Baselines on `rows`: nats a feature, RNA and protein each a mean over its own. PCA of RNA alone: None."""
        total = dict.fromkeys(self.theta, 0.0)
        for part, x in matrix.blocks(rows):
            counts = matrix.raw(part)
            for name, expected in self.expected(matrix, part, x, counts).items():
                total[name] = total[name] + _nats(counts, expected, self.theta[name])
        losses = {name: parts(nats / len(rows), matrix.n_genes, config) for name, nats in total.items()}
        return Baselines(losses["mean"], losses["pca"], None)

    def expected(self, matrix, rows, x, counts):
        """{"mean", "pca": (cells, features) expected counts} of the cells `rows`, from what a model sees of them (`x`).

        Of their raw `counts` only the library sizes are used.
        """
        n = matrix.n_genes
        library = np.maximum(counts[:, :n].sum(axis=1, keepdims=True), 1)
        mean = np.hstack([library * self.share, np.broadcast_to(self.level, (len(rows), matrix.n_proteins))])
        pca = np.maximum(_pca_counts(self.simple, matrix, rows, x) * self.scale, LEAST * mean)
        if n:
            pca[:, :n] *= library / np.maximum(pca[:, :n].sum(axis=1, keepdims=True), 1e-12)
        # Of a protein that was not measured 0 is expected, and 0 is what its count is: that adds nothing to a likelihood.
        expected = {"mean": mean, "pca": pca}
        return {
            name: np.maximum(matrix.measured_alone(values, rows), 1e-12) for name, values in expected.items()
        }


def fit(matrix, rows, simple):
    """The CountBaselines of the training cells `rows`; `simple` are the Fitted baselines of the preprocessed values."""
    n, total, of_pca = matrix.n_genes, 0.0, 0.0
    for part, x in matrix.blocks(rows):
        counts = matrix.raw(part)
        total = total + counts.sum(axis=0, dtype=np.float64)
        of_pca = of_pca + matrix.measured_alone(_pca_counts(simple, matrix, part, x), part).sum(
            axis=0, dtype=np.float64
        )
    n_measured = len(rows) if matrix.measured is None else np.maximum(matrix.measured[rows].sum(axis=0), 1)
    share, level = total[:n] / max(total[:n].sum(), 1), total[n:] / n_measured
    scale = np.where(of_pca > 0, total / np.maximum(of_pca, 1e-12), 1.0)
    fitted = CountBaselines(simple, share, level, scale, {}, None)
    return _with_dispersions(fitted, matrix, rows)


def _pca_counts(simple, matrix, rows, x):
    """(cells, features) the counts that PCA's reconstruction of `x` stands for, never negative."""
    pca = simple.pca.first(simple.n_latent)
    return matrix.to_counts(pca.rebuild(pca.project(x)), rows)


def _with_dispersions(fitted, matrix, rows):
    """The CountBaselines with dispersions of the training cells, of evenly spaced ones where there are many."""
    some = rows[:: -(-len(rows) * matrix.n_features // VALUES)]
    counts, expected = [], {"mean": [], "pca": []}
    for part, x in matrix.blocks(some):
        counts.append(matrix.raw(part))
        for name, values in fitted.expected(matrix, part, x, counts[-1]).items():
            expected[name].append(values.astype(np.float32))
    counts = np.concatenate(counts)
    expected = {name: np.concatenate(values) for name, values in expected.items()}
    mean = expected["mean"]
    first = moment_theta(
        *(x.mean(axis=0, dtype=np.float64) for x in (_squared(counts - mean), mean, _squared(mean)))
    )
    theta = {name: likely_theta(counts, values) for name, values in expected.items()}
    return fitted._replace(theta=theta, first_theta=first)


def _nats(counts, expected, theta):
    """(features,) negative log-likelihood, summed over the cells."""
    tensors = (torch.from_numpy(np.asarray(a, dtype=np.float64)) for a in (counts, expected, theta))
    return -negative_binomial(*tensors).sum(dim=0).numpy()


def _squared(x):
    """x^2 in float64: the square of a count of 1e30 is beyond float32."""
    return np.square(x, dtype=np.float64)
