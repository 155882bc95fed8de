"""Arrays to numbers: how good a latent space is, each number with its yardstick."""

import numpy as np

from core.embed import nearest, neighbors, with_self_first

SAMPLE = 5000  # cells at most for a silhouette, whose cost grows with the square
QUERIES = 2000  # cells at most whose neighbours are looked up
LISI_NEAR = 90  # neighbours that make up a cell's surroundings, three times the perplexity as Harmony has it


def variance_explained(loss, loss_of_mean):
    """1 - loss / loss of predicting the training mean; 1 is perfect, 0 no better than the mean. NaN if that is 0."""
    return float("nan") if not loss_of_mean else 1.0 - loss / loss_of_mean


def neighbours_kept(matrix, weights, spaces, rows, k=15):
    """Share of the k nearest neighbours in the weighted input that each space keeps, {name: 0 to 1}.

    `spaces`: name -> (cells, dimensions). The neighbours of the cells `rows` (at most 2,000 of them) are searched
    among all cells, exactly, by Euclidean distance, the cell itself not counted; the mean over cells of
    |A and B| / k. The input is `matrix` with its columns times `weights` (features,), so that a distance in it
    is what the loss sees.
    """
    rows = _some(rows)
    k = min(k, matrix.n_cells - 1)
    before = _without_self(_nearest_in_input(matrix, weights, rows, k + 1), rows)
    kept = {}
    for name, points in spaces.items():
        after = _nearest_in_space(points, rows, k)
        kept[name] = float(
            np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(before, after, strict=True)])
        )
    return kept


def _nearest_in_input(matrix, weights, rows, k):
    """(rows, k) indices of the nearest cells in the weighted input, a block of cells dense at a time."""
    queries = matrix.batch(rows) * weights
    best_d = np.full((len(rows), k), np.inf, dtype=np.float32)
    best_i = np.full((len(rows), k), -1, dtype=np.int64)
    size = (queries**2).sum(axis=1)[:, None]
    for part, x in matrix.blocks(np.arange(matrix.n_cells)):
        x *= weights
        distance = size + (x**2).sum(axis=1) - 2 * queries @ x.T
        both_d = np.hstack([best_d, distance])
        both_i = np.hstack([best_i, np.broadcast_to(part, distance.shape)])
        chosen = np.argpartition(both_d, k - 1, axis=1)[:, :k]
        best_d, best_i = np.take_along_axis(both_d, chosen, 1), np.take_along_axis(both_i, chosen, 1)
    return np.take_along_axis(best_i, np.argsort(best_d, axis=1, kind="stable"), 1)


def _some(rows):
    """At most 2,000 of `rows`, evenly spaced."""
    return rows[:: -(-len(rows) // QUERIES)]


def _nearest_in_space(points, rows, k):
    """The k nearest of `points` for each of `rows`, the cell itself not counted: a list of (k,)."""
    return _without_self(nearest(points[rows], points, k + 1).indices, rows)


def _without_self(indices, rows):
    """Neighbour lists without the cell itself: (rows, k + 1) -> a list of (k,)."""
    k = indices.shape[1] - 1
    return [line[line != row][:k] for line, row in zip(indices, rows, strict=True)]


def shared_neighbours(points, others, rows, k=15):
    """How far two spaces agree on who is near whom, 0 to 1: |A and B| / |A or B| of the k nearest, a mean over cells.

    The Jaccard index of the neighbours in `points` and in `others`, both (cells, dimensions), of the cells `rows` (at
    most 2,000 of them) among all cells, exactly, the cell itself not counted.
    """
    rows = _some(rows)
    k = min(k, len(points) - 1)
    pairs = zip(_nearest_in_space(points, rows, k), _nearest_in_space(others, rows, k), strict=True)
    both = np.array([len(np.intersect1d(a, b)) for a, b in pairs])
    return float(np.mean(both / (2 * k - both)))


def knn_accuracy(points, labels, rows=None, k=15, folds=5):
    """Share of the cells whose label most of their k nearest neighbours have, the cell and its fold not asked.

    Out-of-fold predictions of scikit-learn's KNeighborsClassifier over `folds` folds that keep the labels' shares; the
    mean over the cells `rows` (at most 2,000 of them; all cells by default). Cells whose label is missing, or in fewer
    than `folds` cells, are left out; NaN where fewer than two labels remain.
    """
    from sklearn.model_selection import StratifiedKFold
    from sklearn.neighbors import KNeighborsClassifier

    labels = np.asarray(labels).astype(str)
    _, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    usable = is_named(labels) & (sizes[codes] >= folds)
    asked = np.zeros(len(labels), dtype=bool)
    asked[slice(None) if rows is None else _some(rows)] = True
    cells = np.flatnonzero(usable)
    if len(np.unique(codes[cells])) < 2 or not asked[cells].any():
        return float("nan")
    right = []
    for learnt, left in StratifiedKFold(folds, shuffle=True, random_state=0).split(cells, codes[cells]):
        learnt, left = cells[learnt], cells[left]
        left = left[asked[left]]
        if len(left):
            voters = KNeighborsClassifier(min(k, len(learnt)), algorithm="brute")
            voters.fit(points[learnt], codes[learnt])
            right.append(voters.predict(points[left]) == codes[left])
    return float(np.concatenate(right).mean())


def is_named(labels):
    """(cells,) bool: which labels, as text, are not missing."""
    return ~np.isin(labels, ["", "nan", "None", "NaN"])


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
    known = is_named(labels)
    if not known.any():
        return {"ari": float("nan"), "nmi": float("nan")}
    labels, clusters = labels[known], np.asarray(clusters)[known]
    return {
        "ari": float(adjusted_rand_score(labels, clusters)),
        "nmi": float(normalized_mutual_info_score(labels, clusters)),
    }


def ilisi(points, groups, perplexity=30, k=LISI_NEAR, found=None):
    """How well batches are mixed, from 1 (each cell among its own) to the number of batches (all alike).

    The local inverse Simpson's index of `groups` (codes) around each of `points`, weighted by a Gaussian of this
    perplexity over the k nearest, the median over the cells (iLISI, Korsunsky 2019, Harmony). `found`: the k + 1
    Neighbors of `points`, each itself among them, where they are known.
    """
    found = with_self_first(neighbors(points, min(k + 1, len(points))) if found is None else found)
    near, distances = found.indices[:, 1:], found.distances[:, 1:].astype(np.float64)
    weights = _gaussian(distances, min(perplexity, near.shape[1] / 3))
    codes = np.asarray(groups)[near]
    shares = np.stack([(weights * (codes == g)).sum(axis=1) for g in np.unique(groups)], axis=1)
    return float(np.median(1 / (shares**2).sum(axis=1)))


def _gaussian(distances, perplexity, rounds=50):
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
        low, high = np.where(wide, beta, low), np.where(wide, high, beta)
        beta = np.where(np.isinf(high), beta * 2, (low + high) / 2)
    return weights
