"""The second half of the job: neighbours, clusters, pictures and scores of a trained run's latent space.

Like the first half (core.training.learn) it yields the Phases of its work, ends with what came of it, and knows no disk.
"""

import math
from typing import NamedTuple

import numpy as np

from core.analysis import embedding, leiden, side_process
from core.analysis.harmony import harmony
from core.analysis.metrics import scores
from core.analysis.neighbors import N_NEIGHBORS, find_neighbors
from core.config import DEFAULT_RESOLUTION, RESOLUTIONS
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training import baselines
from core.training.baselines import PANEL_AXES
from core.training.phases import Clock


class Evidence(NamedTuple):
    """What exploring and scoring need of a trained run; can be had again from what the run left on disk."""

    matrix: object  # matrix.Matrix
    split: object  # split.Split
    latent: np.ndarray
    axes: np.ndarray
    loss: baselines.Parts
    sticks: baselines.Yardsticks
    best_epoch: int
    held_out: dict  # scores of likelihood on the judging cells, as core.training.held_out has them; empty where there are none


def evidence(learnt):
    """The Evidence of a Learnt that has a latent."""
    start = learnt.start
    return Evidence(
        start.matrix,
        start.split,
        learnt.latent,
        learnt.axes,
        learnt.loss,
        start.on_judges,
        learnt.best_epoch,
        learnt.held_out,
    )


def remake(adata, config, latent, axes, facts, scratch=None):
    """The Evidence of a run from its data set and what it left (`facts` as `start_facts` and `learnt_facts` wrote).

    `scratch`: the folder for values that do not fit in memory.
    """
    split = split_cells(adata.n_obs, config)
    sticks = baselines.from_record(facts["yardsticks"]["judges"])
    loss = baselines.Parts(**facts["loss"])
    matrix, held_out = prepare(adata, config, split, scratch), facts.get("held_out", {})
    return Evidence(matrix, split, latent, axes, loss, sticks, facts["best_epoch"], held_out)


def pictures(beside, axes, config, tsne=False):
    """{name: Task} of the pictures of the input, whose `axes` are known before the first epoch."""
    axes = axes[:, :PANEL_AXES]
    found = {"input_umap": beside.do(embedding.umap, axes, None, 2, config.seed)}
    return found | ({"input_tsne": beside.do(embedding.tsne, axes, 2, config.seed)} if tsne else {})


class Explored(NamedTuple):
    """What the latent space shows. Embeddings by name, (cells, 2 or 3); clusters by resolution, (cells,).

    `harmony` (cells, k) are the input's principal components with its batches mixed, None for a run without batches.
    """

    embeddings: dict
    clusters: dict
    scores: dict
    seconds: dict
    harmony: np.ndarray | None = None


def explore(proof, config, labels=None, tsne=False, resolution=DEFAULT_RESOLUTION, beside=None, begun=None):
    """Neighbours, clusters, scores and pictures from an Evidence: yields Phase, then an Explored.

    `labels`: (cells,) names to compare the clusters with. The clusters of `resolution` are those that are scored.
    t-SNE is slow and made on request. `beside` (an aside.Aside) draws the latent space while this process clusters
    and scores; `begun` are the `pictures` that have begun already. The results are the same with and without.
    """
    clock, beside = Clock(), beside or side_process.Here()
    latent = proof.latent
    yield clock.start("neighbours")
    batches = proof.matrix.batch_codes is not None
    surroundings = find_neighbors(
        latent, scores.LISI_NEAR + 1 if batches else N_NEIGHBORS, config.seed, config.device
    )
    near = surroundings.first(N_NEIGHBORS)
    edges = beside.do(leiden.edges, near)
    drawn = {"latent_umap": beside.do(embedding.umap, latent, near, 2, config.seed)}
    drawn |= begun or pictures(beside, proof.axes, config, tsne)
    yield clock.start("leiden")
    graph = leiden.graph(near, edges.value())
    clusters = {r: leiden.leiden(graph, r, config.seed) for r in RESOLUTIONS}
    mixed = None
    if batches:
        yield clock.start("harmony")
        mixed = harmony(proof.axes[:, :PANEL_AXES], proof.matrix.batch_codes, config.seed)
    yield clock.start("scores")
    judged = score(proof, config, clusters[resolution], labels, surroundings if batches else None, mixed)
    judged["resolution"] = resolution
    embeddings = {}
    for name, task in drawn.items():
        yield clock.start("tsne" if name.endswith("tsne") else "umap")
        embeddings[name] = task.value()
    clock.stop()
    yield Explored(embeddings, clusters, judged, clock.seconds, mixed)


def score(proof, config, clusters, labels=None, surroundings=None, mixed=None):
    """The flat dict of scores.json, read from the test cells, or the validation cells where there are none.

    `surroundings`: the Neighbors of the latent space that iLISI needs, where they are known already; `mixed`: what
    Harmony makes of the input's axes. A score that cannot be had (a silhouette of one cluster) is None.
    """
    rows, loss, sticks = proof.split.judges, proof.loss, proof.sticks
    explained = scores.variance_explained
    out = {
        "variance_explained_rna": None,
        "variance_explained_rna_pca": None,
        "variance_explained_protein": None,
        "variance_explained_protein_pca": None,
    }
    if proof.matrix.n_genes:
        out["variance_explained_rna"] = explained(loss.rna, sticks.mean.rna)
        out["variance_explained_rna_pca"] = explained(sticks.pca.rna, sticks.mean.rna)
    if proof.matrix.n_proteins:
        out["variance_explained_protein"] = explained(loss.protein, sticks.mean.protein)
        out["variance_explained_protein_pca"] = explained(sticks.pca.protein, sticks.mean.protein)
        if sticks.pca_rna is not None:
            out["variance_explained_rna_pca_alone"] = explained(sticks.pca_rna, sticks.mean.rna)
    out |= {
        "loss_total": loss.total,
        "loss_total_pca": sticks.pca.total,
        "loss_total_mean": sticks.mean.total,
    }
    spaces = {"": proof.latent, "_pca": proof.axes[:, : proof.latent.shape[1]]}
    for suffix, kept in scores.neighbours_kept(
        proof.matrix, proof.matrix.weights(config), spaces, rows
    ).items():
        out[f"neighbours_kept_15{suffix}"] = kept
    if (proteins := proof.matrix.protein_space()) is not None:
        for suffix, points in spaces.items():
            out[f"protein_agreement_15{suffix}"] = scores.shared_neighbours(points, proteins, rows)
    out["silhouette"] = scores.silhouette(proof.latent[rows], clusters[rows], config.seed)
    if (batch_codes := proof.matrix.batch_codes) is not None:  # of all cells: mixing is not learnt by heart
        out["ilisi"] = scores.ilisi(proof.latent, batch_codes, found=surroundings)
        out["ilisi_input"] = scores.ilisi(proof.axes[:, :PANEL_AXES], batch_codes)
        if mixed is not None:
            out["ilisi_harmony"] = scores.ilisi(mixed, batch_codes)
        out["batches"] = len(proof.matrix.batch_names)
    out |= proof.held_out
    out["best_epoch"] = proof.best_epoch
    out["judged_on"] = "test" if len(proof.split.test) else "valid"
    out["judged_cells"] = len(rows)
    if labels is not None:
        out |= scores.agreement(np.asarray(labels)[rows], clusters[rows])
        out |= {f"{name}_all_cells": value for name, value in scores.agreement(labels, clusters).items()}
        out |= {f"knn_accuracy{end}": scores.knn_accuracy(x, labels, rows) for end, x in spaces.items()}
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in out.items()}
