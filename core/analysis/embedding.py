"""Points in many dimensions to neighbours and to pictures in two or three."""

import warnings
from typing import NamedTuple

import numpy as np

from core import device as devices

EXACT_LIMIT = 50_000  # points; up to here brute force is as quick as an approximate index, and exact
N_NEIGHBORS = 15  # scanpy's and UMAP's default; the point itself counts as the first


class Neighbors(NamedTuple):
    """The k nearest points of each point, itself first, by Euclidean distance: both (points, k)."""

    indices: np.ndarray
    distances: np.ndarray

    def first(self, k):
        """The same with the k nearest alone."""
        return Neighbors(self.indices[:, :k], self.distances[:, :k])

    def of(self, rows):
        """The same of some of the points."""
        return Neighbors(self.indices[rows], self.distances[rows])


def neighbors(points, k=N_NEIGHBORS, seed=0, device="auto"):
    """The Neighbors of `points` (n, d) among themselves: exact up to 50,000 points, and above on a GPU, unless `device`,
    as a run has it, is "cpu".

    Without a GPU more points than that go by pynndescent, which misses a few (recall about .95).
    """
    k = min(k, len(points))
    points = np.ascontiguousarray(points, dtype=np.float32)
    if len(points) <= EXACT_LIMIT:
        return nearest(points, points, k)
    if device != "cpu" and devices.choose().kind == "cuda":
        from core.analysis.neighbors_gpu import nearest_on

        return Neighbors(*nearest_on("cuda", points, points, k))
    from pynndescent import NNDescent

    indices, distances = NNDescent(points, n_neighbors=k, random_state=seed).neighbor_graph
    return Neighbors(indices.astype(np.int32), distances.astype(np.float32))


def among(queries, points, k, seed=0, device="auto"):
    """The Neighbors of `queries` (m, d) among other `points` (n, d): exact where the two are few enough, or on a GPU.

    Else by pynndescent's index of the points, as in `neighbors`.
    """
    queries, points = (np.ascontiguousarray(x, dtype=np.float32) for x in (queries, points))
    k = min(k, len(points))
    if len(queries) * len(points) <= EXACT_LIMIT**2:
        return nearest(queries, points, k)
    if device != "cpu" and devices.choose().kind == "cuda":
        from core.analysis.neighbors_gpu import nearest_on

        return Neighbors(*nearest_on("cuda", queries, points, k))
    from pynndescent import NNDescent

    indices, distances = NNDescent(points, random_state=seed).query(queries, k)
    return Neighbors(indices.astype(np.int32), distances.astype(np.float32))


def nearest(queries, points, k):
    """The k exact nearest of `points` for each of `queries`; where a query is a point, it comes first itself."""
    from sklearn.neighbors import NearestNeighbors

    # In the plane a tree takes a tenth of the time of all pairs, in ten dimensions it takes more.
    way = "kd_tree" if points.shape[1] <= 3 else "brute"
    index = NearestNeighbors(n_neighbors=k, algorithm=way).fit(points)
    distances, indices = index.kneighbors(queries)
    _exact_where_close(distances, indices, queries, points)
    return Neighbors(indices.astype(np.int32), distances.astype(np.float32))


def _exact_where_close(distances, indices, queries, points):
    """Compute tiny distances again, in place, from differences.

    Brute force takes |q|^2 + |p|^2 - 2 q.p, which leaves about 1e-8 |q| where the two points are equal. UMAP takes the
    smallest distance above 0 as a cell's local scale, so that rounding error must be exactly 0.
    """
    size = np.linalg.norm(queries, axis=1).astype(np.float64)
    rows, places = np.nonzero(distances < 1e-6 * size[:, None])
    difference = queries[rows].astype(np.float64) - points[indices[rows, places]]
    distances[rows, places] = np.linalg.norm(difference, axis=1)


def with_self_first(found):
    """The same Neighbors with each point first in its row, at distance 0, as UMAP expects; duplicates tie at 0."""
    rows = np.arange(len(found.indices), dtype=np.int32)
    indices, distances = found.indices.copy(), found.distances.copy()
    for i in np.flatnonzero(indices[:, 0] != rows):
        at = np.flatnonzero(indices[i] == i)
        j = at[0] if len(at) else indices.shape[1] - 1
        indices[i, 1 : j + 1], distances[i, 1 : j + 1] = indices[i, :j].copy(), distances[i, :j].copy()
        indices[i, 0] = i
    distances[:, 0] = 0.0
    return Neighbors(indices, distances)


def umap(points, found=None, n_components=2, seed=0):
    """(points, n_components) float32: UMAP (McInnes 2018) of `points` from their Neighbors (searched if not given), seeded."""
    if len(points) <= n_components + 1:
        return _too_few(points, n_components)
    from umap import UMAP

    knn = with_self_first(neighbors(points, seed=seed) if found is None else found)
    small = len(points) < 40  # the spectral start needs more points than that
    model = UMAP(
        n_neighbors=knn.indices.shape[1],
        n_components=n_components,
        min_dist=0.3,  # scanpy's: clusters keep some body
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


def tsne(points, n_components=2, seed=0):
    """(points, n_components) float32: t-SNE (van der Maaten 2008) by openTSNE from a PCA start, seeded.

    Three dimensions go by a Barnes-Hut tree, since interpolation is for the plane; they take several times longer.
    """
    points = np.asarray(points, dtype=np.float64)
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


def warm_up():
    """Load and compile what embedding and clustering need (numba takes half a minute the first time on a machine)."""
    from core.analysis import leiden
    from core.sparse import linear

    linear.warm_up()
    points = np.random.default_rng(0).standard_normal((100, 5)).astype(np.float32)
    found = neighbors(points)
    leiden.leiden(leiden.graph(found))
    umap(points, found)


def _too_few(points, n_components):
    """A handful of points needs no method: their first columns, padded with zeros."""
    out = np.zeros((len(points), n_components), dtype=np.float32)
    width = min(n_components, points.shape[1])
    out[:, :width] = points[:, :width]
    return out
