"""Clustering by k-means, HDBSCAN or Leiden on some cells, and the stability of clusters over subsamples (ARI)."""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from core.analysis import leiden
from core.analysis.neighbors import find_neighbors, in_metric
from core.errors import UserError

SHARE = 0.8  # of the cells in a subsample (Tang et al. 2021, scclusteval, doi:10.1093/bioinformatics/btaa956)
TIMES = 8  # subsamples: 28 pairs
DENSE_LIMIT = (
    100_000  # points; HDBSCAN's time grows with their square in as many dimensions as a latent space has
)


class Steadiness(NamedTuple):
    """How alike clusterings of subsamples are: (resolutions,) mean ARI over pairs, its standard error, clusters of each.

    `steadiest` is the place of the one to choose, None where every resolution has but one cluster.
    """

    resolutions: tuple
    ari: np.ndarray
    error: np.ndarray
    n_clusters: np.ndarray
    steadiest: int | None


def steadiness(points, clusters, seed=0, times=TIMES, metric="euclidean"):
    """Yield the share done, then the Steadiness of Leiden at each resolution of `clusters` ({resolution: labels}).

    Each of `times` subsamples keeps SHARE of the cells and their edges in the neighbour graph and is clustered again;
    pairs are compared by the adjusted Rand index (Hubert and Arabie 1985) over the cells that both have, as stability
    is measured by Lange et al. 2004 (doi:10.1162/089976604773717621). A single cluster always agrees with itself, so
    such resolutions have no value. The most stable one is the finest whose mean is within a standard error of the best,
    since coarse clusterings are more stable whatever the data.
    """
    from sklearn.metrics import adjusted_rand_score

    random = np.random.default_rng(seed)
    whole = leiden.graph(find_neighbors(points, seed=seed, metric=metric))
    resolutions = tuple(sorted(clusters))
    n, samples, labels = len(points), [], {r: [] for r in resolutions}
    for i in range(times):
        rows = np.sort(random.choice(n, max(2, int(SHARE * n)), replace=False))
        part = whole.induced_subgraph(rows.tolist())
        samples.append(rows)
        for j, r in enumerate(resolutions):
            yield (i + j / len(resolutions)) / times
            labels[r].append(leiden.leiden(part, r, seed + i))
    shared = {
        (a, b): np.intersect1d(samples[a], samples[b], assume_unique=True, return_indices=True)[1:]
        for a, b in combinations(range(times), 2)
    }
    ari, error = np.full(len(resolutions), np.nan), np.full(len(resolutions), np.nan)
    n_clusters = np.array([len(np.unique(clusters[r])) for r in resolutions])
    for j, r in enumerate(resolutions):
        if n_clusters[j] < 2:
            continue
        values = [adjusted_rand_score(labels[r][a][x], labels[r][b][y]) for (a, b), (x, y) in shared.items()]
        ari[j] = np.mean(values)
        error[j] = np.std(values) / np.sqrt(
            times
        )  # pairs share samples: no more than `times` are independent
    yield Steadiness(resolutions, ari, error, n_clusters, _steadiest(ari, error))


def _steadiest(ari, error):
    if np.isnan(ari).all():
        return None
    best = np.nanargmax(ari)
    return int(np.flatnonzero(ari >= ari[best] - error[best])[-1])


def kmeans(points, k, seed=0, metric="euclidean"):
    """(points,) int32 cluster of each point, 0 the largest, by k-means (Lloyd 1982; ten starts by k-means++).

    With the `metric` "cosine", here and below, points are brought to unit length first.
    """
    from sklearn.cluster import KMeans

    if not 2 <= k <= len(points):
        raise UserError(f"k-means needs 2 to {len(points):,} clusters here, not {k}.")
    labels = KMeans(k, n_init=10, random_state=seed).fit_predict(in_metric(points, metric))
    return leiden.by_size(labels)


def hdbscan(points, least, metric="euclidean"):
    """(points,) int32 cluster of each point, 0 the largest and -1 for cells in none, by HDBSCAN (Campello 2013).

    `least` is the smallest number of points in a cluster.
    """
    from sklearn.cluster import HDBSCAN

    if len(points) > DENSE_LIMIT:
        raise UserError(
            f"HDBSCAN would take hours for more than {DENSE_LIMIT:,} cells: use Leiden or k-means."
        )
    if not 2 <= least <= len(points):
        raise UserError(f"HDBSCAN needs a smallest cluster of 2 to {len(points):,} cells, not {least}.")
    raw = HDBSCAN(min_cluster_size=least, copy=True).fit_predict(in_metric(points, metric))
    labels = np.full(len(raw), -1, dtype=np.int32)
    if (raw >= 0).any():
        labels[raw >= 0] = leiden.by_size(raw[raw >= 0])
    return labels


def leiden_of(points, resolution, seed=0, metric="euclidean"):
    """(points,) int32 cluster of each point by Leiden on the neighbours of these points alone: to sub-cluster a selection."""
    if len(points) < 3:
        raise UserError(f"Select 3 cells or more to cluster them: {len(points)} are selected.")
    return leiden.leiden(leiden.graph(find_neighbors(points, seed=seed, metric=metric)), resolution, seed)
