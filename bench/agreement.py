"""Agreement of Leiden clusters with labels, at the best resolution."""

import numpy as np

from core.analysis import leiden
from core.analysis.metrics import scores
from core.analysis.neighbors import find_neighbors
from core.config import RESOLUTIONS

LEIDEN_SEEDS = (0, 1, 2)


def best_agreement(points, labels, metric="euclidean", seeds=LEIDEN_SEEDS):
    """{"nmi": best mean over resolutions 0.2 to 2.0, "ari" and "ami": the same} of Leiden clusters of `points` with `labels`.

    The mean is over the Leiden `seeds`, so that a lucky one does not choose the resolution. `metric`: of the neighbours.
    """
    graph = leiden.graph(find_neighbors(points, metric=metric))
    means = []
    for resolution in RESOLUTIONS:
        agreements = [scores.agreement(labels, leiden.leiden(graph, resolution, seed)) for seed in seeds]
        means.append({name: np.mean([f[name] for f in agreements]) for name in ("nmi", "ari", "ami")})
    return {name: max(m[name] for m in means) for name in ("nmi", "ari", "ami")}
