"""Baselines of the count model: likelihood of the training mean and of PCA."""

from typing import NamedTuple

import numpy as np
import torch

from core.config.run_facts import Baselines
from core.models.likelihood import moment_theta, negative_binomial
from core.training.baselines import Fitted, parts

LEAST = 0.01  # of the mean's prediction: PCA may predict 0 or less, which has no likelihood


class CountBaselines(NamedTuple):
    """The training means and PCA as negative binomials, their dispersions by moments of the training cells."""

    simple: Fitted
    share: np.ndarray  # (genes,) of a cell's counts in the training cells
    level: np.ndarray  # (proteins,) mean count
    theta: dict  # "mean" and "pca" -> (features,) inverse dispersion

    def measure(self, matrix, rows, config):
        """The Baselines on `rows`: nats a feature, RNA and protein each a mean over its own. PCA of RNA alone: None."""
        total = dict.fromkeys(self.theta, 0.0)
        for part, x in matrix.blocks(rows):
            counts = matrix.raw(part)
            for name, expected in _predictions(self, matrix, part, x, counts):
                total[name] = total[name] + _nats(counts, expected, self.theta[name])
        losses = {name: parts(sum_ / len(rows), matrix.n_genes, config) for name, sum_ in total.items()}
        return Baselines(losses["mean"], losses["pca"], None)


def fit(matrix, rows, simple):
    """The CountBaselines of the training cells `rows`; `simple` are the Fitted baselines of the preprocessed values."""
    share, level, library = 0.0, 0.0, 0.0
    for part, _ in matrix.blocks(rows):
        counts = matrix.raw(part).astype(np.float64)
        share, level = (
            share + counts[:, : matrix.n_genes].sum(axis=0),
            level + counts[:, matrix.n_genes :].sum(axis=0),
        )
        library += counts[:, : matrix.n_genes].sum()
    fitted = CountBaselines(simple, share / max(library, 1), level / len(rows), {})
    sums = {name: np.zeros((3, matrix.n_features)) for name in ("mean", "pca")}
    for part, x in matrix.blocks(rows):
        counts = matrix.raw(part)
        for name, expected in _predictions(fitted, matrix, part, x, counts):
            sums[name] += [
                ((counts - expected) ** 2).sum(axis=0),
                expected.sum(axis=0),
                (expected**2).sum(axis=0),
            ]
    return fitted._replace(
        theta={name: moment_theta(*(moments / len(rows))) for name, moments in sums.items()}
    )


def _predictions(fitted, matrix, rows, x, counts):
    """Pairs of "mean" or "pca" and the (cells, features) counts it predicts of these cells."""
    library = np.maximum(counts[:, : matrix.n_genes].sum(axis=1, keepdims=True), 1)
    mean = np.hstack([library * fitted.share, np.broadcast_to(fitted.level, (len(rows), matrix.n_proteins))])
    yield "mean", mean
    pca = fitted.simple.pca.first(fitted.simple.n_latent)
    yield "pca", np.maximum(matrix.to_counts(pca.rebuild(pca.project(x)), rows), LEAST * mean)


def _nats(counts, expected, theta):
    """(features,) negative log-likelihood, summed over the cells."""
    tensors = (torch.from_numpy(np.asarray(a, dtype=np.float64)) for a in (counts, expected, theta))
    return -negative_binomial(*tensors).sum(dim=0).numpy()
