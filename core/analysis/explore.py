"""The analysis of a trained run: neighbours, embeddings, clusters and scores of its latent space.

Like core.training.learn it yields the Phases of its work and then its result, and reads and writes no file.
"""

from typing import NamedTuple

import numpy as np

from core.analysis import embedding, leiden, side_process
from core.analysis.harmony import harmony
from core.analysis.metrics.lisi import K as LISI_NEIGHBORS
from core.analysis.metrics.run_scores import score
from core.analysis.neighbors import N_NEIGHBORS, find_neighbors, in_metric
from core.config import DEFAULT_RESOLUTION, RESOLUTIONS
from core.config.run_facts import Baselines, Parts, RunFacts
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_of
from core.training.baselines import PANEL_AXES
from core.training.loss_groups import LossGroups
from core.training.phases import Clock


class TrainedRun(NamedTuple):
    """What exploring and scoring need of a trained run; can be had again from what the run left on disk."""

    matrix: object  # matrix.Matrix
    split: object  # split.Split
    latent: np.ndarray
    axes: np.ndarray
    loss: Parts
    baselines: Baselines
    best_epoch: int
    held_out: (
        dict  # likelihoods on the test cells, as core.training.held_out has them; empty where there are none
    )
    groups: object = None  # loss_groups.LossGroups on the test cells; None in runs of earlier versions


def trained_run(learnt):
    """The TrainedRun of a Learnt that has a latent."""
    start = learnt.start
    return TrainedRun(
        start.matrix,
        start.split,
        learnt.latent,
        learnt.axes,
        learnt.loss,
        start.on_scored,
        learnt.best_epoch,
        learnt.held_out,
        learnt.groups,
    )


def rebuild(adata, config, latent, axes, facts, scratch=None):
    """The TrainedRun of a run from its dataset and what it left (`facts` as `start_facts` and `learnt_facts` wrote).

    `scratch`: the folder for values that do not fit in memory.
    """
    split = split_of(adata, config)
    matrix, facts = prepare(adata, config, split, scratch), RunFacts.upgraded(facts)
    groups = LossGroups.read(facts.loss_groups)
    return TrainedRun(
        matrix,
        split,
        latent,
        axes,
        facts.loss,
        facts.test_baselines,
        facts.best_epoch,
        facts.held_out,
        groups,
    )


def pictures(beside, axes, config, tsne=False):
    """{name: Task} of the embeddings of the input, whose `axes` are known before the first epoch."""
    axes = axes[:, :PANEL_AXES]
    tasks = {"input_umap": beside.do(embedding.umap, axes, None, 2, config.seed, config.metric)}
    return tasks | (
        {"input_tsne": beside.do(embedding.tsne, axes, 2, config.seed, config.metric)} if tsne else {}
    )


class Explored(NamedTuple):
    """The analysis of a latent space. Embeddings by name, (cells, 2 or 3); clusters by resolution, (cells,).

    `harmony` (cells, k) are the input's principal components with its batches mixed, None for a run without batches.
    """

    embeddings: dict
    clusters: dict
    scores: dict
    seconds: dict
    harmony: np.ndarray | None = None


def explore(trained, config, labels=None, tsne=False, resolution=DEFAULT_RESOLUTION, beside=None, begun=None):
    """Neighbours, clusters, scores and embeddings from a TrainedRun: yields Phase, then an Explored.

    `labels`: (cells,) names to compare the clusters with. The clusters of `resolution` are those that are scored.
    t-SNE is slow and computed on request only. `beside` (a side_process.HelperProcess) computes embeddings while this process
    clusters and scores; `begun` are the `pictures` that have begun already. The results are the same with and without.
    """
    clock, beside = Clock(), beside or side_process.NoHelper()
    yield clock.start("neighbours")
    batches = trained.matrix.batch_codes is not None
    k, latent = LISI_NEIGHBORS + 1 if batches else N_NEIGHBORS, in_metric(trained.latent, config.metric)
    surroundings = find_neighbors(latent, k, config.seed, config.device)
    near = surroundings.first(N_NEIGHBORS).measured(config.metric)
    edges = beside.do(leiden.edges, near)
    drawn = {"latent_umap": beside.do(embedding.umap, latent, near, 2, config.seed)}
    drawn |= begun or pictures(beside, trained.axes, config, tsne)
    yield clock.start("leiden")
    graph = leiden.graph(near, edges.value())
    clusters = {r: leiden.leiden(graph, r, config.seed) for r in RESOLUTIONS}
    mixed = None
    if batches:
        yield clock.start("harmony")
        mixed = harmony(trained.axes[:, :PANEL_AXES], trained.matrix.batch_codes, config.seed)
    yield clock.start("scores")
    judged = score(trained, config, clusters[resolution], labels, surroundings if batches else None, mixed)
    judged["resolution"] = resolution
    embeddings = {}
    for name, task in drawn.items():
        yield clock.start("tsne" if name.endswith("tsne") else "umap")
        embeddings[name] = task.value()
    clock.stop()
    yield Explored(embeddings, clusters, judged, clock.seconds, mixed)
