"""What a trained model gives for cells: latent, reconstruction, denoised values, foreground, on the scale of the data."""

import numpy as np
import pandas as pd
import torch

from core.preprocessing.matrix import block_size
from core.training.dataloader import Feed
from core.training.expected_log import expected_log1p


@torch.no_grad()
def encode(model, matrix, rows=None, device="cpu"):
    """(cells, latent) float32: the position of each cell of `rows` in the latent space (all cells by default)."""
    model.eval()
    return of_cells(model.encode, matrix, rows, device)


def of_cells(work, matrix, rows=None, device="cpu"):
    """(len(rows), n): what `work(cells)` gives for each of `rows`, in their order (all cells by default)."""
    rows = np.arange(matrix.n_cells) if rows is None else np.asarray(rows)
    blocks = [(part, work(cells).cpu().numpy()) for part, cells in Feed(matrix, device).blocks(rows)]
    parts, values = zip(*blocks, strict=True)
    place = np.empty(matrix.n_cells, np.int64)
    place[np.concatenate(parts)] = np.arange(len(rows))
    return np.concatenate(values)[place[rows]]


def reconstruction(model, cells, matrix, rows):
    """(cells, features) array: the reconstruction X' of the Cells of `rows`, on the scale of the model's input X.

    Of a model of counts it is the expected input under the model's distribution. The input of the expected count would
    be higher, since log1p is concave, and be no prediction of the input. The clip is applied after the expectation.
    """
    z = model.encode(cells)
    if not matrix.reads_counts:
        return model.expected(z, cells).cpu().numpy()
    return matrix.as_seen(_count_of_mean_log(model, z, cells, matrix, rows), rows)


def _count_of_mean_log(model, z, cells, matrix, rows):
    """(cells, features) float64: the count whose logarithm is the expected one; the expected count without a logarithm.

    Every transform of counts is linear in log1p(scale x), so this count is seen as the expected input.
    """
    scales, counts = matrix.log_scales(rows), []
    for branch, mixture in model.distributions(z, cells).items():
        scale, total = scales[branch], 0.0
        for part in mixture:
            share, mean, theta = (x.cpu().numpy().astype(np.float64) for x in part)
            total = total + share * (mean if scale is None else expected_log1p(mean, theta, scale))
        counts.append(total if scale is None else np.expm1(total) / scale)
    return np.hstack(counts)


@torch.no_grad()
def mean_reconstruction(model, matrix, rows, device="cpu"):
    """(features,) twice: the mean input and the mean reconstruction over `rows`, on the scale of the input."""
    model.eval()
    inputs, outputs = np.zeros(matrix.n_features), np.zeros(matrix.n_features)
    for part, cells in Feed(matrix, device).blocks(rows):
        inputs += matrix.measured_alone(cells.x.cpu().numpy().copy(), part).sum(axis=0)
        outputs += matrix.measured_alone(reconstruction(model, cells, matrix, part).copy(), part).sum(axis=0)
    n = np.full(matrix.n_features, len(rows))
    if matrix.measured is not None:
        n[matrix.n_genes :] = np.maximum(matrix.measured[rows].sum(axis=0), 1)
    return inputs / n, outputs / n


@torch.no_grad()
def foreground(model, matrix):
    """A DataFrame (cells, proteins): the probability that a protein is more than background.

    None for models without a background.
    """
    if not matrix.n_proteins or not hasattr(model, "foreground"):
        return None
    model.eval()
    values = of_cells(model.foreground, matrix)
    return pd.DataFrame(values, matrix.cell_names, [str(p) for p in matrix.proteins])


@torch.no_grad()
def denoised(model, matrix, batch=None):
    """Yield (rows, values) of all cells in blocks, in their order: (cells, features) float32, denoised by the model.

    The values are on the scale of the model's input before it is centred and scaled: genes normalised and logged,
    proteins CLR'd, each as far as the run does. Models with a squared error give their reconstruction; it is not clipped
    at zero, below which a gene's value may fall by a little, since clipping would raise the mean. Models of counts give
    the expected counts at the cell's own library size, preprocessed in the same way: genes without zero inflation,
    proteins without their background, as scVI (Lopez 2018) and totalVI (Gayoso 2021) do.
    Each cell is decoded with its own batch, or all as if they came from the batch `batch` (scVI's transform_batch);
    raises ValueError where the run knows no such batch.
    """
    model.eval()
    only = None
    if batch is not None:
        only = torch.eye(len(matrix.batch_names))[matrix.batch_names.index(batch)]
    for rows, cells in Feed(matrix).minibatches(np.arange(matrix.n_cells), block_size(matrix.n_features)):
        target = cells.batch if only is None else only.expand(len(rows), -1)
        values = model.denoised(model.encode(cells), cells._replace(batch=target)).cpu().numpy()
        values = matrix.normalised(values, rows) if matrix.reads_counts else values * matrix.sd + matrix.mean
        yield rows, np.asarray(values, dtype=np.float32)
