"""Variance explained of each gene and protein, on test cells."""

from typing import NamedTuple

import numpy as np
import torch

from core.training import baselines, count_splitting
from core.training.baselines import PANEL_AXES
from core.training.dataloader import Feed
from core.training.inference import reconstruction

MOST_CELLS = 20_000  # test cells
COLUMNS = ("feature", "kind", "explained", "explained_pca", "variance")


class Explained(NamedTuple):
    """Mean squared errors by feature, on the scale of the loss, and the variance explained that follows from them."""

    errors: np.ndarray  # (2, features) of the model and of PCA
    variance: np.ndarray  # (features,) of the training mean

    @property
    def shares(self):
        """(2, features) variance explained by the model and by PCA; NaN for a feature that is constant."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.variance > 0, 1 - self.errors / self.variance, np.nan)


@torch.no_grad()
def by_feature(model, trained, config):
    """The Explained of a trained model on at most 20,000 of the test cells of a TrainedRun (validation cells where there are none).

    1 - squared error / squared error of the training mean, for each feature on the scale of the loss, so that `in_all`
    gives the scores of the run. Where counts are split it is that of the molecules that the encoder has not seen. PCA is
    the baseline of the loss, fitted again on the training cells. Proteins count in the cells that they were measured in.
    """
    model.eval()
    matrix, scored = trained.matrix, trained.split.scored
    rows = scored[:: -(-len(scored) // MOST_CELLS)]
    errors = np.zeros((3, matrix.n_features))
    predict = _of_the_other_part if getattr(model, "predicts_other_part", False) else _of_the_input
    for part, target, predictions in predict(model, matrix, trained.split, rows, config):
        for i, predicted in enumerate(predictions):
            off = matrix.measured_alone(predicted - target, part)
            errors[i] += np.square(off, dtype=np.float64).sum(axis=0)
    errors /= len(rows)
    return Explained(errors[:2], errors[2])


def _of_the_input(model, matrix, split, rows, config):
    """Triples (rows, input, its predictions by the model, PCA of as many dimensions and the training mean) over `rows`."""
    n_axes = min(PANEL_AXES, matrix.n_features - 1, len(split.train) - 1)
    pca = baselines.fit_pca(
        matrix, split.train, matrix.weights(config), max(n_axes, config.n_latent), config.seed
    ).first(config.n_latent)
    for part, cells in Feed(matrix).blocks(rows):
        x = cells.x.numpy()
        yield part, x, (reconstruction(model, cells, matrix, part), pca.rebuild(pca.project(x)), pca.center)


def _of_the_other_part(model, matrix, split, rows, config):
    """The same of the part of the molecules that the encoder has not seen, in the split that losses are of."""
    splitter = count_splitting.splitter(matrix, split.train, config)
    fitted = count_splitting.fit(matrix, splitter, split, config)
    for part, cells in Feed(matrix, splitter=splitter).blocks(rows):
        target = cells.x.numpy()
        seen = np.hstack([cells.seen.numpy(), target[:, matrix.n_genes :]])
        mean, pca, _ = fitted.predictions(seen)
        yield part, target, (model.other_part(model.encode(cells), cells).numpy(), pca, mean)


def rows_of(explained, matrix, enough):
    """explained.csv: a row a feature by COLUMNS, the worst first; an empty field where unknown.

    `enough` (features,) bool, of varying_features.varies: those that do not vary enough come last.
    """
    names = [*matrix.genes, *matrix.proteins]
    shares = explained.shares
    order = np.lexsort((np.where(np.isnan(shares[0]), np.inf, shares[0]), ~enough))
    return [
        [
            str(names[i]),
            "gene" if i < matrix.n_genes else "protein",
            *("" if np.isnan(share) else round(float(share), 5) for share in shares[:, i]),
            float(f"{explained.variance[i]:.5g}"),
        ]
        for i in order
    ]


def in_all(explained, n_genes):
    """{"gene": (model, PCA), "protein": ...}: variance explained of all genes, and of all proteins, together.

    As in the scores of the run, the error of a feature that is constant in these cells counts too.
    """
    out = {}
    for kind, part in (("gene", slice(0, n_genes)), ("protein", slice(n_genes, None))):
        whole = explained.variance[part].sum()
        if whole > 0:
            out[kind] = tuple(float(1 - error[part].sum() / whole) for error in explained.errors)
    return out
