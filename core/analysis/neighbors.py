"""Nearest neighbours of points in many dimensions."""

from typing import NamedTuple

import numpy as np

from core import device as devices

EXACT_LIMIT = 50_000  # points; up to here brute force is as quick as an approximate index, and exact
N_NEIGHBORS = 15  # scanpy's and UMAP's default; the point itself counts as the first


def in_metric(points, metric):
    """(n, d) float32 points whose Euclidean neighbours are those of `metric`: as they are, or of unit length for "cosine"."""
    points = np.asarray(points, dtype=np.float32)
    if metric == "euclidean":
        return points
    length = np.linalg.norm(points, axis=1, keepdims=True)
    return np.divide(points, length, out=np.zeros_like(points), where=length != 0)  # NaN stays NaN


class Neighbors(NamedTuple):
    """The k nearest points of each point, itself first: both (points, k)."""

    indices: np.ndarray
    distances: np.ndarray

    def first(self, k):
        """The same with the k nearest alone."""
        return Neighbors(self.indices[:, :k], self.distances[:, :k])

    def measured(self, metric):
        """The same, found among points `in_metric`, with the distances of the metric: 1 - cosine is |u - v|^2 / 2."""
        return self if metric == "euclidean" else self._replace(distances=self.distances**2 / 2)

    def of(self, rows):
        """The same of some of the points."""
        return Neighbors(self.indices[rows], self.distances[rows])


def find_neighbors(points, k=N_NEIGHBORS, seed=0, device="auto", metric="euclidean"):
    """The Neighbors of `points` (n, d) among themselves: exact up to 50,000 points, and above on a GPU, unless `device`,
    as a run has it, is "cpu".

    Without a GPU more points than that go by pynndescent, which misses a few (recall about .95). `metric`: "euclidean", or
    "cosine" for the distance 1 - cosine, as scanpy has it.
    """
    return _find(in_metric(points, metric), k, seed, device).measured(metric)


def _find(points, k, seed, device):
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


def find_among(queries, points, k, seed=0, device="auto"):
    """The Neighbors of `queries` (m, d) among other `points` (n, d): exact where the two are few enough, or on a GPU.

    Else by pynndescent's index of the points, as in `find_neighbors`.
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


def with_self_first(neighbors):
    """The same Neighbors with each point first in its row, at distance 0, as UMAP expects; duplicates tie at 0."""
    rows = np.arange(len(neighbors.indices), dtype=np.int32)
    indices, distances = neighbors.indices.copy(), neighbors.distances.copy()
    for i in np.flatnonzero(indices[:, 0] != rows):
        at = np.flatnonzero(indices[i] == i)
        j = at[0] if len(at) else indices.shape[1] - 1
        indices[i, 1 : j + 1], distances[i, 1 : j + 1] = indices[i, :j].copy(), distances[i, :j].copy()
        indices[i, 0] = i
    distances[:, 0] = 0.0
    return Neighbors(indices, distances)
