"""Neighbours by torch are those of scikit-learn; tried here with the CPU as the device."""

import sys
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core.analysis import neighbors, neighbors_gpu
from core.analysis.neighbors import find_neighbors, nearest
from core.analysis.neighbors_gpu import nearest_on
from core.device import Device


@pytest.mark.parametrize("pairs", [1 << 27, 5000])
@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_neighbours_are_those_of_scikit_learn(pairs, shift):
    random = np.random.default_rng(0)
    points = (random.standard_normal((700, 12)) + shift).astype(np.float32)
    indices, distances = nearest_on("cpu", points[:200], points, 15, pairs)
    known = nearest(points[:200], points, 15)
    assert indices.dtype == np.int32 and distances.dtype == np.float32
    assert (indices == known.indices).mean() > 0.999  # two at the same distance to the last digit may swap
    np.testing.assert_allclose(distances[:, 1:], known.distances[:, 1:], rtol=1e-3)
    assert (indices[:, 0] == np.arange(200)).all() and not distances[:, 0].any()


def test_tight_clusters_far_apart_keep_their_neighbours_where_training_may_round(monkeypatch, tf32):
    """Under TF32 the distances between neighbours are lost in those between clusters."""
    random = np.random.default_rng(0)
    centres = 8 * random.standard_normal((12, 20))
    points = (centres[np.arange(3000) % 12] + 0.15 * random.standard_normal((3000, 20))).astype(np.float32)

    def recall():
        found, known = nearest_on("cpu", points, points, 15)[0], nearest(points, points, 15).indices
        return np.mean([len(np.intersect1d(*rows)) / 15 for rows in zip(found, known, strict=True)])

    assert recall() > 0.999
    assert torch.get_float32_matmul_precision() == "high"  # as training has it, before and after
    monkeypatch.setattr(neighbors_gpu, "full_precision", nullcontext)
    assert recall() < 0.7  # what is guarded against is there


def test_all_points_may_be_asked_for():
    points = np.eye(4, dtype=np.float32)
    indices, distances = nearest_on("cpu", points, points, 4)
    assert (np.sort(indices, axis=1) == np.arange(4)).all()
    np.testing.assert_allclose(distances[:, 1:], np.sqrt(2), rtol=1e-6)


def test_very_many_points_go_to_a_gpu_where_there_is_one(monkeypatch):
    points, asked = np.random.default_rng(0).standard_normal((300, 4)).astype(np.float32), []
    monkeypatch.setattr(neighbors, "EXACT_LIMIT", 100)
    monkeypatch.setattr(neighbors.devices, "choose", lambda: Device("cuda", "a GPU", "", 1))
    monkeypatch.setattr(
        neighbors_gpu, "nearest_on", lambda device, *rest: asked.append(device) or nearest_on("cpu", *rest)
    )
    found = find_neighbors(points, 5)
    assert asked == ["cuda"]
    assert (found.indices == nearest(points, points, 5).indices).all()

    class Stand:
        """In the place of NNDescent, which would compile for 15 s; a slow test has the real one."""

        def __init__(self, given, n_neighbors, random_state):
            asked.append("pynndescent")
            self.neighbor_graph = nearest(given, given, n_neighbors)

    monkeypatch.setitem(sys.modules, "pynndescent", SimpleNamespace(NNDescent=Stand))
    found = find_neighbors(points, 5, device="cpu")  # as was asked for
    assert asked == ["cuda", "pynndescent"] and found.indices.dtype == np.int32
