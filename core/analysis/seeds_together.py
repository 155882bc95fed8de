"""The latent spaces of runs with different seeds, side by side as one space, with an embedding and clusters of its own."""

from typing import NamedTuple

import numpy as np

from core.analysis import embedding, leiden
from core.analysis.metrics.benchmark import Step
from core.analysis.neighbors import find_neighbors, in_metric
from core.errors import UserError


class Together(NamedTuple):
    """`points` (cells, all latent dimensions) of several seeds, `clusters` (cells,) int32 and UMAPs by name, (cells, 2 or 3)."""

    points: np.ndarray
    clusters: np.ndarray
    embeddings: dict


def side_by_side(latents, metric):
    """(cells, dimensions of all) float32: the latent spaces of several seeds beside each other, each with the same weight.

    By "cosine" each cell has unit length in each space, so its distance to another cell is the mean of the distances over
    the seeds. By "euclidean" each space is centred and divided by the square root of its total variance, so the squared
    distance is the mean of the squared distances over the seeds, each in units of that variance. Raises UserError where the
    spaces are not of the same cells.
    """
    if len({len(latent) for latent in latents}) > 1:
        raise UserError("The runs with other seeds have other cells than this run. Train them again.")
    parts = [in_metric(latent if metric == "cosine" else _standardised(latent), metric) for latent in latents]
    return np.concatenate(parts, axis=1) / np.float32(np.sqrt(len(parts)))


def _standardised(latent):
    centred = np.asarray(latent, dtype=np.float64) - np.mean(latent, axis=0, dtype=np.float64)
    spread = np.sqrt(np.square(centred).sum(axis=1).mean())
    return centred / spread if spread > 0 else centred


def together(latents, config, resolution):
    """Yield Steps, then the Together of the latent spaces of several seeds.

    Neighbours by the metric of `config`, a RunConfig, Leiden clusters at the `resolution`, and UMAP in two and three
    dimensions, all by its seed.
    """
    yield Step("Neighbours over all seeds", 0.1)
    points = side_by_side(latents, config.metric)
    near = find_neighbors(points, seed=config.seed, device=config.device, metric=config.metric)
    clusters = leiden.leiden(leiden.graph(near), resolution, config.seed)
    embeddings = {}
    for k, name, share in ((2, "seeds_umap", 0.3), (3, "seeds_umap_3d", 0.6)):
        yield Step("UMAP of all seeds together", share)
        embeddings[name] = embedding.umap(points, near, k, config.seed)
    yield Together(points, clusters, embeddings)
