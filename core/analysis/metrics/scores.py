"""Scores of a space: arrays in, a number out, or its value of each cell ("of_cells"), whose mean it is."""

import numpy as np

from core.analysis.neighbors import Neighbors, nearest

SAMPLE = 5000  # cells at most for a silhouette, whose time grows with the square
QUERIES = 2000  # cells at most whose neighbours are compared
LABELLED = 5000  # cells at most whose label is predicted


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
    kept = neighbours_kept_of_cells(matrix, weights, spaces, rows, k)
    return {name: float(shares.mean()) for name, shares in kept.items()}


def neighbours_kept_of_cells(matrix, weights, spaces, rows, k=15):
    """{name: (cells,)} the same of each of the cells `rows`, at most 2,000 of them."""
    rows = evenly(rows)
    k = min(k, matrix.n_cells - 1)
    before = without_self(_nearest_in_input(matrix, weights, rows, k + 1), rows).indices
    kept = {}
    for name, points in spaces.items():
        after = near(points, rows, k)
        kept[name] = (before[:, :, None] == after[:, None, :]).sum(axis=(1, 2)) / k
    return kept


def _nearest_in_input(matrix, weights, rows, k):
    """The Neighbors, with squared distances, of cells in the weighted input, a block of cells dense at a time."""
    queries = matrix.dense(rows) * weights
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
    order = np.argsort(best_d, axis=1, kind="stable")
    return Neighbors(*(np.take_along_axis(x, order, 1) for x in (best_i, best_d)))


def evenly(rows, most=None):
    """At most `most` (2,000) of `rows`, evenly spaced."""
    return rows[:: max(1, -(-len(rows) // (most or QUERIES)))]


def near(points, rows, k):
    """(rows, k) the nearest of `points` for each of `rows`, exactly, the cell itself not counted."""
    return without_self(nearest(points[rows], points, k + 1), rows).indices


def without_self(neighbors, rows):
    """Neighbors without the cell itself, or of many that are the same without the last: (rows, k + 1) -> (rows, k)."""
    other = neighbors.indices != np.asarray(rows)[:, None]
    other[other.all(axis=1), -1] = False
    return Neighbors(*(x[other].reshape(len(x), -1) for x in neighbors))


def shared_neighbours(points, others, rows, k=15):
    """How far two spaces have the same neighbours, 0 to 1: |A and B| / |A or B| of the k nearest, a mean over cells.

    The Jaccard index of the neighbours in `points` and in `others`, both (cells, dimensions), of the cells `rows` (at
    most 2,000 of them) among all cells, exactly, the cell itself not counted.
    """
    return float(shared_neighbours_of_cells(points, others, rows, k).mean())


def shared_neighbours_of_cells(points, others, rows, k=15):
    """(cells,) the same of each of the cells `rows`, at most 2,000 of them."""
    rows = evenly(rows)
    k = min(k, len(points) - 1)
    return jaccard(near(points, rows, k), near(others, rows, k))


def jaccard(one, other):
    """(cells,) the Jaccard index of two lists of neighbours, both (cells, k), no cell twice in a row."""
    k = one.shape[1]
    both = (one[:, :, None] == other[:, None, :]).sum(axis=(1, 2))
    return both / (2 * k - both)


def knn_accuracy(points, labels, rows=None, k=15, folds=5, around=None):
    """Share of the cells whose label most of their k nearest neighbours have, without the cell and its fold.

    NaN where fewer than two labels can be predicted; else as `right_labels` has it.
    """
    right = right_labels(points, labels, rows, k, folds, around)
    return float(right.mean()) if len(right) else float("nan")


def right_labels(points, labels, rows=None, k=15, folds=5, around=None):
    """(cells,) bool: whose label most of their k nearest neighbours have, without the cell and its fold.

    Out-of-fold predictions of scikit-learn's KNeighborsClassifier over `folds` folds that keep the labels' shares; the
    cells are `rows` (at most 5,000 of them; all cells by default). Those whose label is missing, or in fewer than
    `folds` cells, are left out; none remains where there are fewer than two labels. `around`: what `near` gives for
    these rows, for any number of neighbours; where they are too few, more are searched.
    """
    from sklearn.model_selection import StratifiedKFold

    labels = np.asarray(labels).astype(str)
    _, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    usable = is_named(labels) & (sizes[codes] >= folds)
    rows = np.arange(len(labels)) if rows is None else evenly(rows, LABELLED)
    asked, cells = usable[rows], np.flatnonzero(usable)
    if len(np.unique(codes[cells])) < 2 or not asked.any():
        return np.empty(0, bool)
    fold = np.full(len(labels), -1)
    for i, (_, left) in enumerate(
        StratifiedKFold(folds, shuffle=True, random_state=0).split(cells, codes[cells])
    ):
        fold[cells[left]] = i
    learnt = len(cells) - np.bincount(fold[cells], minlength=folds)  # of each fold
    rows = rows[asked]
    around = near(points, rows, min(2 * k, len(points) - 1)) if around is None else around[asked]
    right = np.zeros(len(rows), dtype=bool)
    waiting = np.arange(len(rows))
    while len(waiting):
        cell, wanted = rows[waiting], np.minimum(k, learnt[fold[rows[waiting]]])
        may = (fold[around] >= 0) & (fold[around] != fold[cell][:, None])
        order = np.cumsum(may, axis=1)
        enough = order[:, -1] >= wanted
        votes = np.zeros((enough.sum(), len(sizes)), dtype=np.int64)
        i, j = np.nonzero(may[enough] & (order[enough] <= wanted[enough][:, None]))
        np.add.at(votes, (i, codes[around[enough][i, j]]), 1)
        right[waiting[enough]] = (
            votes.argmax(axis=1) == codes[cell[enough]]
        )  # of a tie the first, as scikit-learn
        waiting = waiting[~enough]
        if len(waiting):
            around = near(points, rows[waiting], min(2 * around.shape[1], len(points) - 1))
    return right


def is_named(labels):
    """(cells,) bool: which labels, as text, are not missing."""
    return ~np.isin(labels, ["", "nan", "None", "NaN"])


def silhouette(points, labels, seed=0):
    """Mean silhouette (Rousseeuw 1987) from -1 to 1 by scikit-learn, on at most 5,000 cells; NaN with one cluster."""
    values = silhouettes(points, labels, seed)
    return float(values.mean()) if len(values) else float("nan")


def silhouettes(points, labels, seed=0):
    """(cells,) the same of each cell, of at most 5,000; none with one cluster."""
    from sklearn.metrics import silhouette_samples

    chosen = np.random.default_rng(seed).permutation(len(labels))[:SAMPLE]
    points, labels = points[chosen], np.asarray(labels)[chosen]
    if not 2 <= len(np.unique(labels)) < len(labels):
        return np.empty(0)
    return silhouette_samples(points, labels)


def agreement(labels, clusters):
    """Agreement of two labellings: {"ari": adjusted Rand index, "nmi", "ami": normalised and adjusted mutual information}.

    NMI of few cells is high by chance; AMI is 0 on average for labels that have nothing to do with the clusters. Cells
    whose label is missing ("" or "nan") are left out.
    """
    from sklearn import metrics

    labels = np.asarray(labels).astype(str)
    known = is_named(labels)
    if not known.any():
        return dict.fromkeys(("ari", "nmi", "ami"), float("nan"))
    labels, clusters = labels[known], np.asarray(clusters)[known]
    return {
        "ari": float(metrics.adjusted_rand_score(labels, clusters)),
        "nmi": float(metrics.normalized_mutual_info_score(labels, clusters)),
        "ami": float(metrics.adjusted_mutual_info_score(labels, clusters)),
    }
