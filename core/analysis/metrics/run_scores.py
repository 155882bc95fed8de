"""The scores of a run as scores.json holds them: of its latent space, with PCA of as many dimensions beside it."""

import math

import numpy as np

from core.analysis.metrics import lisi, scores
from core.training.baselines import PANEL_AXES


def score(trained, config, clusters, labels=None, surroundings=None, mixed=None):
    """The flat dict of scores.json, read from the test cells, or the validation cells where there are none.

    `surroundings`: the Neighbors of the latent space that iLISI needs, where they are known already; `mixed`: the
    input's axes after Harmony. A score that cannot be computed (a silhouette of one cluster) is None.
    """
    rows, loss, baselines = trained.split.scored, trained.loss, trained.baselines
    explained = scores.variance_explained
    out = {
        "variance_explained_rna": None,
        "variance_explained_rna_pca": None,
        "variance_explained_protein": None,
        "variance_explained_protein_pca": None,
    }
    if trained.matrix.n_genes:
        out["variance_explained_rna"] = explained(loss.rna, baselines.mean.rna)
        out["variance_explained_rna_pca"] = explained(baselines.pca.rna, baselines.mean.rna)
    if trained.matrix.n_proteins:
        out["variance_explained_protein"] = explained(loss.protein, baselines.mean.protein)
        out["variance_explained_protein_pca"] = explained(baselines.pca.protein, baselines.mean.protein)
        if baselines.pca_rna is not None:
            out["variance_explained_rna_pca_alone"] = explained(baselines.pca_rna, baselines.mean.rna)
    out |= {
        "loss_total": loss.total,
        "loss_total_pca": baselines.pca.total,
        "loss_total_mean": baselines.mean.total,
    }
    spaces = {"": trained.latent, "_pca": trained.axes[:, : trained.latent.shape[1]]}
    for suffix, kept in scores.neighbours_kept(
        trained.matrix, trained.matrix.weights(config), spaces, rows
    ).items():
        out[f"neighbours_kept_15{suffix}"] = kept
    if (proteins := trained.matrix.protein_space()) is not None:
        for suffix, points in spaces.items():
            out[f"protein_agreement_15{suffix}"] = scores.shared_neighbours(points, proteins, rows)
    out["silhouette"] = scores.silhouette(trained.latent[rows], clusters[rows], config.seed)
    if (batch_codes := trained.matrix.batch_codes) is not None:  # of all cells: mixing does not overfit
        out["ilisi"] = lisi.ilisi(trained.latent, batch_codes, neighbors=surroundings)
        out["ilisi_input"] = lisi.ilisi(trained.axes[:, :PANEL_AXES], batch_codes)
        if mixed is not None:
            out["ilisi_harmony"] = lisi.ilisi(mixed, batch_codes)
        out["batches"] = len(trained.matrix.batch_names)
    out |= trained.held_out
    out["best_epoch"] = trained.best_epoch
    out["judged_on"] = "test" if len(trained.split.test) else "valid"
    out["judged_cells"] = len(rows)
    if labels is not None:
        out |= scores.agreement(np.asarray(labels)[rows], clusters[rows])
        out |= {f"{name}_all_cells": value for name, value in scores.agreement(labels, clusters).items()}
        out |= {f"knn_accuracy{end}": scores.knn_accuracy(x, labels, rows) for end, x in spaces.items()}
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in out.items()}
