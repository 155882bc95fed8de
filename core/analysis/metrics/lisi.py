"""iLISI: how well batches are mixed in the neighbourhoods of a space (Korsunsky 2019, doi:10.1038/s41592-019-0619-0)."""

import numpy as np
from scipy import sparse

from core.analysis.metrics.scores import without_self
from core.analysis.neighbors import EXACT_LIMIT, find_neighbors, nearest

CELLS = 5000  # cells at most whose neighbourhoods are scored: their median is off by a fiftieth of the spread
K = 90  # neighbours of a cell, three times the perplexity, as in Harmony


def ilisi(points, batches, perplexity=30, k=K, neighbors=None):
    """The median over cells of how many batches mix around each: 1 (its own alone) to the number of batches.

    The local inverse Simpson's index of `batches` (codes) around each of `points`, weighted by a Gaussian of this
    perplexity over the k nearest; over 5,000 cells, evenly spaced, where there are more. `neighbors`: the k + 1
    Neighbors of all `points`, each itself among them, where they are known.
    """
    return float(np.median(of_cells(points, batches, perplexity, k, neighbors)))


def of_cells(points, batches, perplexity=30, k=K, neighbors=None):
    """(cells,) the same around each cell, of at most 5,000."""
    rows = scored_rows(len(points))
    points, k = np.asarray(points, dtype=np.float32), min(k + 1, len(points))
    if neighbors is None and len(points) <= EXACT_LIMIT:
        neighbors = nearest(points[rows], points, k)
    else:
        neighbors = (find_neighbors(points, k) if neighbors is None else neighbors).of(rows)
    return per_cell(without_self(neighbors, rows), batches, perplexity)


def per_cell(neighbors, batches, perplexity=30):
    """(rows,) the effective number of batches around each cell, from its Neighbors without itself."""
    weights = gaussian(
        neighbors.distances.astype(np.float64), min(perplexity, neighbors.indices.shape[1] / 3)
    )
    names, codes = np.unique(batches, return_inverse=True)
    ends, around = np.arange(0, weights.size + 1, weights.shape[1]), codes[neighbors.indices].ravel()
    shares = sparse.csr_matrix((weights.ravel(), around, ends), (len(weights), len(names)))
    shares.sum_duplicates()  # however many batches there are
    return 1 / np.asarray(shares.multiply(shares).sum(axis=1)).ravel()


def scored_rows(n):
    """The rows, of n cells, whose neighbourhoods are scored: at most 5,000, evenly spaced."""
    return np.arange(0, n, max(1, -(-n // CELLS)))


def gaussian(distances, perplexity, rounds=50):
    """(cells, k) weights that add up to 1 in each row, their width such that each row has this perplexity."""
    squares = distances**2
    squares -= squares.min(axis=1, keepdims=True)
    low, high = np.zeros(len(squares)), np.full(len(squares), np.inf)
    beta = 1 / np.maximum(np.median(squares, axis=1), 1e-12)
    for _ in range(rounds):
        weights = np.exp(-squares * beta[:, None])
        weights /= weights.sum(axis=1, keepdims=True)
        entropy = -(weights * np.log(np.maximum(weights, 1e-300))).sum(axis=1)
        wide = entropy > np.log(perplexity)  # too many cells count: narrower
        if np.abs(entropy - np.log(perplexity)).max() < 1e-7:
            break
        low, high = np.where(wide, beta, low), np.where(wide, high, beta)
        beta = np.where(np.isinf(high), beta * 2, (low + high) / 2)
    return weights
