"""All spaces of a run compared: one table of scores on at most 20,000 cells, which takes seconds."""

import math
from typing import NamedTuple

import numpy as np

from core.analysis import leiden
from core.analysis.metrics import integration, intervals, lisi, scores
from core.analysis.metrics.descriptions import SCORES, SEEN, SPACES, UNSEEN
from core.analysis.metrics.neighbourhoods import Neighbourhoods
from core.analysis.neighbors import N_NEIGHBORS, Neighbors, in_metric, nearest
from core.config import DEFAULT_RESOLUTION

MOST_CELLS = 20_000  # among which neighbours are looked for
MAPS = (
    "latent_umap",
    "latent_tsne",
    "input_umap",
    "input_tsne",
    "seeds_umap",
)  # places on a map have no direction: Euclidean
AT_MOST = ("knn_accuracy", "label_silhouette", "isolated_labels")  # of scores.LABELLED cells
FEWEST_CELLS = 10  # test cells; a mean of fewer says nothing


class Step(NamedTuple):
    """A description of what is computed now, and the share of the work that is done."""

    description: str
    share: float


def spaces_of(trained, embeddings):
    """{name in descriptions.SPACES: (cells, dimensions)} of a run, from its TrainedRun and its embeddings by name."""
    spaces = {"latent": trained.latent, "pca": trained.axes[:, : trained.latent.shape[1]]} | embeddings
    spaces["protein"] = trained.matrix.protein_space()
    return {name: np.asarray(spaces[name]) for name in SPACES if spaces.get(name) is not None}


def compare_spaces(trained, config, spaces, resolution=DEFAULT_RESOLUTION, labels=None, batches=None):
    """Score each of `spaces` (name -> (cells, dimensions)): yields Steps, then a list of records.

    A record is {"score", "title", "space", "value", "error", "ahead", "cells", "note"}, by the names of
    core.analysis.metrics.descriptions; a value that cannot be computed is None, and so is its standard error over cells.
    "ahead": is it above every other space by more than the error of the difference? Neighbours are looked for among at
    most 20,000 cells, drawn by the seed of `config`; scores are means over the test cells among them (validation cells
    where there are none), at most 2,000 where neighbours are compared. Those with labels are of all cells, since labels
    are no part of the training: kNN accuracy and iLISI of at most 5,000.
    `labels`, `batches`: (cells,) names; missing labels are "" or "nan". Leiden makes the clusters of each space alike.
    """
    cells = some_cells(trained.matrix.n_cells, config.seed)
    rows = np.flatnonzero(np.isin(cells, trained.split.scored))
    if len(rows) < FEWEST_CELLS:
        rows = np.arange(len(cells))  # a handful of test cells in a sample of very many cells
    queries = scores.evenly(rows)
    yield Step("Neighbours in the input", 0.05)
    before = Neighbourhoods(trained.matrix, trained.matrix.weights(config), cells, queries)
    if (proteins := trained.matrix.protein_space(cells)) is not None:
        proteins = scores.near(proteins, queries, min(15, len(cells) - 1))
    labels, batches = (None if x is None else np.asarray(x).astype(str)[cells] for x in (labels, batches))
    values, broken = {}, {}
    for i, (name, points) in enumerate(spaces.items()):
        yield Step(SPACES[name], 0.3 + 0.7 * i / len(spaces))
        metric = "euclidean" if name in MAPS else config.metric
        points, values[name] = in_metric(points[cells], metric), {}
        broken[name] = "" if np.isfinite(points).all() else "it has values that are not numbers"
        if not broken[name]:
            values[name] = _of_space(
                name, points, before, rows, proteins, labels, batches, resolution, config.seed, metric
            )
    records = []
    for score in _computable(proteins, labels, batches):
        known = [values[name].get(score, intervals.UNKNOWN) for name in spaces]
        first = intervals.ahead(known)
        for i, name in enumerate(spaces):
            seen = _seen(trained.matrix, config, name) if score == "protein_agreement_15" else ""
            records.append(
                {
                    "score": score,
                    "title": SCORES[score].title,
                    "space": name,
                    "value": _number(known[i].value),
                    "error": _number(known[i].error),
                    "ahead": i == first,
                    "cells": _n_cells(score, len(cells), rows, labels),
                    "note": broken[name] or seen,
                }
            )
    yield records


def _number(value):
    return float(value) if math.isfinite(value) else None


def _n_cells(score, n, rows, labels):
    """How many cells a score is of."""
    if score in ("ilisi", "kbet"):
        return len(lisi.scored_rows(n))
    if score == "free_of_batch":
        return n
    if SCORES[score].needs.startswith("labels"):
        named = int(scores.is_named(labels).sum())
        return min(named, scores.LABELLED) if score in AT_MOST else named
    return min(len(rows), scores.SAMPLE) if score == "silhouette" else len(scores.evenly(rows))


def _seen(matrix, config, space):
    """Whether the proteins were part of what a space was made from, in words; "" where there is nothing to say."""
    if space == "protein":
        return ""
    if not matrix.n_proteins:
        return UNSEEN
    # PCA and the embeddings of the input are of all that the run is trained on, unless the proteins weigh nothing.
    return SEEN if space.startswith("latent") or config.weight_of("protein") > 0 else ""


def some_cells(n_cells, seed):
    """The rows of at most 20,000 cells, sorted."""
    if n_cells <= MOST_CELLS:
        return np.arange(n_cells)
    return np.sort(np.random.default_rng(seed).permutation(n_cells)[:MOST_CELLS])


def _computable(proteins, labels, batches):
    """The names of the scores that can be computed from what is known of the cells."""
    known = {
        "",
        *(
            name
            for name, x in (("proteins", proteins), ("labels", labels), ("batches", batches))
            if x is not None
        ),
        *(("labels and batches",) if labels is not None and batches is not None else ()),
    }
    return [name for name, score in SCORES.items() if score.needs in known]


def _of_space(name, points, before, rows, proteins, labels, batches, resolution, seed, metric):
    """{name: Score} of one space; `rows` are the test cells, `proteins` the nearest by protein of the cells that are scored."""
    wide, every = before.queries, np.arange(len(points))
    mixed = lisi.scored_rows(len(points)) if batches is not None else wide[:0]
    named = scores.evenly(every, scores.LABELLED) if labels is not None else wide[:0]
    far_rows = np.union1d(np.union1d(wide, mixed), named)
    neighbors, far = _surroundings(points, far_rows, lisi.K if len(mixed) else 50)
    near = far.without_self(wide).indices
    kept = before.kept_by(points, near)
    by_cell = {
        "neighbours_kept_15": kept.shares[15],
        "neighbours_kept_50": kept.shares[50],
        "trustworthiness_15": kept.trustworthiness,
        "continuity_15": kept.continuity,
    }
    if proteins is not None and name != "protein":
        by_cell["protein_agreement_15"] = scores.jaccard(near[:, : proteins.shape[1]], proteins)
    clusters = leiden.leiden(leiden.graph(neighbors.measured(metric)), resolution, seed)
    by_cell["silhouette"] = scores.silhouettes(points[rows], clusters[rows], seed)
    out = {}
    if labels is not None:
        known = np.flatnonzero(scores.is_named(labels))
        out |= intervals.of_agreement(labels[known], clusters[known], seed)
        around = far.without_self(named).indices
        by_cell["knn_accuracy"] = scores.right_labels(points, labels, named, around=around)
        by_cell["label_silhouette"] = scores.silhouettes(points[known], labels[known], seed)
        connected = integration.is_connected(neighbors, labels)
        out["graph_connectivity"] = intervals.of_groups(connected[known], labels[known], seed)
    if batches is not None:
        around = far.without_self(mixed)
        out["ilisi"] = intervals.of_median(lisi.per_cell(around, batches), seed)
        out["kbet"] = integration.kbet(around.indices[:, : integration.K_TESTED], batches, seed)
        out["free_of_batch"] = integration.free_of_batch(points, batches, seed)
    if labels is not None and batches is not None:
        some = scores.evenly(known, scores.LABELLED)
        out["isolated_labels"] = integration.isolated_labels(points[some], labels[some], batches[some], seed)
    return out | {name: intervals.of_mean(values, seed) for name, values in by_cell.items()}


class _Far(NamedTuple):
    """The Neighbors of some cells, those at the sorted `rows`, each itself among them."""

    rows: np.ndarray
    neighbors: Neighbors

    def without_self(self, some):
        """The Neighbors of `some` of the rows, themselves left out."""
        return scores.without_self(self.neighbors.of(np.searchsorted(self.rows, some)), some)


def _surroundings(points, rows, k):
    """The Neighbors that make the graph of all `points`, and the _Far of `rows` with k others each: searched for once."""
    rest = np.setdiff1d(np.arange(len(points)), rows)
    n_near, n_far = (min(n, len(points)) for n in (N_NEIGHBORS, k + 1))
    far = nearest(points[rows], points, n_far)
    order = np.argsort(np.concatenate([rows, rest]))
    parts = [far.first(n_near)]
    if len(rest):
        parts.append(nearest(points[rest], points, n_near))
    return Neighbors(*(np.concatenate(x)[order] for x in zip(*parts, strict=True))), _Far(rows, far)
