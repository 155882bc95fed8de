"""How many dimensions the molecules support: the same model with 2 to 100 latent dimensions, with PCA beside it."""

import numpy as np

from core.analysis import explore
from core.analysis.metrics import count_split, split_half
from core.analysis.metrics.benchmark import Step
from core.errors import UserError
from core.training import learn
from core.training.loop import Epoch

SIZES = (2, 5, 10, 20, 50, 100)


def curve(adata, config, scratch=None, sizes=SIZES):
    """Yield Steps, then {"sizes", "pca", "mean", "cells"} of an AnnData and the RunConfig of a run, as JSON can hold it.

    "sizes" has a record for each number of latent dimensions: the squared "error" of the model on the unseen half and the
    "deviance" that its space explains, with "deviance_error", and the same of PCA ("pca_deviance"); "pca" the squared error
    of PCA with 1, 2 ... 100 dimensions. All are trained with the same seed, so they have the same test cells and halves.
    Raises UserError for values that are not counts.
    """
    records, halves = [], None
    for place, size in enumerate(sizes):
        settings = config.model_copy(update={"n_latent": size})
        words = f"Training with {size} latent dimensions"
        yield Step(words, place / len(sizes))
        for event in learn.learn(adata, settings, scratch):
            if isinstance(event, learn.Start):
                n_epochs = event.n_epochs
            elif isinstance(event, Epoch):
                yield Step(words, (place + 0.9 * event.epoch / n_epochs) / len(sizes))
        if event.failure or event.latent is None:
            raise UserError(learn.why_failed(event, settings))
        trained = explore.trained_run(event)
        if halves is None:
            halves = count_split.split(trained.matrix, trained.split.train, trained.split.scored, config.seed)
            counts = split_half.molecules(halves)
            base = split_half.mean_profile(counts, halves)
        records.append(_of_size(learn.model_of(event), halves, counts, base, event.start.config))
    pca = count_split.pca_errors(halves, halves.seen.weights(config), count_split.MOST_SIZE, config.seed)
    mean = halves.target.mean_of(halves.train)
    of_mean = count_split.errors_of(halves, lambda rows: np.broadcast_to(mean, (len(rows), len(mean))))
    yield {
        "sizes": records,
        "pca": [round(float(v), 6) for v in pca.mean(axis=0)],
        "mean": float(of_mean.mean()),
        "cells": len(halves.scored),
    }


def _of_size(model, halves, counts, base, config):
    spaces = split_half.positions(model, halves, config)
    (ours, error, _), (pca, _, _) = (
        split_half.deviance_explained(spaces[name][0], counts, halves, base, config.metric)
        for name in ("latent", "pca")
    )
    return {
        "n_latent": config.n_latent,
        "error": float(count_split.model_errors(model, halves).mean()),
        "deviance": float(ours),
        "deviance_error": float(error),
        "pca_deviance": float(pca),
    }


def allowed(n_features, sizes=SIZES):
    """The sizes that so many genes and proteins allow."""
    return tuple(size for size in sizes if size < n_features)
