"""Clusters of noise have markers on the molecules that made them, and none on the others; clusters of types have both."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.cluster import KMeans

from core.analysis import split_markers

N, G = 400, 60
NAMES = [f"gene {j}" for j in range(G)]


def halves(rate, seed=0):
    random = np.random.default_rng(seed)
    return [sparse.csr_matrix(random.poisson(rate).astype(np.float32)) for _ in range(2)]


def clusters_of(counts, k=3):
    return KMeans(k, n_init=3, random_state=0).fit_predict(np.log1p(counts.toarray())).astype(np.int32)


def test_clusters_of_noise_have_markers_only_on_the_molecules_that_made_them():
    own, other = halves(np.full((N, G), 2.0))
    clusters = clusters_of(own)
    tested = split_markers.test(own, other, clusters, NAMES)
    assert tested.n_own.min() > 5 and tested.n_other.sum() == 0 and tested.names == [[], [], []]
    found = split_markers.records(clusters, clusters, tested)
    assert [one["result"] for one in found] == ["no marker"] * 3 and found[0]["jaccard"] == 1


def test_clusters_of_cell_types_have_markers_on_both():
    types = np.arange(N) % 2
    rate = np.full((N, G), 2.0)
    rate[types == 0, :4], rate[types == 1, 4:8] = 6.0, 6.0
    own, other = halves(rate)
    clusters = clusters_of(own, 2)
    tested = split_markers.test(own, other, clusters, NAMES)
    found = split_markers.records(clusters, clusters, tested)
    assert [one["result"] for one in found] == ["supported"] * 2
    of_first = {f"gene {j}" for j in range(4)}
    assert sorted(len(of_first & set(one["names"])) for one in found) == [0, 4]
    assert sum(one["cells"] for one in found) == N


@pytest.mark.parametrize("share, result", [(0.5, "not found"), (0.8, "supported")])
def test_a_part_of_a_cluster_of_the_half_has_no_support_from_its_markers(share, result):
    of_half = np.zeros(N, np.int32)
    of_half[300:] = 1
    clusters = np.where(np.arange(N) < 300 * share, 0, 1).astype(np.int32)
    tested = split_markers.Tested(np.array([7, 3]), np.array([9, 9]), [["a"], ["b"]])
    first = split_markers.records(clusters, of_half, tested)[0]
    assert (first["result"], first["jaccard"], first["markers"]) == (result, share, 7)
