"""Choose for me: a handful of candidates trained under a budget of time, scored alike, and one kept by a written rule.

All candidates of a seed have the same split of the cells and the same halves of the molecules, so their scores are
compared cell by cell (core.analysis.metrics.split_half).
"""

import math
import time
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from core.analysis import explore, leiden
from core.analysis.metrics import count_split, lisi, scores, seed_stability, split_half
from core.analysis.metrics.benchmark import Step
from core.analysis.neighbors import find_neighbors, in_metric
from core.config import DEFAULT_RESOLUTION
from core.config.candidates import RULE, SEEDS, Standing, best_of, candidates, scale_of
from core.errors import UserError
from core.training import learn
from core.training.loop import Epoch
from core.training.phases import Phase

MARGIN = 1.2  # a candidate is begun where so many times the slowest of those before it still fits the minutes


@dataclass
class _Trained:
    """What is kept of the runs of a candidate."""

    candidate: object
    config: object  # as asked for: what is empty is chosen from the data
    n_latent: int = 0
    seconds: float = 0.0
    clusters: list = field(default_factory=list)
    deviance: list = field(default_factory=list)  # (scored cells,) of each seed
    pca: list = field(default_factory=list)
    kept: list = field(default_factory=list)
    knn: list = field(default_factory=list)
    ilisi: list = field(default_factory=list)


class Choice(NamedTuple):
    """What was tried: a record of each candidate, the place of the one that is kept, its RunConfig, and what was left out."""

    records: list
    best: int
    config: object
    left_out: list  # names of candidates that were not begun, since there was no time
    unfinished: list  # names of candidates that were begun and stopped, since the time was over
    n_cells: int

    def record(self):
        """As JSON can hold it."""
        return {
            "records": self.records,
            "best": self.best,
            "left_out": self.left_out,
            "unfinished": self.unfinished,
            "cells": self.n_cells,
            "rule": RULE,
            "settings": self.config.model_dump(exclude_unset=True),
        }


def choose(adata, config, minutes, labels=None, batches=None, scratch=None, clock=time.monotonic):
    """Yield Steps, then the Choice, of an AnnData and a RunConfig whose settings the candidates change.

    A candidate is begun where the `minutes` (by `clock`, in seconds) leave room for the slowest before it, and is stopped
    when they are over: at the next epoch or step of its scoring. It is unfinished then and has no part in the choice.
    `labels` and `batches` (cells,) are shown and have no part either. Raises UserError for values that are not counts, and
    where the minutes are over before the first candidate is finished.
    """
    begun, budget, trained, slowest = clock(), 60 * minutes, [], 0.0
    wanted, base, unfinished = candidates(config, adata.n_vars), [], []
    for place, (candidate, settings) in enumerate(wanted):
        started, one = clock(), _Trained(candidate, settings)
        if trained and begun + budget - started < MARGIN * slowest:
            break
        for share, words in _each_seed(one, adata, labels, batches, base, scratch):
            if share < 1 and clock() - begun > budget:
                unfinished.append(candidate.name)
                break
            if share < 1:
                yield Step(words, (place + share) / len(wanted))
        if unfinished:
            if not trained:
                raise UserError(_too_short(minutes, (clock() - begun) / 60 / share if share > 0.1 else None))
            break
        one.seconds = clock() - started
        slowest = max(slowest, one.seconds)
        trained.append(one)
    left_out = [candidate.name for candidate, _ in wanted[len(trained) + len(unfinished) :]]
    yield _choice(trained, base, left_out, unfinished)


def _each_seed(one, adata, labels, batches, base, scratch):
    """Train and score all seeds of a candidate into `one`: yields (share done, words), the last with share 1.

    `base` has the Predicted of the mean profile of each seed; those of the first candidate are added.
    """
    for i in range(SEEDS):
        seed = one.config.seed + i
        config = one.config.model_copy(update={"seed": seed})
        known = base[i] if len(base) > i else None
        words = f"Training '{one.candidate.name}', seed {seed}"
        for event in _one(one, adata, config, labels, batches, known, scratch):
            if isinstance(event, float):
                yield (i + event) / SEEDS, words
        if known is None:
            base.append(event)
    yield 1.0, words


def _too_short(minutes, needed):
    """Why nothing was compared; `needed`: the minutes of one candidate, None where that cannot be said yet."""
    need = f"At this speed it needs about {math.ceil(needed):,} minutes. " if needed else ""
    return (
        f"The {minutes:g} minutes were over before the first candidate was trained with {SEEDS} seeds, so nothing was "
        f"compared. {need}Increase the minutes, or create the model with the default settings."
    )


def _one(one, adata, config, labels, batches, base, scratch):
    """Train and score one seed of a candidate into `one`: yields the share done, then the Predicted of the mean profile."""
    share = 0.0
    for event in learn.learn(adata, config, scratch):
        if isinstance(event, learn.Start):
            n_epochs = event.n_epochs
            if event.matrix.kind != "counts" or not event.matrix.n_genes:
                raise UserError(count_split.NO_COUNTS)
        elif isinstance(event, Epoch):
            share = 0.9 * event.epoch / n_epochs
        if isinstance(event, Phase | Epoch):
            yield share
    if event.failure or event.latent is None:
        raise UserError(learn.why_failed(event, config))
    trained, config = explore.trained_run(event), event.start.config
    matrix = trained.matrix
    model = learn.model_of(event)
    yield 0.92
    halves = count_split.split(matrix, trained.split.train, trained.split.scored, config.seed)
    counts = split_half.molecules(halves)
    base = base or split_half.mean_profile(counts, halves)
    for name, kept in (("latent", one.deviance), ("pca", one.pca)):
        points = split_half.positions(model, halves, config)[name][0]
        kept.append(split_half.of_points(in_metric(points, config.metric), counts, halves).by_cell)
        yield 0.94
    latent = in_metric(trained.latent, config.metric)
    near = find_neighbors(latent, seed=config.seed).measured(config.metric)
    one.clusters.append(leiden.leiden(leiden.graph(near), DEFAULT_RESOLUTION, config.seed))
    yield 0.97
    spaces = {"": latent}
    kept = scores.neighbours_kept(matrix, matrix.weights(config), spaces, trained.split.scored)
    one.kept.append(kept[""])
    if labels is not None:
        one.knn.append(scores.knn_accuracy(latent, labels))
    if batches is not None:
        one.ilisi.append(lisi.ilisi(latent, batches))
    one.n_latent = config.n_latent
    yield base


def _choice(trained, base, left_out, unfinished):
    total = np.concatenate([part.by_cell for part in base])
    own = [np.concatenate(one.deviance) for one in trained]
    shares = [split_half.explained(deviance, total) for deviance in own]
    scales, firsts = [scale_of(one.config) for one in trained], {}
    for i, scale in enumerate(scales):
        firsts[scale] = max(firsts.get(scale, i), i, key=lambda place: shares[place][0])
    consistency = [float(seed_stability.consistency(one.clusters).mean()) for one in trained]
    standings, records = [], []
    for i, one in enumerate(trained):
        first = firsts[scales[i]]
        below, error = (0.0, 0.0) if i == first else _difference(own[i], own[first], total)
        standings.append(Standing(scales[i], below, error, consistency[i], one.n_latent))
        pca = split_half.explained(np.concatenate(one.pca), total)[0]
        records.append(
            {
                "name": one.candidate.name,
                "settings": one.candidate.settings,
                "n_latent": one.n_latent,
                "explained": float(shares[i][0]),
                "error": float(shares[i][1]),
                "below": float(below),
                "below_error": float(error),
                "pca": float(pca),
                "consistency": consistency[i],
                "kept": float(np.mean(one.kept)),
                "knn": float(np.mean(one.knn)) if one.knn else None,
                "ilisi": float(np.mean(one.ilisi)) if one.ilisi else None,
                "seconds": round(one.seconds, 1),
            }
        )
    best = best_of(standings)
    return Choice(records, best, trained[best].config, left_out, unfinished, len(total) // len(base))


def _difference(deviance, of_first, total):
    """(by how much less than the first is explained, the standard error of that over the same cells)."""
    share, error = split_half.explained(deviance - of_first, total)
    return 1 - share, error
