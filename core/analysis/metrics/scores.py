"""Arrays to numbers: how good a latent space is, each number with its yardstick."""

import numpy as np
from scipy import sparse

from core.analysis.neighbors import EXACT_LIMIT, Neighbors, find_neighbors, nearest

SAMPLE = 5000  # cells at most for a silhouette, whose cost grows with the square
QUERIES = 2000  # cells at most whose neighbours are looked up
LISI_CELLS = (
    5000  # cells at most whose surroundings are looked at: their median is off by a fiftieth of the spread
)
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
    before = without_self(_nearest_in_input(matrix, weights, rows, k + 1), rows).indices
    kept = {}
    for name, points in spaces.items():
        after = near(points, rows, k)
        kept[name] = float((before[:, :, None] == after[:, None, :]).sum() / before.size)
    return kept


def _nearest_in_input(matrix, weights, rows, k):
    """The Neighbors, with squared distances, of cells in the weighted input, a block of cells dense at a time."""
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
    order = np.argsort(best_d, axis=1, kind="stable")
    return Neighbors(*(np.take_along_axis(x, order, 1) for x in (best_i, best_d)))


def _some(rows):
    """At most 2,000 of `rows`, evenly spaced."""
    return rows[:: -(-len(rows) // QUERIES)]


def near(points, rows, k):
    """(rows, k) the nearest of `points` for each of `rows`, exactly, the cell itself not counted."""
    return without_self(nearest(points[rows], points, k + 1), rows).indices


def without_self(found, rows):
    """Neighbors without the cell itself, or of many that are the same without the last: (rows, k + 1) -> (rows, k)."""
    other = found.indices != np.asarray(rows)[:, None]
    other[other.all(axis=1), -1] = False
    return Neighbors(*(x[other].reshape(len(x), -1) for x in found))


def shared_neighbours(points, others, rows, k=15):
    """How far two spaces agree on who is near whom, 0 to 1: |A and B| / |A or B| of the k nearest, a mean over cells.

    The Jaccard index of the neighbours in `points` and in `others`, both (cells, dimensions), of the cells `rows` (at
    most 2,000 of them) among all cells, exactly, the cell itself not counted.
    """
    rows = _some(rows)
    k = min(k, len(points) - 1)
    return jaccard(near(points, rows, k), near(others, rows, k))


def jaccard(one, other):
    """The mean Jaccard index of two lists of neighbours, both (cells, k), no cell twice in a row."""
    k = one.shape[1]
    both = (one[:, :, None] == other[:, None, :]).sum(axis=(1, 2))
    return float(np.mean(both / (2 * k - both)))


def knn_accuracy(points, labels, rows=None, k=15, folds=5, around=None):
    """Share of the cells whose label most of their k nearest neighbours have, the cell and its fold not asked.

    Out-of-fold predictions of scikit-learn's KNeighborsClassifier over `folds` folds that keep the labels' shares; the
    mean over the cells `rows` (at most 2,000 of them; all cells by default). Cells whose label is missing, or in fewer
    than `folds` cells, are left out; NaN where fewer than two labels remain. `around`: what `near` gives for these
    rows, for as many neighbours as one likes; where they do not suffice, more are looked for.
    """
    from sklearn.model_selection import StratifiedKFold

    labels = np.asarray(labels).astype(str)
    _, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    usable = is_named(labels) & (sizes[codes] >= folds)
    rows = np.arange(len(labels)) if rows is None else _some(rows)
    asked, cells = usable[rows], np.flatnonzero(usable)
    if len(np.unique(codes[cells])) < 2 or not asked.any():
        return float("nan")
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
    return float(right.mean())


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
    perplexity over the k nearest, the median over the cells (iLISI, Korsunsky 2019, Harmony); over 5,000 of them, evenly
    spaced, where they are more. `found`: the k + 1 Neighbors of all `points`, each itself among them, where they are known.
    """
    rows = lisi_rows(len(points))
    points, most = np.asarray(points, dtype=np.float32), min(k + 1, len(points))
    if found is None and len(points) <= EXACT_LIMIT:
        found = nearest(points[rows], points, most)
    else:
        found = (find_neighbors(points, most) if found is None else found).of(rows)
    return float(np.median(mixing(without_self(found, rows), groups, perplexity)))


def mixing(found, groups, perplexity=30):
    """(rows,) how many batches meet around each cell, as `ilisi` has it, from its Neighbors without itself."""
    weights = _gaussian(found.distances.astype(np.float64), min(perplexity, found.indices.shape[1] / 3))
    names, codes = np.unique(groups, return_inverse=True)
    ends, around = np.arange(0, weights.size + 1, weights.shape[1]), codes[found.indices].ravel()
    shares = sparse.csr_matrix((weights.ravel(), around, ends), (len(weights), len(names)))
    shares.sum_duplicates()  # however many batches there are
    return 1 / np.asarray(shares.multiply(shares).sum(axis=1)).ravel()


def lisi_rows(n):
    """The rows, of n cells, whose surroundings iLISI looks at: at most 5,000, evenly spaced."""
    return np.arange(0, n, max(1, -(-n // LISI_CELLS)))


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
        if np.abs(entropy - np.log(perplexity)).max() < 1e-7:
            break
        low, high = np.where(wide, beta, low), np.where(wide, high, beta)
        beta = np.where(np.isinf(high), beta * 2, (low + high) / 2)
    return weights
