"""Exact nearest neighbours by brute force in torch, for a GPU, where it is faster than an index up to a million points."""

import numpy as np
import torch

from core.device import full_precision

PAIRS = 1 << 27  # distances computed at once: half a gigabyte


@torch.no_grad()
def nearest_on(device, queries, points, k, pairs=PAIRS):
    """((queries, k) int32 indices into `points`, (queries, k) float32 Euclidean distances), the nearest first.

    Candidates come from |q|^2 + |p|^2 - 2 q.p about the centre of the points, which is one product of matrices; the
    distances of those chosen are computed again from differences, where nothing cancels.
    """
    centre = points.mean(axis=0, dtype=np.float64).astype(np.float32)
    points, queries = (
        torch.from_numpy(np.asarray(x - centre, np.float32)).to(device) for x in (points, queries)
    )
    size = points.square().sum(1)
    more = min(len(points), k + 8)  # rounding may put a neighbour a few places too far
    indices, distances = [], []
    for part in queries.split(max(1, pairs // len(points))):
        with full_precision():  # under TF32 neighbours are missed where clusters are tight and far apart
            rough = torch.addmm(size, part, points.t(), alpha=-2)  # less |q|^2, which is the same for all
        chosen = rough.topk(more, largest=False).indices
        exact = (points[chosen] - part[:, None]).square().sum(2).sqrt()
        order = torch.argsort(exact, dim=1, stable=True)[:, :k]
        indices.append(chosen.gather(1, order).int().cpu())
        distances.append(exact.gather(1, order).cpu())
    return torch.cat(indices).numpy(), torch.cat(distances).numpy()
