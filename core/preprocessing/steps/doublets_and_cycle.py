"""Scores of cells that scanpy computes on request: doublets, and the phases of the cell cycle."""

import warnings

import numpy as np
from anndata import AnnData
from scipy import sparse

from core.config import KIND_WORDS
from core.data.checks.species import cycle_genes
from core.data.count_sources import counts_of, display_of
from core.data.matrix_kind import what_is
from core.data.standalone.bimodal import between_modes
from core.errors import UserError
from core.preprocessing.batches import groups_of
from core.preprocessing.recipe.step_parameters import MOST_RATE
from core.preprocessing.steps.filters import PREDICTED, SCORE

FEW_CELLS = 50  # Scrublet's 30 principal components need more cells than that in every batch
FEW_GENES = 5  # of each phase; fewer give no useful score


def score_doublets(
    adata: AnnData, expected_rate: float | None, per_thousand: float, batch_key: str | None, seed: int
) -> tuple[AnnData, str]:
    """obs["doublet_score"] and obs["predicted_doublet"] by Scrublet (Wolock 2019), scanpy's, on counts.

    `expected_rate` of doublets is a share; None: `per_thousand` percent for each thousand cells of a batch. With
    `batch_key` each batch is simulated on its own, as doublets form within a batch. The threshold of each is the
    minimum between the two modes of the simulated scores, as scanpy takes it from scikit-image (which is not needed
    here); where there is none, no cell is called a doublet. Raises UserError without counts or with few cells.
    """
    counts = counts_of(adata)
    if counts is None:
        raise UserError("Score doublets: doublets are simulated from raw counts, but this dataset has none.")
    groups = [np.arange(adata.n_obs)]
    if batch_key:
        codes, _ = groups_of(adata, batch_key, "batches of doublets")
        groups = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    if small := [rows for rows in groups if len(rows) < FEW_CELLS]:
        where = f"a batch of '{batch_key}'" if batch_key else "the dataset"
        raise UserError(
            f"Score doublets: {where} has {len(small[0])} cells, but Scrublet needs at least {FEW_CELLS}."
        )
    score, predicted, thresholds = np.zeros(adata.n_obs), np.zeros(adata.n_obs, dtype=bool), []
    rates = [expected_rate or rate_of(len(rows), per_thousand) for rows in groups]
    for rows, rate in zip(groups, rates, strict=True):
        scores, simulated = _scrublet(counts.matrix, rows, rate, seed)
        threshold = between_modes(simulated)
        score[rows] = scores
        if threshold is not None:
            thresholds.append(threshold)
            predicted[rows] = scores > threshold
    new = adata.copy()
    new.obs[SCORE], new.obs[PREDICTED] = score, predicted
    expected = _expected(rates, None if expected_rate else per_thousand)
    n, share = int(predicted.sum()), predicted.mean()
    if not thresholds:
        return new, f"The scores do not separate into two groups, so no cell is called a doublet. {expected}"
    at = (
        " and ".join(f"{t:.3f}" for t in thresholds)
        if len(thresholds) <= 3
        else f"{len(thresholds)} thresholds"
    )
    cells = "1 cell" if n == 1 else f"{n:,} cells"
    return (
        new,
        f"{cells} ({share:.1%}) score above {at}, the threshold of the simulated doublets: likely doublets. {expected}",
    )


def rate_of(n_cells: int, per_thousand: float) -> float:
    """The expected share of doublets among the cells of a batch, MOST_RATE at most."""
    return min(per_thousand / 100 * n_cells / 1000, MOST_RATE)


def _expected(rates, per_thousand):
    """A sentence on the expected share of doublets; `per_thousand` is None where the share was set."""
    low, high = min(rates), max(rates)
    shares = f"{100 * low:.2g} %" if low == high else f"{100 * low:.2g} to {100 * high:.2g} %"
    rule = f", {per_thousand:g} % for each thousand cells of a batch" if per_thousand else ""
    return f"Expected were {shares} doublets{rule}."


def _scrublet(matrix, rows, expected_rate, seed):
    """(scores of the cells, scores of the simulated doublets); cells that scanpy leaves out score 0."""
    import scanpy as sc

    counts = sparse.csr_matrix(matrix[rows], dtype=np.float32)
    part = AnnData(counts)
    part.obs_names = np.arange(len(rows)).astype(str)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:  # a threshold is given, and not used, because scanpy's own way to it needs scikit-image
            sc.pp.scrublet(
                part, expected_doublet_rate=expected_rate, random_state=seed, threshold=1.0, verbose=False
            )
        except ValueError as error:  # too few variable genes or cells for its PCA
            raise UserError(f"Score doublets: Scrublet failed on these cells ({_short(error)}).") from error
    scores = part.obs[SCORE].to_numpy(dtype=float)
    return np.nan_to_num(scores), np.asarray(part.uns["scrublet"]["doublet_scores_sim"], dtype=float)


def score_cell_cycle(adata: AnnData, seed: int) -> tuple[AnnData, str]:
    """obs["S_score"], obs["G2M_score"] and obs["phase"] by scanpy, on log-normalised values.

    Raises UserError where fewer than 5 genes of a phase are in the file, or the values are scaled.
    """
    import scanpy as sc

    display = display_of(adata)
    place = cycle_genes(display.genes)
    if min(len(place["s"]), len(place["g2m"])) < FEW_GENES:
        raise UserError(
            f"Score the cell cycle: of the cell-cycle genes of human and mouse only {len(place['s'])} of S and "
            f"{len(place['g2m'])} of G2/M are in this file; {FEW_GENES} of each are needed. Name genes by symbol."
        )
    kind, values = what_is(display.matrix).kind, display.matrix
    if kind in ("scaled", "other"):
        raise UserError(
            f"Score the cell cycle: this needs counts or log-normalised values, but X holds {KIND_WORDS[kind]}."
        )
    part = AnnData(np.log1p(values) if kind == "normalized" else values)
    part.obs_names, part.var_names = (
        np.arange(adata.n_obs).astype(str),
        np.arange(len(display.genes)).astype(str),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lists = {
            f"{phase}_genes": [str(i) for i in genes_of_phase] for phase, genes_of_phase in place.items()
        }
        sc.tl.score_genes_cell_cycle(part, random_state=seed, **lists)
    new = adata.copy()
    for name in ("S_score", "G2M_score"):
        new.obs[name] = part.obs[name].to_numpy()
    new.obs["phase"] = part.obs["phase"].astype(str).to_numpy()
    shares = ", ".join(f"{name} {np.mean(new.obs['phase'] == name):.0%}" for name in ("G1", "S", "G2M"))
    return (
        new,
        f"Scored by {len(place['s'])} genes of S and {len(place['g2m'])} of G2/M: {shares} of the cells.",
    )


def _short(error):
    return str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
