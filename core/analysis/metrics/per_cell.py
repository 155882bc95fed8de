"""Scores of each cell: neighbours kept, reconstruction error, batches mixed around it."""

import numpy as np
import torch

from core.analysis.metrics import lisi, scores
from core.analysis.metrics.benchmark import Step, some_cells
from core.analysis.metrics.neighbourhoods import nearest_in_input
from core.analysis.neighbors import find_neighbors, in_metric
from core.training.dataloader import Feed
from core.training.inference import reconstruction

K = 15


def score_cells(model, trained, config):
    """Yield Steps, then {name in descriptions.CELL_SCORES: (cells,) float32} of a trained model and a TrainedRun.

    Neighbours are searched among at most 20,000 cells, those of `core.analysis.metrics.benchmark`; other cells have NaN.
    """
    cells = some_cells(trained.matrix.n_cells, config.seed)
    yield Step("Reconstructing every cell", 0.05)
    values_of = errors(model, trained.matrix)
    from_neighbours = {}
    for share, kept in neighbours_kept(trained, config, cells):
        yield Step("Neighbours in the input", 0.2 + 0.7 * share)
        from_neighbours["neighbours_kept_15"] = kept
    if (batches := trained.matrix.batch_codes) is not None:
        yield Step("Batches around each cell", 0.95)
        from_neighbours["ilisi"] = batches_mixed(_points(trained, config, cells), batches[cells])
    for name, values in from_neighbours.items():
        values_of[name] = np.full(trained.matrix.n_cells, np.nan, np.float32)
        values_of[name][cells] = values
    yield values_of


def _points(trained, config, cells):
    return in_metric(trained.latent[cells], config.metric)


def neighbours_kept(trained, config, cells):
    """Pairs (share done, (cells,) share of a cell's 15 nearest in the weighted input that are so in the latent space).

    Cells that are not scored yet are NaN; neighbours are exact, among the `cells` alone; the last pair has all.
    """
    matrix, weights, points = trained.matrix, trained.matrix.weights(config), _points(trained, config, cells)
    k, kept = min(K, len(cells) - 1), np.full(len(cells), np.nan, np.float32)
    for start in range(0, len(cells), scores.QUERIES):
        queries = np.arange(start, min(start + scores.QUERIES, len(cells)))
        here, there = nearest_in_input(matrix, weights, cells, queries, k), scores.near(points, queries, k)
        kept[queries] = (here[:, :, None] == there[:, None, :]).sum(axis=(1, 2)) / k
        yield (queries[-1] + 1) / len(cells), kept


def batches_mixed(points, batches):
    """(cells,) the effective number of `batches` (codes) around each of `points`, as core.analysis.metrics.lisi has it."""
    around = find_neighbors(points, lisi.K + 1)
    return lisi.per_cell(scores.without_self(around, np.arange(len(points))), batches)


@torch.no_grad()
def errors(model, matrix):
    """{"reconstruction_error_rna", "reconstruction_error_protein"}: (cells,) mean squared error of the reconstruction over features."""
    model.eval()
    parts = {"rna": slice(0, matrix.n_genes), "protein": slice(matrix.n_genes, None)}
    for kind, n in (("rna", matrix.n_genes), ("protein", matrix.n_proteins)):
        if not n:
            del parts[kind]
    squared = {f"reconstruction_error_{kind}": np.empty(matrix.n_cells, np.float32) for kind in parts}
    for rows, cells in Feed(matrix).blocks(np.arange(matrix.n_cells)):
        squares = (reconstruction(model, cells, matrix, rows) - cells.x.numpy()) ** 2
        for kind, part in parts.items():
            squared[f"reconstruction_error_{kind}"][rows] = squares[:, part].mean(axis=1)
    return squared
