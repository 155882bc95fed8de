"""The whole job in two halves, as the worker and the command line run it: learn, then explore.

Each half is a generator: it yields what happens (a Phase, the Start, an Epoch), and ends with what came of it.
It knows no disk, no screen and no user.
"""

import math
import time
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch

from core import cluster, count_sticks, embed, models, scores, yardsticks
from core import device as devices
from core.config import DEFAULT_RESOLUTION, RESOLUTIONS
from core.feed import Feed
from core.prepare import prepare, split_cells
from core.train import Epoch, NonFinite, encode, fit, losses

PANEL_AXES = (
    50  # principal components that stand for the input in its own UMAP and t-SNE, as in scanpy's tutorials
)


class Phase(NamedTuple):
    """Work that begins now, in words."""

    words: str


class Start(NamedTuple):
    """Known before the first epoch."""

    n_epochs: int
    device: devices.Device
    matrix: object  # prepare.Matrix
    split: object  # prepare.Split
    on_valid: yardsticks.Yardsticks  # for the curve, on the validation cells
    on_judges: yardsticks.Yardsticks  # for the scores
    path: str  # how batches come to the model: a name in feed.PATHS


@dataclass
class Clock:
    """Seconds a phase, in order."""

    seconds: dict = field(default_factory=dict)
    _name: str = ""
    _since: float = 0.0

    def start(self, name):
        self.stop()
        self._name, self._since = name, time.perf_counter()
        return Phase(name)

    def stop(self):
        if self._name:
            spent = time.perf_counter() - self._since
            self.seconds[self._name] = round(self.seconds.get(self._name, 0.0) + spent, 3)
        self._name = ""


class Learnt(NamedTuple):
    """What training leaves. `epochs` is empty and `latent` None where not one epoch was finished."""

    start: Start
    epochs: list[Epoch]
    best_epoch: int
    weights: dict  # torch's state_dict on the CPU
    latent: np.ndarray | None  # (cells, n_latent)
    axes: (
        np.ndarray
    )  # (cells, k) PCA of the weighted input, fitted on the training cells; k: 50, or n_latent if more
    share: np.ndarray  # (k,) of the input's variance each axis explains
    loss: yardsticks.Parts | None  # of the best weights, on the cells that judge
    seconds: dict
    failure: str  # why the loss stopped being a number, or ""


def learn(adata, config):
    """Split, prepare, measure the yardsticks, train, encode: yields Phase, Start and Epoch, then a Learnt.

    Sending a true value in answer to an Epoch stops the training; what was learnt so far is kept. Raises
    UserError where the data cannot be trained on with these settings.
    """
    clock = Clock()
    device = devices.choose(config.device)
    yield clock.start("preparing the data")
    split = split_cells(adata.n_obs, config)
    matrix = prepare(adata, config, split)
    config.check_against(matrix.n_genes, matrix.n_proteins, matrix.kind)
    yield clock.start("measuring the yardsticks")
    n_axes = min(PANEL_AXES, matrix.n_features - 1, len(split.train) - 1)
    simple = yardsticks.fit(matrix, split.train, config, n_axes)
    sticks = simple if matrix.counts is None else count_sticks.fit(matrix, split.train, simple)
    on_valid = sticks.measure(matrix, split.valid, config)
    on_judges = sticks.measure(matrix, split.judges, config) if len(split.test) else on_valid
    axes, share = _project(matrix, simple.pca)
    n_epochs = config.n_epochs(len(split.train))
    path = Feed(matrix, device.kind, config).path
    start = Start(n_epochs, device, matrix, split, on_valid, on_judges, path)
    yield start

    yield clock.start("training")
    torch.manual_seed(config.seed)
    model = models.build(config, matrix.n_genes, matrix.n_proteins, len(matrix.group_names))
    if matrix.counts is not None:
        model.start_from(sticks)
    epochs, best_epoch, failure = [], 0, ""
    passes = fit(model, matrix, split, config, device.kind)
    try:
        for epoch in passes:
            epochs.append(epoch)
            best_epoch = epoch.epoch if epoch.best else best_epoch
            if (yield epoch):
                break
    except NonFinite as error:
        failure = str(error)
    finally:
        passes.close()  # puts the best weights back
    latent, loss = None, None
    if epochs:
        yield clock.start("encoding the cells")
        latent = encode(model, matrix, device=device.kind)
        loss = losses(model, matrix, split.judges, config, device.kind)
    clock.stop()
    weights = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
    yield Learnt(start, epochs, best_epoch, weights, latent, axes, share, loss, clock.seconds, failure)


def _project(matrix, pca):
    """(cells, k) coordinates of every cell on the PCA's axes, and each axis's share of all weighted variance."""
    rows = np.arange(matrix.n_cells)
    axes = np.empty((matrix.n_cells, pca.axes.shape[1]), dtype=np.float32)
    total = 0.0
    for part, x in matrix.blocks(rows):
        axes[part] = pca.project(x)
        total += float((((x - pca.center) * pca.weights) ** 2).sum())
    return axes, (axes.astype(np.float64) ** 2).sum(axis=0) / max(total, 1e-12)


class Evidence(NamedTuple):
    """What exploring and scoring need of a trained run; can be had again from what the run left on disk."""

    matrix: object  # prepare.Matrix
    split: object  # prepare.Split
    latent: np.ndarray
    axes: np.ndarray
    loss: yardsticks.Parts
    sticks: yardsticks.Yardsticks
    best_epoch: int


def evidence(learnt):
    """The Evidence of a Learnt that has a latent."""
    start = learnt.start
    return Evidence(
        start.matrix, start.split, learnt.latent, learnt.axes, learnt.loss, start.on_judges, learnt.best_epoch
    )


def remake(adata, config, latent, axes, facts):
    """The Evidence of a run from its data set and what it left (`facts` as `start_facts` and `learnt_facts` wrote)."""
    split = split_cells(adata.n_obs, config)
    sticks = yardsticks.from_record(facts["yardsticks"]["judges"])
    loss = yardsticks.Parts(**facts["loss"])
    return Evidence(prepare(adata, config, split), split, latent, axes, loss, sticks, facts["best_epoch"])


class Explored(NamedTuple):
    """What the latent space shows. Embeddings by name, (cells, 2 or 3); clusters by resolution, (cells,)."""

    embeddings: dict
    clusters: dict
    scores: dict
    seconds: dict


def explore(proof, config, labels=None, tsne=False, resolution=DEFAULT_RESOLUTION):
    """Neighbours, pictures, clusters and scores from an Evidence: yields Phase, then an Explored.

    `labels`: (cells,) names to compare the clusters with. The clusters of `resolution` are those that are scored.
    t-SNE is slow and made on request.
    """
    clock = Clock()
    latent, axes = proof.latent, proof.axes[:, :PANEL_AXES]
    yield clock.start("finding neighbours")
    near_latent = embed.neighbors(latent, seed=config.seed)
    near_input = embed.neighbors(axes, seed=config.seed)
    yield clock.start("clustering")
    graph = cluster.graph(near_latent)
    clusters = {r: cluster.leiden(graph, r, config.seed) for r in RESOLUTIONS}
    yield clock.start("drawing the latent UMAP")
    embeddings = {"latent_umap": embed.umap(latent, near_latent, seed=config.seed)}
    yield clock.start("drawing the UMAP of the input")
    embeddings["input_umap"] = embed.umap(axes, near_input, seed=config.seed)
    if tsne:
        yield clock.start("drawing t-SNE of the input")
        embeddings["input_tsne"] = embed.tsne(axes, seed=config.seed)
    yield clock.start("scoring")
    judged = score(proof, config, clusters[resolution], labels) | {"resolution": resolution}
    clock.stop()
    yield Explored(embeddings, clusters, judged, clock.seconds)


def score(proof, config, clusters, labels=None):
    """The flat dict of scores.json, read from the test cells, or the validation cells where there are none.

    A score that cannot be had (a silhouette of one cluster) is None.
    """
    rows, loss, sticks = proof.split.judges, proof.loss, proof.sticks
    explained = scores.variance_explained
    out = {
        "variance_explained_rna": explained(loss.rna, sticks.mean.rna),
        "variance_explained_rna_pca": explained(sticks.pca.rna, sticks.mean.rna),
        "variance_explained_protein": None,
        "variance_explained_protein_pca": None,
    }
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
    spaces = {"": proof.latent, "_pca": proof.axes[:, : config.n_latent]}
    for suffix, kept in scores.neighbours_kept(
        proof.matrix, proof.matrix.weights(config), spaces, rows
    ).items():
        out[f"neighbours_kept_15{suffix}"] = kept
    out["silhouette"] = scores.silhouette(proof.latent[rows], clusters[rows], config.seed)
    if (groups := proof.matrix.groups) is not None:  # of all cells: mixing is not learnt by heart
        out["ilisi"] = scores.ilisi(proof.latent, groups)
        out["ilisi_input"] = scores.ilisi(proof.axes[:, :PANEL_AXES], groups)
        out["batches"] = len(proof.matrix.group_names)
    out["best_epoch"] = proof.best_epoch
    out["judged_on"] = "test" if len(proof.split.test) else "valid"
    out["judged_cells"] = len(rows)
    if labels is not None:
        out |= scores.agreement(np.asarray(labels)[rows], clusters[rows])
        out |= {f"{name}_all_cells": value for name, value in scores.agreement(labels, clusters).items()}
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in out.items()}


def start_facts(start):
    """What is known before the first epoch, as JSON can hold it: device, features, cells, yardsticks."""
    matrix, split = start.matrix, start.split
    return {
        "device_used": start.device.kind,
        "device_name": start.device.name,
        "device_why": start.device.why,
        "threads": start.device.threads,
        "n_epochs": start.n_epochs,
        "n_cells": matrix.n_cells,
        "n_genes": matrix.n_genes,
        "n_proteins": matrix.n_proteins,
        "groups": list(matrix.group_names),
        "path": start.path,
        "n_train": len(split.train),
        "n_valid": len(split.valid),
        "n_test": len(split.test),
        "notes": [*matrix.notes, *([split.note] if split.note else [])],
        "yardsticks": {
            "valid": yardsticks.to_record(start.on_valid),
            "judges": yardsticks.to_record(start.on_judges),
        },
    }


def learnt_facts(learnt):
    """What training added to the facts."""
    return {
        "best_epoch": learnt.best_epoch,
        "loss": learnt.loss._asdict() if learnt.loss else None,
        "happened": [epoch.note for epoch in learnt.epochs if epoch.note],
        "pca_share": [round(float(v), 5) for v in learnt.share],
        "phases": learnt.seconds,
    }


def why_failed(learnt, config):
    """One sentence on a loss that stopped being a number, and what to do about it."""
    kept = f"The weights of epoch {learnt.best_epoch} were kept." if learnt.epochs else "Nothing was learnt."
    return f"{learnt.failure} {kept} Lower the learning rate (it was {config.lr:g}), or switch scaling and clipping on."


def epoch_record(epoch):
    """An Epoch as a row of history.csv."""
    row = {"epoch": epoch.epoch}
    for part, name in (("total", "loss"), ("rna", "rna"), ("protein", "protein")):
        row[f"train_{name}"] = getattr(epoch.train, part)
        row[f"valid_{name}"] = getattr(epoch.valid, part)
    return row | {
        "learning_rate": epoch.learning_rate,
        "seconds": round(epoch.seconds, 4),
        "penalty_l1": epoch.penalty_l1,
        "penalty_kl": epoch.penalty_kl,
    }
