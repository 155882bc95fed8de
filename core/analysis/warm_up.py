"""What embedding and clustering need, loaded and compiled ahead of time."""

import numpy as np

from core.analysis import embedding, leiden
from core.analysis.neighbors import find_neighbors
from core.sparse import linear, split_counts


def warm_up():
    """Load and compile what embedding and clustering need (numba takes half a minute the first time on a machine)."""
    linear.warm_up()
    split_counts.warm_up()
    points = np.random.default_rng(0).standard_normal((100, 5)).astype(np.float32)
    neighbors = find_neighbors(points)
    leiden.leiden(leiden.graph(neighbors))
    embedding.umap(points, neighbors)
