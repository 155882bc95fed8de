"""What a loss is compared with: the training mean, and PCA, the best linear autoencoder for a squared error."""

from typing import NamedTuple

import numpy as np

from core.config.run_facts import Baselines, Parts
from core.device import full_precision

COVARIANCE_LIMIT = (
    6000  # features; above it the covariance itself would be large, and blocks are sketched instead
)
PANEL_AXES = 50  # principal components that stand for the input in its UMAP and t-SNE; scanpy's number
PCA_CELLS = 100_000  # training cells at most that a PCA is fitted on
SKETCH_ROUNDS = 6  # power iterations of the sketch; the flat spectra of expression need several


class Pca(NamedTuple):
    """Principal axes of weighted, centred columns: a point is (x - center) * weights @ axes."""

    center: np.ndarray  # (features,)
    weights: np.ndarray  # (features,)
    axes: np.ndarray  # (features, k), orthonormal columns, largest variance first

    def project(self, x):  # (cells, features) -> (cells, k)
        return ((x - self.center) * self.weights) @ self.axes

    def rebuild(self, z):  # (cells, k) -> (cells, features), on the scale of the input
        safe = np.where(self.weights > 0, self.weights, 1)
        return self.center + np.where(self.weights > 0, (z @ self.axes.T) / safe, 0)

    def first(self, k):
        """The same with the first k axes only."""
        return self._replace(axes=self.axes[:, :k])


def fit_pca(matrix, rows, weights, k, seed=0, device="cpu"):
    """The Pca of `rows` with k axes; `spread_of` says of which cells, and how."""
    return axes_of(spread_of(matrix, rows, seed, device), matrix, weights, k, seed)


class Spread(NamedTuple):
    """How the columns of some cells vary together, from which the PCA of any weights can be had."""

    center: np.ndarray  # (features,) the mean of all the rows asked for
    rows: np.ndarray  # those that the axes come from
    covariance: (
        np.ndarray | None
    )  # (features, features) sums of squares about the center; None above 6,000 features


def spread_of(matrix, rows, seed=0, device="cpu"):
    """The Spread of `rows`; of more than 100,000 rows so many, drawn by `seed`, are asked for the axes.

    Never holds a dense copy of the matrix: the covariance is summed block by block, on a GPU where `device` is one.
    """
    center = matrix.mean_of(rows)
    if len(rows) > PCA_CELLS:
        rows = matrix.rna.some(rows, PCA_CELLS, np.random.default_rng(seed))
    if matrix.n_features > COVARIANCE_LIMIT:
        return Spread(center, rows, None)
    summed = _summed if device == "cpu" else _summed_on
    return Spread(center, rows, summed((x - center for _, x in matrix.blocks(rows)), len(center), device))


def _summed(blocks, n, device):
    covariance = np.zeros((n, n), dtype=np.float32)
    for x in blocks:
        covariance += x.T @ x
    return covariance


def _summed_on(blocks, n, device):
    """The same by torch on `device`, without TF32, which would leave three digits."""
    import torch

    covariance = torch.zeros((n, n), device=device)
    for x in blocks:
        x = torch.from_numpy(x).to(device)
        with full_precision():
            covariance.addmm_(x.t(), x)
    result = covariance.cpu().numpy()
    if covariance.is_cuda:  # what torch keeps would count as used when the run looks for room
        del covariance, x
        torch.cuda.empty_cache()
    return result


def axes_of(spread, matrix, weights, k, seed=0):
    """The Pca with k axes of a Spread of `matrix` under `weights` (features,): exact from the covariance, else a
    randomised sketch, multiplied block by block (Halko, Martinsson and Tropp 2011).
    """
    k = min(k, matrix.n_features, max(1, len(spread.rows) - 1))
    if spread.covariance is None:
        axes = _sketched_axes(matrix, spread.rows, spread.center, weights, k, seed)
    else:
        axes = _top_axes(spread.covariance * np.outer(weights, weights), k)
    return Pca(spread.center, weights, axes)


def _top_axes(covariance, k):
    """(features, k) leading eigenvectors of a symmetric matrix, largest first, their signs fixed."""
    from scipy.linalg import eigh

    n = len(covariance)
    axes = eigh(covariance, subset_by_index=[n - k, n - 1], overwrite_a=True, check_finite=False)[1][:, ::-1]
    return _fixed_signs(axes)


def _sketched_axes(matrix, rows, center, weights, k, seed):
    basis = np.random.default_rng(seed).standard_normal((matrix.n_features, k + 20)).astype(np.float32)
    for _ in range(SKETCH_ROUNDS):
        basis, _ = np.linalg.qr(basis)
        product = np.zeros_like(basis)
        for _, x in matrix.blocks(rows):
            x = (x - center) * weights
            product += x.T @ (x @ basis)
        basis = product
    axes, _, _ = np.linalg.svd(basis, full_matrices=False)
    return _fixed_signs(axes[:, :k])


def _fixed_signs(axes):
    """Each axis with its largest entry positive, so that a repeat draws the same picture."""
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    return np.ascontiguousarray(axes * np.where(largest < 0, -1, 1), dtype=np.float32)


def squared_error(matrix, rows, rebuild):
    """(features,) mean squared error of `rebuild(batch) -> batch` over `rows`; values that were not measured count as 0."""
    total = np.zeros(matrix.n_features, dtype=np.float64)
    for part, x in matrix.blocks(rows):
        total += (matrix.measured_alone(rebuild(x) - x, part).astype(np.float64) ** 2).sum(axis=0)
    return total / len(rows)


def parts(error, n_genes, config):
    """The Parts of a per-feature squared error, weighted as the loss of `config` is."""
    features = {"rna": error[:n_genes], "protein": error[n_genes:]}
    means = {part: float(of.mean()) for part, of in features.items() if len(of)}
    total = sum(config.weight_of(part) * value for part, value in means.items())
    return Parts(total, means.get("rna"), means.get("protein"))


class Fitted(NamedTuple):
    """The simple models themselves, fitted on the training cells."""

    pca: Pca  # on weighted columns, as many axes as asked for
    pca_rna: Pca | None
    n_latent: int
    note: str = ""  # what a person should know of how they were fitted

    def measure(self, matrix, rows, config):
        """The Baselines on `rows`."""
        pca = self.pca.first(self.n_latent)
        mean = squared_error(matrix, rows, lambda x: pca.center)
        joint = squared_error(matrix, rows, lambda x: pca.rebuild(pca.project(x)))
        alone = None
        if self.pca_rna is not None:
            error = squared_error(matrix, rows, lambda x: self.pca_rna.rebuild(self.pca_rna.project(x)))
            alone = float(error[: matrix.n_genes].mean())
        n = matrix.n_genes
        return Baselines(parts(mean, n, config), parts(joint, n, config), alone)


def fit(matrix, rows, config, n_axes, device="cpu"):
    """The Fitted baselines on the training cells `rows`; the joint PCA keeps `n_axes` axes for the panels."""
    spread, seed = spread_of(matrix, rows, config.seed, device), config.seed
    pca = axes_of(spread, matrix, matrix.weights(config), max(n_axes, config.n_latent), seed)
    alone = None
    if matrix.n_genes and matrix.n_proteins:
        only_rna = matrix.weights(config)
        only_rna[: matrix.n_genes] = (
            1  # a scale of its own does not change the axes, and RNA's weight may be 0
        )
        only_rna[matrix.n_genes :] = 0
        alone = axes_of(spread, matrix, only_rna, config.n_latent, seed)
    note = ""
    if len(rows) > PCA_CELLS:
        note = f"The PCA that losses are held against was fitted on {PCA_CELLS:,} of the {len(rows):,} training cells."
    return Fitted(pca, alone, config.n_latent, note)
