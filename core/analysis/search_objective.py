"""The objective of a search for one trained run, on its validation cells alone: the test cells judge the winner."""

from core.analysis.metrics import count_split, scores
from core.analysis.neighbors import in_metric


def value(objective, trained, config, model=None):
    """The value of an objective (core.config.search) that the losses do not give, of a TrainedRun.

    `model` is its network, which "count_split" needs.
    """
    rows, latent = trained.split.valid, in_metric(trained.latent, config.metric)
    if objective == "count_split":
        share = config.split_share if config.splits_counts else count_split.SHARE
        halves = count_split.split(trained.matrix, trained.split.train, rows, config.seed, share)
        return float(count_split.model_errors(model, halves).mean())
    if objective == "neighbours":
        weights = trained.matrix.weights(config)
        kept = scores.neighbours_kept_of_cells(trained.matrix, weights, {"": latent}, rows)
        return float(kept[""].mean())
    if objective == "proteins":
        shared = scores.shared_neighbours_of_cells(latent, trained.matrix.protein_space(), rows)
        return float(shared.mean())
    raise KeyError(objective)
