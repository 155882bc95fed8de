"""What each cell of a run scores by itself: who stayed near it, what comes back of it, how batches meet around it."""

import numpy as np
import torch

from core.analysis.metrics import lisi, scores
from core.analysis.metrics.benchmark import Step, some_cells
from core.analysis.metrics.neighbourhoods import nearest_in_input
from core.analysis.neighbors import find_neighbors
from core.training.dataloader import Feed
from core.training.inference import reconstruction

K = 15


def score_cells(model, proof, config):
    """Yield Steps, then {name in score_words.CELL_SCORES: (cells,) float32} of a trained model and an Evidence.

    What needs neighbours is looked for among at most 20,000 cells, those of `core.analysis.metrics.benchmark`, and NaN for all others.
    """
    cells = some_cells(proof.matrix.n_cells, config.seed)
    yield Step("Reconstructing every cell", 0.05)
    found = errors(model, proof.matrix)
    near = {}
    for share, kept in neighbours_kept(proof, config, cells):
        yield Step("Neighbours in the input", 0.2 + 0.7 * share)
        near["neighbours_kept_15"] = kept
    if (batches := proof.matrix.batch_codes) is not None:
        yield Step("Batches around each cell", 0.95)
        near["ilisi"] = batches_mixed(proof.latent[cells], batches[cells])
    for name, values in near.items():
        found[name] = np.full(proof.matrix.n_cells, np.nan, np.float32)
        found[name][cells] = values
    yield found


def neighbours_kept(proof, config, cells):
    """Pairs (share done, (cells,) share of a cell's 15 nearest in the weighted input that are so in the latent space).

    Of those asked so far, among the `cells` alone, exactly; the last pair has all.
    """
    matrix, weights, points = proof.matrix, proof.matrix.weights(config), proof.latent[cells]
    k, kept = min(K, len(cells) - 1), np.full(len(cells), np.nan, np.float32)
    for start in range(0, len(cells), scores.QUERIES):
        asked = np.arange(start, min(start + scores.QUERIES, len(cells)))
        here, there = nearest_in_input(matrix, weights, cells, asked, k), scores.near(points, asked, k)
        kept[asked] = (here[:, :, None] == there[:, None, :]).sum(axis=(1, 2)) / k
        yield (asked[-1] + 1) / len(cells), kept


def batches_mixed(points, batches):
    """(cells,) how many of the `batches` (codes) meet around each of `points`, as core.analysis.metrics.lisi has it."""
    around = find_neighbors(points, lisi.K + 1)
    return lisi.per_cell(scores.without_self(around, np.arange(len(points))), batches)


@torch.no_grad()
def errors(model, matrix):
    """{"reconstruction_error_rna", "reconstruction_error_protein"}: (cells,) mean squared error of X' over features."""
    model.eval()
    parts = {"rna": slice(0, matrix.n_genes), "protein": slice(matrix.n_genes, None)}
    for kind, n in (("rna", matrix.n_genes), ("protein", matrix.n_proteins)):
        if not n:
            del parts[kind]
    found = {f"reconstruction_error_{kind}": np.empty(matrix.n_cells, np.float32) for kind in parts}
    for rows, cells in Feed(matrix).blocks(np.arange(matrix.n_cells)):
        squares = (reconstruction(model, cells, matrix, rows) - cells.x.numpy()) ** 2
        for kind, part in parts.items():
            found[f"reconstruction_error_{kind}"][rows] = squares[:, part].mean(axis=1)
    return found
