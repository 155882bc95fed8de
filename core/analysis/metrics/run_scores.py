"""The scores of a run as scores.json holds them: of its latent space, with PCA of as many dimensions beside it."""

import math

import numpy as np

from core.analysis.metrics import intervals, lisi, scores
from core.analysis.metrics.intervals import error_of_difference, of_mean, of_median
from core.analysis.neighbors import in_metric
from core.training.baselines import PANEL_AXES


def score(trained, config, clusters, labels=None, surroundings=None, mixed=None):
    """The flat dict of scores.json, read from the test cells, or the validation cells where there are none.

    NAME is a score of the latent space, NAME_pca of a PCA of as many dimensions, NAME_difference the first minus the
    second; distances are those of the run's metric. Each has its standard error over cells, NAME_error and so on. Scores with `labels` are of all cells: these
    are no part of the training. `surroundings`: the Neighbors of the latent space that iLISI needs, where they are known
    already; `mixed`: the input's axes after Harmony. A score that cannot be computed (a silhouette of one cluster) is None.
    """
    latent = in_metric(trained.latent, config.metric)
    spaces = {"": latent, "_pca": in_metric(trained.axes[:, : latent.shape[1]], config.metric)}
    out = _losses(trained) | _neighbours(trained, config, spaces)
    rows = trained.split.scored
    silhouette = of_mean(scores.silhouettes(latent[rows], clusters[rows], config.seed), config.seed)
    out |= _flat("silhouette", {"": silhouette})
    if trained.matrix.batch_codes is not None:  # of all cells: mixing does not overfit
        out |= _mixing(trained, config, surroundings, mixed)
    out |= trained.held_out
    out["best_epoch"] = trained.best_epoch
    out["judged_on"] = "test" if len(trained.split.test) else "valid"
    out["judged_cells"] = len(rows)
    if labels is not None:
        out |= agreement(np.asarray(labels).astype(str), clusters, spaces, config.seed)
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in out.items()}


def agreement(labels, clusters, spaces, seed):
    """{"ari", "nmi", "ami", "knn_accuracy" ...: value} of all cells with a label, and how many these are.

    `spaces`: {"": latent, "_pca": PCA}, (cells, dimensions) each; kNN accuracy is of at most 5,000 of the cells.
    """
    known = scores.is_named(labels)
    out = {"labelled_cells": int(known.sum())}
    for name, found in intervals.of_agreement(labels[known], clusters[known], seed).items():
        out |= _flat(name, {"": found})
    return out | _flat(
        "knn_accuracy",
        {end: of_mean(scores.right_labels(points, labels), seed) for end, points in spaces.items()},
    )


def _losses(trained):
    """The losses on the scored cells, and by how much they are below that of the mean."""
    loss, baselines = trained.loss, trained.baselines
    totals = {"": loss.total, "_pca": baselines.pca.total, "_mean": baselines.mean.total}
    out = {f"loss_total{end}": value for end, value in totals.items()}
    if trained.groups:
        out |= _errors("loss_total", trained.groups, "total", lambda of, mean: of)
    for part, n in (("rna", trained.matrix.n_genes), ("protein", trained.matrix.n_proteins)):
        name = f"variance_explained_{part}"
        out |= {name: None, f"{name}_pca": None}
        if not n:
            continue
        mean = getattr(baselines.mean, part)
        for end, of in (("", loss), ("_pca", baselines.pca)):
            out[f"{name}{end}"] = scores.variance_explained(getattr(of, part), mean)
        if trained.groups:
            out |= _errors(name, trained.groups, part, scores.variance_explained)
    if trained.matrix.n_proteins and baselines.pca_rna is not None:
        out["variance_explained_rna_pca_alone"] = scores.variance_explained(
            baselines.pca_rna, baselines.mean.rna
        )
    return out


def _errors(name, groups, part, measure):
    """Standard errors of `measure(loss, loss of the mean)` for the model, for PCA, and of their difference."""
    return {
        f"{name}_error": groups.jackknife(part, lambda model, pca, mean: measure(model, mean))[1],
        f"{name}_pca_error": groups.jackknife(part, lambda model, pca, mean: measure(pca, mean))[1],
        **dict(
            zip(
                (f"{name}_difference", f"{name}_difference_error"),
                groups.jackknife(part, lambda model, pca, mean: measure(model, mean) - measure(pca, mean)),
                strict=True,
            )
        ),
    }


def _neighbours(trained, config, spaces):
    """Neighbours kept, and the agreement with proteins."""
    rows, seed = trained.split.scored, config.seed
    kept = scores.neighbours_kept_of_cells(trained.matrix, trained.matrix.weights(config), spaces, rows)
    out = _flat("neighbours_kept_15", {end: of_mean(shares, seed) for end, shares in kept.items()})
    if (proteins := trained.matrix.protein_space()) is not None:
        shared = {
            end: of_mean(scores.shared_neighbours_of_cells(points, proteins, rows), seed)
            for end, points in spaces.items()
        }
        out |= _flat("protein_agreement_15", shared)
    return out


def _mixing(trained, config, surroundings, mixed):
    """iLISI of the latent space and of the input, before and after Harmony."""
    codes = trained.matrix.batch_codes
    found = {
        "": lisi.of_cells(in_metric(trained.latent, config.metric), codes, neighbors=surroundings),
        "_input": lisi.of_cells(in_metric(trained.axes[:, :PANEL_AXES], config.metric), codes),
    }
    if mixed is not None:
        found["_harmony"] = lisi.of_cells(in_metric(mixed, config.metric), codes)
    out = _flat("ilisi", {end: of_median(values, config.seed) for end, values in found.items()})
    return out | {"batches": len(trained.matrix.batch_names)}


def _flat(name, of_spaces):
    """{key: value} of a score by space ({"": Score, "_pca": Score ...}), with errors and the difference to PCA."""
    out = {f"{name}{end}": found.value for end, found in of_spaces.items()}
    out |= {f"{name}{end}_error": found.error for end, found in of_spaces.items()}
    if "_pca" in of_spaces:
        ours, pca = of_spaces[""], of_spaces["_pca"]
        out[f"{name}_difference"] = ours.value - pca.value
        out[f"{name}_difference_error"] = error_of_difference(ours, pca)
    return out
