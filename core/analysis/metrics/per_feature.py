"""Variance explained of each gene and protein, on test cells."""

from typing import NamedTuple

import numpy as np
import torch

from core.training import baselines
from core.training.baselines import PANEL_AXES
from core.training.dataloader import Feed
from core.training.inference import reconstruction

MOST_CELLS = 20_000  # test cells
COLUMNS = ("feature", "kind", "explained", "explained_pca", "variance")


class Explained(NamedTuple):
    """By feature: variance explained by the model and by PCA, NaN for one that is constant; and the error of the training mean."""

    model: np.ndarray
    pca: np.ndarray
    variance: np.ndarray  # mean squared distance from the training mean, on the scale of the input


@torch.no_grad()
def by_feature(model, trained, config):
    """The Explained of a trained model on at most 20,000 of the test cells of a TrainedRun (validation cells where there are none).

    1 - squared error / squared error of the training mean, for each feature on the scale of the model's input; PCA is
    the baseline of the loss, with as many dimensions, fitted on the training cells.
    """
    model.eval()
    matrix, scored = trained.matrix, trained.split.scored
    rows = scored[:: -(-len(scored) // MOST_CELLS)]
    pca = _pca_baseline(matrix, trained.split.train, config)
    errors = np.zeros((3, matrix.n_features))
    for part, cells in Feed(matrix).blocks(rows):
        x = cells.x.numpy().astype(np.float64)
        for i, made in enumerate(
            (reconstruction(model, cells, matrix, part), pca.rebuild(pca.project(x)), pca.center)
        ):
            errors[i] += ((made - x) ** 2).sum(axis=0)
    errors /= len(rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = np.where(errors[2] > 0, 1 - errors[:2] / errors[2], np.nan)
    return Explained(explained[0], explained[1], errors[2])


def _pca_baseline(matrix, train, config):
    """The PCA baseline of a run, fitted again."""
    n_axes = min(PANEL_AXES, matrix.n_features - 1, len(train) - 1)
    fitted = baselines.fit_pca(
        matrix, train, matrix.weights(config), max(n_axes, config.n_latent), config.seed
    )
    return fitted.first(config.n_latent)


def rows_of(explained, matrix, enough):
    """explained.csv: a row a feature by COLUMNS, the worst first; an empty field where unknown.

    `enough` (features,) bool, of varying_features.varies: those that do not vary enough come last.
    """
    names = [*matrix.genes, *matrix.proteins]
    order = np.lexsort((np.where(np.isnan(explained.model), np.inf, explained.model), ~enough))
    return [
        [
            str(names[i]),
            "gene" if i < matrix.n_genes else "protein",
            *(
                "" if np.isnan(value) else round(float(value), 5)
                for value in (explained.model[i], explained.pca[i])
            ),
            float(f"{explained.variance[i]:.5g}"),
        ]
        for i in order
    ]


def in_all(explained, n_genes):
    """{"gene": (model, PCA), "protein": ...}: variance explained of all genes, and of all proteins, together."""
    out = {}
    for kind, part in (("gene", slice(0, n_genes)), ("protein", slice(n_genes, None))):
        whole = explained.variance[part].sum()
        if whole > 0:
            out[kind] = tuple(
                float(np.nansum(share[part] * explained.variance[part]) / whole)
                for share in (explained.model, explained.pca)
            )
    return out
