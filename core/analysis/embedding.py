"""Embeddings of points in two or three dimensions: UMAP, t-SNE and principal components."""

import warnings

import numpy as np

from core.analysis import umap_library
from core.analysis.neighbors import find_neighbors, in_metric, with_self_first

MIN_DIST = 0.3  # Seurat's; scanpy has 0.5, umap-learn 0.1


def umap(points, neighbors=None, n_components=2, seed=0, metric="euclidean"):
    """(points, n_components) float32: UMAP (McInnes 2018) of `points` from their Neighbors (searched if not given), seeded.

    `metric` is that of core.analysis.neighbors.find_neighbors.
    """
    if len(points) <= n_components + 1:
        return _too_few(points, n_components)
    known = find_neighbors(points, seed=seed, metric=metric) if neighbors is None else neighbors
    knn = with_self_first(known)
    small = len(points) < 40  # the spectral start needs more points than that
    model = umap_library.umap_().UMAP(
        n_neighbors=knn.indices.shape[1],
        n_components=n_components,
        min_dist=MIN_DIST,
        random_state=seed,
        precomputed_knn=(knn.indices, knn.distances, None),
        init="random" if small else "spectral",
        n_jobs=1,  # seeded UMAP is serial; saying so spares its warning
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit_transform(np.ascontiguousarray(points, dtype=np.float32)).astype(np.float32)


def principal(points, k):
    """(points, k) float32: the first principal components of points with few columns, each pointing where it is longest."""
    centred = np.asarray(points, dtype=np.float64) - points.mean(axis=0, dtype=np.float64)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :k]
    axes = axes * np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], 0))
    return (centred @ axes).astype(np.float32)


def tsne(points, n_components=2, seed=0, metric="euclidean"):
    """(points, n_components) float32: t-SNE (van der Maaten 2008) by openTSNE from a PCA start, seeded.

    With the `metric` "cosine" the points are brought to unit length first. Three dimensions go by a Barnes-Hut tree, since interpolation is for the plane; they take several times longer.
    """
    points = in_metric(points, metric).astype(np.float64)
    # Points that are all the same (a latent space that has collapsed) have no PCA start: openTSNE answers NaN.
    if len(points) <= max(5, n_components + 1) or (points == points[0]).all():
        return _too_few(points, n_components)
    missing = max(0, n_components - points.shape[1])
    points = np.pad(points, ((0, 0), (0, missing)))  # that start needs a column for each of its components
    from openTSNE import TSNE

    model = TSNE(
        n_components=n_components,
        perplexity=min(30.0, max(2.0, (len(points) - 1) / 3)),
        random_state=seed,
        initialization="pca" if points.shape[1] >= n_components else "random",
        negative_gradient_method="auto" if n_components < 3 else "bh",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(model.fit(points), dtype=np.float32)


def _too_few(points, n_components):
    """A handful of points needs no method: their first columns, padded with zeros."""
    out = np.zeros((len(points), n_components), dtype=np.float32)
    width = min(n_components, points.shape[1])
    out[:, :width] = points[:, :width]
    return out
