"""Arrays to numbers: how good a latent space is, each number with its yardstick."""

import numpy as np

from core.embed import nearest

SAMPLE = 5000  # cells at most for scores whose cost grows with the square


def variance_explained(loss, loss_of_mean):
    """1 - loss / loss of predicting the training mean; 1 is perfect, 0 no better than the mean. NaN if that is 0."""
    return float("nan") if not loss_of_mean else 1.0 - loss / loss_of_mean


def neighbours_kept(reference, points, rows, k=15):
    """Share of the k nearest neighbours in `reference` found again in `points`, from 0 to 1.

    Both are (cells, dimensions); the neighbours of the cells `rows` (at most 5,000 of them) are searched among
    all cells, exactly, by Euclidean distance, the cell itself not counted. The mean over cells of
    |A and B| / k (Venna and Kaski's continuity in its simplest form).
    """
    k = min(k, len(reference) - 1)
    rows = rows[:: max(1, len(rows) // SAMPLE)][:SAMPLE]
    before = _others(nearest(reference[rows], reference, k + 1).indices, rows)
    after = _others(nearest(points[rows], points, k + 1).indices, rows)
    return float(np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(before, after, strict=True)]))


def _others(indices, rows):
    """Neighbour lists without the cell itself: (rows, k + 1) -> (rows, k)."""
    k = indices.shape[1] - 1
    return [line[line != row][:k] for line, row in zip(indices, rows, strict=True)]


def silhouette(points, labels, seed=0):
    """Mean silhouette (Rousseeuw 1987) from -1 to 1 by scikit-learn, on at most 5,000 cells; NaN with one cluster."""
    from sklearn.metrics import silhouette_score

    chosen = np.random.default_rng(seed).permutation(len(labels))[:SAMPLE]
    points, labels = points[chosen], np.asarray(labels)[chosen]
    if not 2 <= len(np.unique(labels)) < len(labels):
        return float("nan")
    return float(silhouette_score(points, labels))


def agreement(labels, clusters):
    """Adjusted Rand index and normalised mutual information of two labellings, {"ari": ., "nmi": .}.

    Cells whose label is missing ("" or "nan") are left out.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    labels = np.asarray(labels).astype(str)
    known = ~np.isin(labels, ["", "nan", "None", "NaN"])
    if not known.any():
        return {"ari": float("nan"), "nmi": float("nan")}
    labels, clusters = labels[known], np.asarray(clusters)[known]
    return {
        "ari": float(adjusted_rand_score(labels, clusters)),
        "nmi": float(normalized_mutual_info_score(labels, clusters)),
    }
