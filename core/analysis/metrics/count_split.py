"""The count-split score: how well one half of the molecules of cells predicts the other half.

A count can be thinned binomially into two parts that are independent given the expression (Batson 2019,
doi:10.1101/786269; Neufeld 2023, arXiv:2301.07276). What a space copies of the noise of one half is of no use for the
other, so unlike a loss this score does not always ask for more dimensions. For counts that vary more than Poisson the
halves are independent given the cell's rate, not given the mean.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse

from core.errors import UserError
from core.preprocessing import protein_mask
from core.preprocessing.protein_transforms import ClrCells, geometric_means
from core.sparse.moments import Moments
from core.sparse.rows import Rows, values_of
from core.training import baselines
from core.training.count_splitting import error_by_size
from core.training.dataloader import Feed
from core.training.inference import reconstruction

SHARE = 0.5  # of the molecules that are seen, unless the run was trained with another one
MOST_TRAIN, MOST_SCORED = 10_000, 5_000  # cells: an error needs no more
MOST_SIZE = 100  # dimensions of PCA
NO_COUNTS = "The count-split score needs raw counts of RNA, and this run was trained on other values."


class Halves(NamedTuple):
    """Two Matrices of the same cells, each with half of the molecules, and what is scored in them."""

    seen: object
    target: object
    train: np.ndarray  # rows of both
    scored: np.ndarray
    genes: np.ndarray  # (genes,) bool: those that vary in both halves of the training cells
    cells: np.ndarray = None  # (cells,) their rows in the Matrix that was split


class CountSplit(NamedTuple):
    """Mean squared errors of the unseen half, on the scale of its standard deviations, a mean over cells and genes."""

    pca: np.ndarray  # (sizes,) of PCA with 1, 2 ... dimensions
    best: int  # the size of PCA with the lowest error
    mean: float  # of predicting the training mean
    model: float
    difference: float  # the model's error minus that of the best PCA
    difference_error: float  # its standard error over cells
    n_cells: int
    n_latent: int

    def record(self):
        """As JSON can hold it."""
        return self._asdict() | {"pca": [round(float(v), 6) for v in self.pca]}


def score(model, trained, config):
    """The CountSplit of a trained model and a TrainedRun on its test cells (validation cells where there are none).

    Raises UserError for values that are not counts.
    """
    share = config.split_share if config.splits_counts else SHARE
    halves = split(trained.matrix, trained.split.train, trained.split.scored, config.seed, share)
    pca = pca_errors(halves, halves.seen.weights(config), MOST_SIZE, config.seed)
    ours = model_errors(model, halves)
    mean = halves.target.mean_of(halves.train)
    of_mean = errors_of(halves, lambda rows: np.broadcast_to(mean, (len(rows), len(mean))))
    best = int(pca.mean(axis=0).argmin())
    difference = ours - pca[:, best]
    return CountSplit(
        pca.mean(axis=0),
        best + 1,
        float(of_mean.mean()),
        float(ours.mean()),
        float(difference.mean()),
        float(difference.std(ddof=1) / np.sqrt(len(difference))),
        len(ours),
        config.n_latent,
    )


def thinned(counts, share, random):
    """Whole numbers `counts` (any shape) with each unit kept with probability `share`, drawn by a numpy Generator."""
    return random.binomial(np.asarray(counts, dtype=np.int64), share)


def split(matrix, train, scored, seed=0, share=SHARE, most=MOST_TRAIN):
    """The Halves of a Matrix of counts, of at most `most` of the cells `train` and 5,000 of `scored`, drawn by `seed`.

    `share` of the molecules are seen. Both halves are brought to the size of the whole, and centred and scaled by their
    own training cells. Proteins are split likewise. Raises UserError for values that are not counts.
    """
    if not matrix.n_genes or matrix.kind != "counts":
        raise UserError(NO_COUNTS)
    random = np.random.default_rng([seed, 5])
    train, scored = (random.permutation(x)[:n] for x, n in ((train, most), (scored, MOST_SCORED)))
    cells = np.concatenate([train, scored])
    rows, scored = np.arange(len(train)), np.arange(len(train), len(cells))
    held = matrix.rna.held(cells)
    whole = held.rows.take(held.at)
    seen = thinned(whole.values, share, random)
    proteins = _split_proteins(matrix, cells, random, share)
    (one, varies), (other, also) = (
        _half(matrix, cells, whole, values, of_proteins, rows, part)
        for values, of_proteins, part in zip(
            (seen, whole.values - seen), proteins, (share, 1 - share), strict=True
        )
    )
    return Halves(one, other, rows, scored, varies & also, cells)


def _split_proteins(matrix, cells, random, share):
    """Protein counts of both halves, (cells, proteins) each, brought to the size of the whole; None without proteins."""
    if not matrix.n_proteins:
        return None, None
    counts = np.asarray(matrix.protein_counts[cells])
    if (counts < 0).any() or (counts != np.rint(counts)).any():
        return counts, counts  # not counts: both halves have them whole
    seen = thinned(counts, share, random)
    return seen / share, (counts - seen) / (1 - share)


def _half(matrix, cells, whole, values, proteins, train, share):
    """(the Matrix of one half with this `share` of the molecules, (genes,) bool: which genes vary in its training cells)."""
    counts = sparse.csr_matrix(
        (values.astype(np.float32), whole.indices.astype(np.int32), whole.indptr), whole.shape
    )
    counts.eliminate_zeros()
    rna = Rows.of(counts)
    rna.size = (whole.size / share).astype(np.float32)
    moments, scale = Moments(matrix.n_genes), np.isfinite(matrix.clip)
    ahead = counts[train]
    by_cell = np.repeat(rna.size[train], np.diff(ahead.indptr))
    moments.add(ahead.indptr, ahead.indices, values_of(ahead.data, by_cell, matrix.logged))
    of_genes = scale and matrix.pearson is None  # residuals are made from the counts of the half
    mean, sd = np.zeros(matrix.n_genes), np.ones(matrix.n_genes)
    mean, sd = moments.scaling(matrix.exponent) if of_genes else (mean, sd)
    change, protein = matrix.protein_change.of(cells), None
    measured = None if matrix.measured is None else matrix.measured[cells]
    if proteins is not None:
        proteins = proteins.astype(np.float32)
        if isinstance(change, ClrCells):  # each cell's own mean, of this half
            change = ClrCells(geometric_means(proteins.T, None if measured is None else measured.T)[:, None])
        protein = change.forward(proteins, np.arange(len(cells))).astype(np.float32)
        if measured is not None:
            protein = protein_mask.filled(protein, measured, train)
        p_mean, p_sd = np.zeros(matrix.n_proteins), np.ones(matrix.n_proteins)
        if scale:
            every = np.ones(protein.shape, bool) if measured is None else measured
            p_mean, p_sd = protein_mask.scaling(protein, every, train)
        mean, sd = np.concatenate([mean, p_mean]), np.concatenate([sd, p_sd])
    codes = None if matrix.batch_codes is None else matrix.batch_codes[cells]
    half = replace(
        matrix,
        rna=rna,
        protein=protein,
        protein_counts=proteins,
        protein_change=change,
        measured=measured,
        mean=mean.astype(np.float32),
        sd=sd.astype(np.float32),
        batch_codes=codes,
        cell_names=matrix.cell_names[cells],
        unseen_proteins=None,
    )
    return half, ~moments.constant


def pca_errors(halves, weights, most, seed=0):
    """(cells, sizes) mean squared error over genes of PCA with 1, 2 ... `most` dimensions, fitted on the half that is seen.

    `weights` (features,) are those of the PCA's columns.
    """
    seen, used = halves.seen, np.flatnonzero(halves.genes)
    pca = baselines.fit_pca(
        seen, halves.train, weights, min(most, seen.n_features - 1, len(halves.train) - 1), seed
    )
    safe = np.where(weights > 0, weights, 1)
    axes = (pca.axes * (weights > 0)[:, None] / safe[:, None])[used]
    out = np.empty((len(halves.scored), axes.shape[1]))
    for part, x in seen.blocks(halves.scored):
        rest = halves.target.dense(part)[:, used] - pca.center[used]
        errors = error_by_size(pca.project(x), rest, axes)
        out[np.searchsorted(halves.scored, part)] = errors / len(used)
    return out


@torch.no_grad()
def model_errors(model, halves):
    """(cells,) mean squared error over genes of the model's reconstruction of the half that is seen, against the other."""
    model.eval()
    made = {}
    for part, cells in Feed(halves.seen).blocks(halves.scored):
        predicted = (
            model.other_part(model.encode(cells), cells).numpy()
            if getattr(model, "predicts_other_part", False)
            else reconstruction(model, cells, halves.seen, part)
        )
        made.update(zip(part.tolist(), predicted, strict=True))
    return errors_of(halves, lambda rows: np.stack([made[row] for row in rows.tolist()]))


def errors_of(halves, predict):
    """(cells,) mean squared error over genes of what `predict(rows)` says of the unseen half, (rows, features)."""
    used, out = np.flatnonzero(halves.genes), np.empty(len(halves.scored))
    for part, x in halves.target.blocks(halves.scored):
        difference = predict(part)[:, used].astype(np.float64) - x[:, used]
        out[np.searchsorted(halves.scored, part)] = (difference**2).mean(axis=1)
    return out
