"""Every space of a run on one scale, without labels: what a space of one half of the molecules says of the other half.

Each space is made of one half (core.analysis.metrics.count_split). The counts of a test cell in the other half are
predicted from the counts of the training cells nearest to it in that space, which needs no decoder, so a map is on the same
scale as a latent space, and so are runs with other transforms of the same genes. And the space is made of each half:
neighbours, clusters and places that come back are more than noise of the molecules.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from core.analysis import embedding, leiden
from core.analysis.harmony import harmony, is_installed
from core.analysis.metrics import count_split, scores
from core.analysis.metrics.benchmark import MAPS, Step
from core.analysis.metrics.descriptions import SPACES
from core.analysis.neighbors import find_among, find_neighbors, in_metric
from core.config import DEFAULT_RESOLUTION
from core.training import baselines
from core.training.inference import encode

N_NEAR = 30  # training cells that predict a test cell
PRIOR = 5  # cells with the mean profile beside them, so that a gene that none of them has is not impossible
BLOCK = 1000  # cells whose expected counts are dense at once
GENE_CELLS = (
    5  # molecules of a gene in the other half of the test cells, below which its own deviance says nothing
)


class Predicted(NamedTuple):
    """Poisson deviance of the unseen half: of each cell summed over genes, and of each gene summed over cells."""

    by_cell: np.ndarray
    by_gene: np.ndarray


class SplitHalf(NamedTuple):
    """One space: `explained` is the share of the deviance of the mean profile that it explains, with its standard error.

    `neighbours` (Jaccard of 15), `clusters` (ARI) and `places` compare the space of one half with that of the other; NaN
    where that cannot be computed. `by_gene` (genes,) is `explained` of each gene, NaN where it has too few molecules.
    """

    explained: float
    error: float
    neighbours: float
    clusters: float
    places: float
    by_gene: np.ndarray


def compare(model, trained, config, resolution=DEFAULT_RESOLUTION, maps=True):
    """Yield Steps, then (Halves, {name in descriptions.SPACES: SplitHalf}) of a trained model and a TrainedRun.

    The latent space, PCA of as many dimensions, with a batch covariate Harmony, and with `maps` the UMAPs of the latent
    space and of the input. Cells: at most 10,000 training cells and 5,000 test cells (validation cells where there are
    none). Raises UserError for values that are not counts.
    """
    yield Step("Splitting the molecules", 0.05)
    halves = count_split.split(trained.matrix, trained.split.train, trained.split.scored, config.seed)
    yield Step("Encoding both halves", 0.1)
    spaces = positions(model, halves, config)
    if maps:
        for i, (name, of) in enumerate({"latent_umap": "latent", "input_umap": "pca"}.items()):
            yield Step(f"{SPACES[name]} of both halves", 0.2 + 0.3 * i)
            spaces[name] = [embedding.umap(x, seed=config.seed, metric=config.metric) for x in spaces[of]]
    counts = molecules(halves)
    base = mean_profile(counts, halves)
    results = {}
    for i, (name, pair) in enumerate(spaces.items()):
        yield Step(SPACES[name], 0.7 + 0.3 * i / len(spaces))
        metric = "euclidean" if name in MAPS else config.metric
        pair = [in_metric(points, metric) for points in pair]
        results[name] = _of_space(pair, counts, halves, base, metric, resolution, config.seed, name)
    yield halves, results


def records(spaces):
    """The SplitHalf of each space as JSON can hold them; what cannot be computed is None."""
    names = ("explained", "error", "neighbours", "clusters", "places")
    return [
        {"space": name} | {n: _number(getattr(found, n)) for n in names} for name, found in spaces.items()
    ]


def _number(value):
    return round(float(value), 6) if np.isfinite(value) else None


def gene_rows(halves, spaces):
    """(head, rows) of a table of the deviance that each space explains of each gene that varies in both halves."""
    names = halves.seen.genes[halves.genes]
    columns = [found.by_gene for found in spaces.values()]
    rows = [
        [name, *(_number(value) if np.isfinite(value) else "" for value in values)]
        for name, values in zip(names, np.column_stack(columns), strict=True)
    ]
    return ["gene", *spaces], rows


def positions(model, halves, config):
    """{name: [(cells, d) of the half that is seen, of the other]} of the latent space, PCA and with batches Harmony."""
    seen, target = halves.seen, halves.target
    spaces = {"latent": [encode(model, seen), encode(model, target)]}
    pca = baselines.fit_pca(seen, halves.train, seen.weights(config), config.n_latent, config.seed)
    every = np.arange(seen.n_cells)
    spaces["pca"] = [
        np.concatenate([pca.project(x) for _, x in half.blocks(every)]) for half in (seen, target)
    ]
    if seen.batch_codes is not None and is_installed():
        spaces["harmony"] = [harmony(x, seen.batch_codes, config.seed) for x in spaces["pca"]]
    return spaces


def molecules(halves):
    """[(cells, genes) CSR float64 counts of the half that is seen, of the other], of the genes that vary in both."""
    used, parts = np.flatnonzero(halves.genes), []
    for half in (halves.seen, halves.target):
        rows = half.rna
        whole = sparse.csr_matrix(
            (rows.values.astype(np.float64), rows.indices.astype(np.int32), rows.indptr), rows.shape
        )
        parts.append(whole[:, used])
    return parts


def mean_profile(counts, halves):
    """The Predicted of the mean profile of the training cells: what every space is compared with."""
    return predict(counts, halves, None)


def predict(counts, halves, near):
    """The Predicted of the scored cells from their nearest training cells `near` (scored, k), places in `halves.train`.

    The profile of a cell is the sum of the seen counts of `near` and of PRIOR cells with the mean profile, scaled to the
    molecules of the cell in the other half; with None it is the mean profile.
    """
    seen, target = counts[0][halves.train], counts[1][halves.scored]
    total = np.asarray(seen.sum(axis=0)).ravel()
    share = total / total.sum()
    prior = PRIOR * total / len(halves.train)
    by_cell, by_gene = np.empty(target.shape[0]), np.zeros(len(share))
    depth = np.asarray(target.sum(axis=1)).ravel()
    for first in range(0, target.shape[0], BLOCK):
        rows = slice(first, first + BLOCK)
        y = target[rows].toarray()
        if near is None:
            profile = np.broadcast_to(share, y.shape)
        else:
            k = near.shape[1]
            picks = sparse.csr_matrix(
                (np.ones(len(y) * k), near[rows].ravel(), np.arange(0, len(y) * k + 1, k)),
                (len(y), seen.shape[0]),
            )
            profile = (picks @ seen).toarray() + prior
            profile /= profile.sum(axis=1, keepdims=True)
        deviance = _poisson_deviance(y, depth[rows, None] * profile)
        by_cell[rows] = deviance.sum(axis=1)
        by_gene += deviance.sum(axis=0)
    return Predicted(by_cell, by_gene)


def _poisson_deviance(y, mean):
    """(cells, genes) 2 (y log(y / mean) - y + mean), 0 log 0 being 0 (McCullagh and Nelder 1989)."""
    ratio = np.divide(y, mean, out=np.ones_like(y), where=y > 0)
    return 2 * (y * np.log(ratio) - y + mean)


def explained(predicted, base):
    """(share of the deviance of `base` that is explained, its standard error over cells), from deviances (cells,)."""
    ratio = predicted.sum() / base.sum()
    rest = predicted - ratio * base
    return 1 - ratio, float(np.sqrt(len(base)) * rest.std(ddof=1) / base.sum())


def of_points(points, counts, halves):
    """The Predicted of the scored cells by `points` (cells, d) of the half that is seen."""
    near = find_among(points[halves.scored], points[halves.train], N_NEAR).indices
    return predict(counts, halves, near)


def deviance_explained(points, counts, halves, base, metric="euclidean"):
    """(explained, error, (genes,) explained of each gene) of `points` (cells, d) of the half that is seen."""
    predicted = of_points(in_metric(points, metric), counts, halves)
    enough = np.asarray(counts[1][halves.scored].sum(axis=0)).ravel() >= GENE_CELLS
    by_gene = np.full(len(enough), np.nan)
    by_gene[enough] = 1 - predicted.by_gene[enough] / base.by_gene[enough]
    return *explained(predicted.by_cell, base.by_cell), by_gene


def _of_space(pair, counts, halves, base, metric, resolution, seed, name):
    found = deviance_explained(pair[0], counts, halves, base)
    clusters = [
        leiden.leiden(leiden.graph(find_neighbors(x, seed=seed).measured(metric)), resolution, seed)
        for x in pair
    ]
    return SplitHalf(
        *map(float, found[:2]),
        scores.shared_neighbours(*pair, halves.scored),
        scores.agreement(clusters[0].astype(str), clusters[1])["ari"],
        places(*pair, halves.scored) if name in ("latent", "pca") else float("nan"),
        found[2],
    )


def places(one, other, rows):
    """0 to 1: how many of the other cells lie farther from a cell's place than its place by the other half, a mean over cells.

    1 minus FOSCTTM (Liu 2019, doi:10.4230/LIPIcs.WABI.2019.10); 0.5 is chance. At most 2,000 of the cells `rows`.
    """
    rows = scores.evenly(rows)
    size = (other.astype(np.float64) ** 2).sum(axis=1)
    distance = size - 2 * one[rows].astype(np.float64) @ other.T.astype(np.float64)
    own = distance[np.arange(len(rows)), rows]
    return float((distance > own[:, None]).sum(axis=1).mean() / (len(other) - 1))
