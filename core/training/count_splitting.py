"""Training on split counts: the splitter of a run, its baselines, and the way from a predicted part to whole counts.

Loss and baselines are of molecules that the encoder has not seen, so copied noise does not lower them (Batson 2019,
doi:10.1101/786269). Proteins are not split: the encoder sees them whole, and their part of the loss is a reconstruction.
"""

from typing import NamedTuple

import numpy as np
import torch

from core.config.run_facts import Baselines
from core.preprocessing.matrix import block_size
from core.sparse.pearson_residuals import SplitResiduals
from core.sparse.split_counts import SplitCounts
from core.training.baselines import Pca, axes_of, parts, spread_of
from core.training.dataloader import Feed

MOST_SIZE = 100  # dimensions of PCA
MOST_TRAIN, MOST_VALID = (
    20_000,
    10_000,
)  # cells that PCA and regression are fitted on, and that choose their sizes
MOST_STATISTICS = 50_000  # training cells at most that statistics of the parts come from
REGRESSED = (2, 3, 5, 7, 10, 15, 20, 30, 50, 100)  # components of PCA that a regression may read


def splitter(matrix, train, config):
    """The SplitCounts of a Matrix, its statistics from the training cells; of residuals a SplitResiduals."""
    if matrix.pearson is not None:
        return SplitResiduals(matrix.rna, config.split_share, config.seed, matrix.pearson)
    split = SplitCounts(matrix.rna, config.split_share, config.seed, matrix.target_sum, matrix.logged)
    if not np.isfinite(matrix.clip):  # values are not scaled
        return split
    some = matrix.rna.some(train, min(len(train), MOST_STATISTICS), np.random.default_rng([config.seed, 6]))
    return split.fit(some, matrix.clip, matrix.exponent)


class Seen:
    """What the encoder sees of each cell in the first split, with the interface that core.training.baselines asks."""

    def __init__(self, matrix, splitter):
        self.matrix, self.rna, self.n_features = matrix, matrix.rna, matrix.n_features
        self.feed = Feed(matrix, splitter=splitter)

    def both(self, rows):
        """Triples (rows, seen, target), each (cells, features) float32, over `rows`."""
        for part, cells in self.feed.blocks(rows):
            target, seen = cells.x.numpy(), cells.seen.numpy()
            yield part, np.hstack([seen, target[:, seen.shape[1] :]]), target

    def blocks(self, rows):
        """Pairs (rows, seen) over `rows`."""
        for part, seen, _ in self.both(rows):
            yield part, seen

    def mean_of(self, rows):
        """(features,) float32: the mean of what is seen of `rows`."""
        total = sum(seen.sum(axis=0, dtype=np.float64) for _, seen in self.blocks(rows))
        return (total / len(rows)).astype(np.float32)


class SplitBaselines(NamedTuple):
    """Simple models of the part that is not seen, fitted on training cells; their sizes are chosen by the validation cells."""

    seen: Seen
    mean: np.ndarray  # (features,) of the target in the training cells
    pca: Pca  # of what is seen, of the best size
    components: Pca  # that the regression reads
    regression: np.ndarray  # (components, features) of reduced rank

    def predictions(self, seen):
        """Of the target, from what is seen (cells, features): the mean, PCA's prediction and the regression's."""
        return (
            self.mean,
            self.pca.rebuild(self.pca.project(seen)),
            self.mean + self.components.project(seen) @ self.regression,
        )

    def measure(self, matrix, rows, config):
        """The Baselines on `rows`."""
        errors = np.zeros((3, matrix.n_features))
        for part, seen, target in self.seen.both(rows):
            for i, predicted in enumerate(self.predictions(seen)):
                off = matrix.measured_alone(predicted - target, part)
                errors[i] += np.square(off, dtype=np.float64).sum(axis=0)
        mean, pca, regression = (parts(error / len(rows), matrix.n_genes, config) for error in errors)
        return Baselines(mean, pca, None, regression, self.pca.axes.shape[1])


def fit(matrix, splitter, split, config, device="cpu"):
    """The SplitBaselines of a run: PCA of what is seen, and a regression from its components to the target.

    The regression (reduced-rank regression, Izenman 1975) has the number of components to read and the rank (n_latent, or
    all of them) that predict the validation cells best, which regularises it.
    """
    random = np.random.default_rng([config.seed, 6])
    train = matrix.rna.some(split.train, min(len(split.train), MOST_TRAIN), random)
    valid = matrix.rna.some(split.valid, min(len(split.valid), MOST_VALID), random)
    seen, weights = Seen(matrix, splitter), matrix.weights(config)
    most = min(MOST_SIZE, matrix.n_features - 1, len(train) - 1)
    pca = axes_of(spread_of(seen, train, config.seed, device), seen, weights, most, config.seed)
    mean = sum(target.sum(axis=0, dtype=np.float64) for *_, target in seen.both(train)) / len(train)
    mean = mean.astype(np.float32)
    gram, cross = np.zeros((most, most)), np.zeros((most, matrix.n_features))
    for _, x, target in seen.both(train):
        z = pca.project(x)
        gram += z.T.astype(np.float64) @ z
        cross += (z.T @ (target - mean)).astype(np.float64)
    tried = [m for m in (*REGRESSED, most) if m <= most]
    ranks = {(m, rank) for m in tried for rank in (m, min(m, config.n_latent))}
    maps = {(m, rank): _reduced_rank(gram[:m, :m], cross[:m], weights, rank) for m, rank in sorted(ranks)}
    of_pca, of_maps = np.zeros(most), dict.fromkeys(maps, 0.0)
    for part, x, target in seen.both(valid):
        z = pca.project(x)
        of_pca += error_by_size(z, (target - pca.center) * weights, pca.axes).sum(axis=0)
        for (m, rank), coefficients in maps.items():
            off = matrix.measured_alone(target - mean - z[:, :m] @ coefficients, part) * weights
            of_maps[m, rank] += float(np.square(off, dtype=np.float64).sum())
    best = min(of_maps, key=of_maps.get)
    return SplitBaselines(seen, mean, pca.first(int(of_pca.argmin()) + 1), pca.first(best[0]), maps[best])


def error_by_size(z, rest, axes):
    """(cells, k) squared error, summed over features, of the first 1, 2 ... k of `axes` (features, k) at places z (cells, k).

    `rest` (cells, features) is the target minus the centre. Each size costs no pass of its own: it is
    |r|^2 - 2 sum z_i (r U)_i + sum z_i z_j (U'U)_ij over the first of the axes U.
    """
    z, rest, axes = (np.asarray(x, np.float64) for x in (z, rest, axes))
    inner = axes.T @ axes
    added = z * (z * np.diag(inner) + 2 * z @ np.triu(inner, 1) - 2 * rest @ axes)
    return (rest**2).sum(axis=1)[:, None] + np.cumsum(added, axis=1)


def _reduced_rank(gram, cross, weights, rank):
    """(m, features) float32 coefficients of rank at most `rank`, from Z'Z (m, m) and Z'Y (m, features).

    The least weighted squared error of that rank: least squares, projected on the leading directions of what it fits.
    """
    root = np.linalg.cholesky(gram + 1e-9 * np.trace(gram) / len(gram) * np.eye(len(gram)))
    fitted = np.linalg.solve(root, cross)  # what least squares fits, in orthonormal coordinates of the cells
    directions = np.linalg.eigh((fitted * weights**2) @ fitted.T)[1][:, ::-1][:, :rank]
    return np.linalg.solve(root.T, directions @ (directions.T @ fitted)).astype(np.float32)


@torch.no_grad()
def calibrate(model, matrix, train, device="cpu"):
    """Set `whole_slope` and `whole_offset` of a trained model: from its predicted part of the counts to whole counts.

    For each gene a line by least squares over training cells, from what the decoder gives for the whole counts to the
    whole input: logarithms of a part are lower and noisier than those of the whole.
    """
    model.eval()
    n = matrix.n_genes
    some = matrix.rna.some(train, min(len(train), MOST_TRAIN), np.random.default_rng(0))
    sums = np.zeros((4, n))
    for _, cells in Feed(matrix, device).minibatches(
        matrix.rna.in_order(some), block_size(matrix.n_features)
    ):
        z = model.other_part(model.encode(cells), cells)[:, :n].cpu().numpy().astype(np.float64)
        x = cells.x[:, :n].cpu().numpy().astype(np.float64)
        sums += [z.sum(axis=0), x.sum(axis=0), (z * z).sum(axis=0), (z * x).sum(axis=0)]
    of_z, of_x, squares, products = sums / len(some)
    variance = squares - of_z**2
    slope = np.where(variance > 1e-9, (products - of_z * of_x) / np.maximum(variance, 1e-9), 0.0)
    model.whole_slope[:n] = torch.from_numpy(slope).to(model.whole_slope)
    model.whole_offset[:n] = torch.from_numpy(of_x - slope * of_z).to(model.whole_offset)
