"""All spaces of a run compared: one table of scores on at most 20,000 cells, which takes seconds."""

import math
from typing import NamedTuple

import numpy as np

from core.analysis import leiden
from core.analysis.metrics import lisi, scores
from core.analysis.metrics.descriptions import SCORES, SEEN, SPACES, UNSEEN
from core.analysis.metrics.neighbourhoods import Neighbourhoods
from core.analysis.neighbors import N_NEIGHBORS, Neighbors, nearest
from core.config import DEFAULT_RESOLUTION

MOST_CELLS = 20_000  # among which neighbours are looked for
FEWEST_CELLS = 10  # test cells; a mean of fewer says nothing


class Step(NamedTuple):
    """What is computed now, in words, and the share of the work that is done."""

    words: str
    share: float


def spaces_of(trained, embeddings):
    """{name in descriptions.SPACES: (cells, dimensions)} of a run, from its TrainedRun and its embeddings by name."""
    spaces = {"latent": trained.latent, "pca": trained.axes[:, : trained.latent.shape[1]]} | embeddings
    spaces["protein"] = trained.matrix.protein_space()
    return {name: np.asarray(spaces[name]) for name in SPACES if spaces.get(name) is not None}


def compare_spaces(trained, config, spaces, resolution=DEFAULT_RESOLUTION, labels=None, batches=None):
    """Score each of `spaces` (name -> (cells, dimensions)): yields Steps, then a list of records.

    A record is {"score", "title", "space", "value", "cells", "note"}, by the names of core.analysis.metrics.descriptions; a value that cannot
    be computed is None. Neighbours are looked for among at most 20,000 cells, drawn by the seed of `config`; scores are
    means over the test cells among them (validation cells where there are none), at most 2,000 where neighbours are compared; iLISI is of
    at most 5,000 of all.
    `labels`, `batches`: (cells,) names; missing labels are "" or "nan". Leiden makes the clusters of each space alike.
    """
    cells = some_cells(trained.matrix.n_cells, config.seed)
    rows = np.flatnonzero(np.isin(cells, trained.split.scored))
    if len(rows) < FEWEST_CELLS:
        rows = np.arange(len(cells))  # a handful of test cells in a sample of very many cells
    queries = rows[:: -(-len(rows) // scores.QUERIES)]
    yield Step("Neighbours in the input", 0.05)
    before = Neighbourhoods(trained.matrix, trained.matrix.weights(config), cells, queries)
    if (proteins := trained.matrix.protein_space(cells)) is not None:
        proteins = scores.near(proteins, queries, min(15, len(cells) - 1))
    labels, batches = (None if x is None else np.asarray(x).astype(str)[cells] for x in (labels, batches))
    records = []
    for i, (name, points) in enumerate(spaces.items()):
        yield Step(SPACES[name], 0.3 + 0.7 * i / len(spaces))
        points = points[cells]
        values, note = {}, "it has values that are not numbers"
        if np.isfinite(points).all():
            note = ""
            values = _of_space(name, points, before, rows, proteins, labels, batches, resolution, config.seed)
        for score in _computable(proteins, labels, batches):
            value = values.get(score)
            seen = _seen(trained.matrix, config, name) if score == "protein_agreement_15" else ""
            records.append(
                {
                    "score": score,
                    "title": SCORES[score].title,
                    "space": name,
                    "value": float(value) if value is not None and math.isfinite(value) else None,
                    "cells": len(lisi.scored_rows(len(cells))) if score == "ilisi" else len(rows),
                    "note": note or seen,
                }
            )
    yield records


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
    }
    return [name for name, score in SCORES.items() if score.needs in known]


def _of_space(name, points, before, rows, proteins, labels, batches, resolution, seed):
    """{score: value} of one space; `rows` are the test cells, `proteins` the nearest by protein of the cells that are scored."""
    wide = before.queries
    mixed = lisi.scored_rows(len(points)) if batches is not None else wide[:0]
    neighbors, far = _surroundings(points, np.union1d(wide, mixed), lisi.K if len(mixed) else 50)
    near = far.without_self(wide).indices
    kept = before.kept_by(points, near)
    out = {
        "neighbours_kept_15": kept.shares[15],
        "neighbours_kept_50": kept.shares[50],
        "trustworthiness_15": kept.trustworthiness,
        "continuity_15": kept.continuity,
    }
    if proteins is not None and name != "protein":
        out["protein_agreement_15"] = scores.jaccard(near[:, : proteins.shape[1]], proteins)
    clusters = leiden.leiden(leiden.graph(neighbors), resolution, seed)
    out["silhouette"] = scores.silhouette(points[rows], clusters[rows], seed)
    if labels is not None:
        known = rows[scores.is_named(labels[rows])]
        out |= scores.agreement(labels[rows], clusters[rows])
        out["knn_accuracy"] = scores.knn_accuracy(points, labels, before.queries, around=near)
        out["label_silhouette"] = scores.silhouette(points[known], labels[known], seed)
    if batches is not None:
        out["ilisi"] = float(np.median(lisi.per_cell(far.without_self(mixed), batches)))
    return out


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
