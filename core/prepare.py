"""AnnData and settings to a Matrix: what the model trains on, a batch at a time, never as a dense scaled copy."""

import warnings
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse

from core.config import steps_for
from core.data.proteins import protein_report
from core.data.sources import source_of
from core.data.verdict import what_is
from core.errors import UserError
from core.models import Cells

MOST_GROUPS = 500  # batches; more values than that are no batches but a number or a name a cell
MIN_TRAINING = 5  # fewer teach nothing; ten cells, the fewest a file may have, leave seven
NO_TEST_SET = (
    "No test set: it would hold fewer than 20 cells. Scores are read from the validation cells, "
    'which also chose the best epoch ("chosen on").'
)
BLOCK = 2048  # cells made dense at a time while statistics are gathered
TRAIN, VALID, TEST = 0, 1, 2
SPLIT_NAMES = ("train", "valid", "test")


class Split(NamedTuple):
    """Which cells train, choose and judge: three sorted index arrays; `test` may be empty, and `note` says why."""

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    note: str

    @property
    def judges(self):
        """The cells a score is read from: the test cells, or the validation cells where there are none."""
        return self.test if len(self.test) else self.valid

    def labels(self, n_cells):
        """(cells,) of 0 train, 1 validation, 2 test."""
        labels = np.full(n_cells, TRAIN, dtype=np.int8)
        labels[self.valid], labels[self.test] = VALID, TEST
        return labels


def split_cells(n_cells, config):
    """A seeded Split by the shares of `config`; at least 20 validation cells, and 20 test cells or none.

    Raises UserError where too few training cells are left.
    """
    order = np.random.default_rng(config.seed).permutation(n_cells)
    n_train, n_valid, n_test = config.split_sizes(n_cells)
    if n_train < MIN_TRAINING:
        raise UserError(
            f"Of {n_cells:,} cells only {n_train} would be left to learn from: raise the share of training cells "
            "(train_share)."
        )
    parts = np.split(order, [n_train, n_train + n_valid])
    return Split(*(np.sort(part) for part in parts), "" if n_test else NO_TEST_SET)


@dataclass(frozen=True, eq=False)
class Matrix:
    """Cells x (used genes, then used proteins), scaled on the way into a batch from the training cells' statistics."""

    rna: sparse.csr_matrix | np.ndarray  # (cells, genes) normalised and logged, not scaled
    protein: np.ndarray | None  # (cells, proteins) CLR'd, not scaled; proteins are few
    mean: np.ndarray  # (features,) 0 where scaling is off
    sd: np.ndarray  # (features,) 1 where scaling is off or a feature is constant
    clip: float  # in standard deviations; infinite where scaling is off
    genes: np.ndarray  # names
    proteins: np.ndarray  # names
    gene_index: np.ndarray  # where the used genes stand in the source
    cell_names: np.ndarray
    where: str = "X"  # the matrix of the file that was used, as Source has it
    kind: str = "counts"  # what it held
    notes: list[str] = field(default_factory=list)
    gene_stats: dict = field(default_factory=dict)  # means, variances, chosen: arrays over candidate genes
    groups: np.ndarray | None = None  # (cells,) codes into `group_names`: the batch covariate of the run
    group_names: tuple = ()
    size: np.ndarray | float = 1.0  # (cells,) what the library-size normalisation multiplied each cell by
    logged: bool = False  # log1p was taken
    clr_means: np.ndarray | None = None  # (proteins,) what the CLR divided by
    counts: sparse.csr_matrix | np.ndarray | None = None  # (cells, genes) raw, for the models that read them
    protein_counts: np.ndarray | None = None  # (cells, proteins) raw, for the same

    @property
    def n_cells(self):
        return self.rna.shape[0]

    @property
    def n_genes(self):
        return len(self.genes)

    @property
    def n_proteins(self):
        return len(self.proteins)

    @property
    def n_features(self):
        return self.n_genes + self.n_proteins

    def unscaled(self, rows):
        """(len(rows), features) float32 dense: normalised and logged values of a few cells."""
        part = self.rna[rows]
        dense = part.toarray() if sparse.issparse(part) else np.array(part)
        return dense if self.protein is None else np.hstack([dense, self.protein[rows]])

    def batch(self, rows):
        """(len(rows), features) float32 dense: what the model sees of these cells."""
        return self._scaled(self.unscaled(rows))

    def _scaled(self, x):  # in place
        x -= self.mean
        x /= self.sd
        return np.clip(x, -self.clip, self.clip, out=x) if np.isfinite(self.clip) else x

    @property
    def at_zero(self):
        """(genes,) float32: what the model sees where a gene has no counts."""
        n = self.n_genes
        return np.clip(-self.mean[:n] / self.sd[:n], -self.clip, self.clip)

    @cached_property
    def standardised(self):
        """The genes as core.sparse has them: centred, scaled and clipped, and still sparse."""
        from core.sparse import Standardised

        n = self.n_genes
        return Standardised(self.rna, self.mean[:n], self.sd[:n], self.clip)

    def beside(self, rows):
        """The Cells of `rows` as arrays, without their genes: `x` holds the proteins alone."""
        proteins = np.empty((len(rows), 0), np.float32)
        if self.n_proteins:
            n = self.n_genes
            proteins = np.clip((self.protein[rows] - self.mean[n:]) / self.sd[n:], -self.clip, self.clip)
        return Cells(proteins, self._group(rows), None if self.counts is None else self.raw(rows))

    def cells(self, rows):
        """The Cells of `rows` as arrays: all that a model is given of them."""
        return self.beside(rows)._replace(x=self.batch(rows))

    def _group(self, rows):
        if self.groups is None:
            return None
        return np.eye(len(self.group_names), dtype=np.float32)[self.groups[rows]]

    def raw(self, rows):
        """(len(rows), features) float32 dense: the raw counts of a few cells."""
        part = self.counts[rows]
        dense = part.toarray() if sparse.issparse(part) else np.array(part)
        return dense if self.protein_counts is None else np.hstack([dense, self.protein_counts[rows]])

    def normalised(self, counts, rows):
        """(len(rows), features) float32: counts of these cells as `unscaled` has them: normalised, logged, CLR'd."""
        genes = counts[:, : self.n_genes] * self._size(rows)
        x = [np.log1p(genes) if self.logged else genes]
        if self.n_proteins:
            proteins = counts[:, self.n_genes :]
            x.append(proteins if self.clr_means is None else np.log1p(proteins / self.clr_means))
        return np.hstack(x).astype(np.float32)

    def as_seen(self, counts, rows):
        """(len(rows), features): what counts of these cells would look like to the model, as `batch` has it."""
        return self._scaled(self.normalised(counts, rows))

    def to_counts(self, x, rows):
        """(len(rows), features): the counts that would be seen as `x`, the way back; never negative."""
        x = x * self.sd + self.mean
        genes = x[:, : self.n_genes]
        made = [(np.expm1(genes) if self.logged else genes) / self._size(rows)]
        if self.n_proteins:
            proteins = x[:, self.n_genes :]
            made.append(proteins if self.clr_means is None else np.expm1(proteins) * self.clr_means)
        return np.maximum(np.hstack(made), 0)

    def _size(self, rows):
        return self.size if np.isscalar(self.size) else self.size[rows][:, None]

    def blocks(self, rows):
        """Pairs (rows, batch) over `rows`, never more than 2,048 cells dense at once."""
        for start in range(0, len(rows), BLOCK):
            part = rows[start : start + BLOCK]
            yield part, self.batch(part)

    def weights(self, config):
        """(features,) so that a squared distance over weighted columns is the loss: sqrt(weight / features)."""
        w = np.full(self.n_features, np.sqrt(config.weight_rna / self.n_genes), dtype=np.float32)
        if self.n_proteins:
            w[self.n_genes :] = np.sqrt(config.weight_protein / self.n_proteins)
        return w


def prepare(adata, config, split):
    """The Matrix of `adata` under `config`, statistics and gene choice from the training cells of `split` only.

    Raises UserError where no gene is left.
    """
    source = source_of(adata)
    steps = steps_for(source.kind, has_proteins="protein" in adata.obsm)
    notes = [
        f"{label} {steps[name].reason}."
        for name, label in _LABELS.items()
        if _wanted_in_vain(config, steps, name)
    ]
    values, train = source.values, split.train

    seen = _seen_genes(values, train)
    if not seen.any():
        raise UserError(
            "No gene is left: every gene is zero in the training cells. Check that the file holds values."
        )
    candidates = np.flatnonzero(seen)
    if len(candidates) < len(seen):
        notes.append(
            f"{len(seen) - len(candidates):,} genes are zero in every training cell and were left out."
        )

    logged = _normalised(values, config, steps)
    gene_stats = {}
    if steps["n_top_genes"].applies and config.n_top_genes:
        chosen, gene_stats, note = _variable_genes(values, logged, source.kind, candidates, train, config)
        notes += note
    else:
        chosen = candidates
    rna = logged[:, chosen]
    rna = (
        sparse.csr_matrix(rna, dtype=np.float32)
        if sparse.issparse(rna)
        else np.ascontiguousarray(rna, np.float32)
    )

    protein, protein_names, raw_protein, clr_means, protein_notes = _proteins(adata, config, train)
    notes += protein_notes
    counts, reads = None, config.model == "counts" and source.kind == "counts"
    if reads:
        counts = values[:, chosen]
        counts = (
            sparse.csr_matrix(counts, dtype=np.float32) if sparse.issparse(counts) else np.float32(counts)
        )
        if protein is not None and what_is(raw_protein).kind != "counts":
            raise UserError(
                "The model counts needs raw counts of the proteins, too, and theirs are not: choose another model."
            )
    scale = config.scale and steps["scale"].applies
    mean, sd = _moments(rna, train) if scale else (np.zeros(len(chosen)), np.ones(len(chosen)))
    if protein is not None:
        # Scaling proteins does not depend on what the genes hold: they always come as counts.
        p_mean, p_sd = (
            _moments(protein, train)
            if config.scale
            else (np.zeros(protein.shape[1]), np.ones(protein.shape[1]))
        )
        mean, sd = np.concatenate([mean, p_mean]), np.concatenate([sd, p_sd])
    groups, group_names = _groups(adata, config.batch_key)
    return Matrix(
        rna=rna,
        protein=protein,
        mean=mean.astype(np.float32),
        sd=sd.astype(np.float32),
        clip=config.clip if config.scale and (scale or protein is not None) else np.inf,
        genes=np.asarray(source.genes)[chosen].astype(str),
        proteins=protein_names,
        gene_index=chosen,
        cell_names=np.asarray(adata.obs_names).astype(str),
        where=source.where,
        kind=source.kind,
        notes=notes,
        gene_stats=gene_stats,
        groups=groups,
        group_names=group_names,
        size=_sizes(values, config) if config.normalize and steps["normalize"].applies else 1.0,
        logged=bool(config.log1p and steps["log1p"].applies),
        clr_means=clr_means,
        counts=counts,
        protein_counts=raw_protein if reads else None,
    )


def _groups(adata, column):
    """((cells,) codes, names) of the batch covariate, or (None, ()); raises UserError where it cannot be one."""
    if not column:
        return None, ()
    if column not in adata.obs:
        has = ", ".join(map(str, adata.obs.columns)) or "no columns"
        raise UserError(f"There is no obs column '{column}' for the batch covariate; obs has: {has}.")
    names, codes = np.unique(adata.obs[column].astype(str).to_numpy(), return_inverse=True)
    if not 2 <= len(names) <= MOST_GROUPS:
        raise UserError(
            f"The obs column '{column}' has {len(names):,} different values; a batch covariate has 2 to "
            f"{MOST_GROUPS}: choose another column, or none."
        )
    return codes.astype(np.int32), tuple(str(name) for name in names)


_LABELS = {
    "normalize": "Library-size normalisation",
    "log1p": "Log transform",
    "scale": "Centring and scaling",
}
_LABELS |= {"n_top_genes": "Choice of variable genes", "clr": "CLR"}


def _wanted_in_vain(config, steps, name):
    return bool(getattr(config, name)) and not steps[name].applies and name != "clr"


def _seen_genes(values, train):
    """(genes,) bool: not zero in every training cell."""
    part = values[train]
    return np.asarray((part != 0).sum(axis=0)).ravel() > 0


def _normalised(values, config, steps):
    """The values after library-size normalisation and log1p, each where asked for and where it applies."""
    if not (config.normalize and steps["normalize"].applies) and not (
        config.log1p and steps["log1p"].applies
    ):
        return values
    out = values.astype(np.float32, copy=True)
    if config.normalize and steps["normalize"].applies:
        factors = _sizes(values, config)
        if sparse.issparse(out):
            out.data *= np.repeat(factors, np.diff(out.indptr))
        else:
            out *= factors[:, None]
    if config.log1p and steps["log1p"].applies:
        np.log1p(out.data if sparse.issparse(out) else out, out=out.data if sparse.issparse(out) else out)
    return out


def _sizes(values, config):
    """(cells,) float32: what brings each cell to the target sum; an empty cell stays empty."""
    totals = np.asarray(values.sum(axis=1, dtype=np.float64)).ravel()
    return (config.target_sum / np.maximum(totals, 1)).astype(np.float32)


def _variable_genes(values, logged, kind, candidates, train, config):
    """Indices of the most variable genes, their mean-variance picture, and notes; scanpy does the choosing.

    Counts go by `seurat_v3` (Stuart 2019), whose loess fails on small sets; then, and on logged values, by
    `seurat` (Satija 2015).
    """
    if config.n_top_genes >= len(candidates):
        note = f"All {len(candidates):,} genes are used: there are no more than the {config.n_top_genes:,} asked for."
        return candidates, {}, [note]
    notes, table = [], None
    if kind == "counts":
        try:
            table = _scanpy_hvg(values[train][:, candidates], "seurat_v3", config.n_top_genes)
        except ValueError as error:  # skmisc's loess: "reciprocal condition number", "span is too small"
            notes.append(
                f"seurat_v3 could not fit its curve on {len(train):,} cells ({_first_line(error)}); "
                "the variable genes were chosen by the older 'seurat' method instead."
            )
    if table is None:
        source = logged if kind != "counts" else _as_logged(values, config)
        table = _scanpy_hvg(source[train][:, candidates], "seurat", config.n_top_genes)
    picked = table["highly_variable"].to_numpy()
    spread = "variances" if "variances" in table else "dispersions"
    stats = {
        "means": table["means"].to_numpy(np.float32),
        "spread": np.nan_to_num(table[spread].to_numpy(np.float32)),
        "spread_name": spread,
        "chosen": picked,
    }
    return candidates[picked], stats, notes


def _as_logged(values, config):
    """Counts log-normalised whatever the switches say: what the `seurat` method expects."""
    switched_on = config.model_copy(update={"normalize": True, "log1p": True})
    return _normalised(values, switched_on, steps_for("counts", False))


def _scanpy_hvg(values, flavor, n_top_genes):
    import anndata
    import scanpy as sc

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        part = anndata.AnnData(sparse.csr_matrix(values) if sparse.issparse(values) else np.asarray(values))
        return sc.pp.highly_variable_genes(part, flavor=flavor, n_top_genes=n_top_genes, inplace=False)


def _first_line(error):
    text = error.args[0] if error.args else type(error).__name__
    text = text.decode() if isinstance(text, bytes) else str(text)
    return text.strip().splitlines()[0][:80] if text.strip() else type(error).__name__


def _proteins(adata, config, train):
    """(values, names, raw, means of the CLR, notes): the usable proteins, (cells, proteins) float32, CLR'd if asked for."""
    if "protein" not in adata.obsm:
        return None, np.array([], dtype=str), None, None, []
    report = protein_report(adata)
    notes = [f"Protein {name} is left out of training: {why}." for name, why in report.left_out.items()]
    used = np.asarray(report.used, dtype=bool)
    if not used.any():
        return (
            None,
            np.array([], dtype=str),
            None,
            None,
            [*notes, "No usable protein is left: the model trains on RNA alone."],
        )
    counts = np.asarray(adata.obsm["protein"], dtype=np.float32)[:, used]
    raw, means = counts, None
    if config.clr and what_is(counts).kind != "counts":
        notes.append("CLR does not apply: the protein values are not raw counts; they are taken as they are.")
    elif config.clr:
        means = geometric_means(counts[train])
        counts = clr(counts, means)
    return counts, np.asarray(report.names)[used].astype(str), raw, means, notes


def geometric_means(counts):
    """(proteins,) of exp(sum of log1p(x) over cells with x > 0, divided by all cells): Seurat's and muon's CLR."""
    return np.exp(np.log1p(np.maximum(counts, 0)).mean(axis=0, dtype=np.float64)).astype(np.float32)


def clr(counts, means):
    """Centred log-ratio for each protein across cells: log1p(x / means); (cells, proteins) in and out."""
    return np.log1p(np.maximum(counts, 0) / means)


def _moments(values, rows):
    """Mean and standard deviation (n - 1, as scanpy) of each column over `rows`; a constant column gets 1."""
    part = values[rows]
    n = part.shape[0]
    if sparse.issparse(part):
        # Not by scipy: it adds float32 up in float32 whatever dtype is asked for, and a variance needs the digits.
        columns, filled = part.shape[1], part.data.astype(np.float64)
        mean = np.bincount(part.indices, filled, columns) / n
        squares = np.bincount(part.indices, (filled - mean[part.indices]) ** 2, columns)
        zeros = n - np.bincount(part.indices, minlength=columns)
        variance = (squares + zeros * mean**2) / max(1, n - 1)
    else:
        mean = part.mean(axis=0, dtype=np.float64)
        variance = part.var(axis=0, ddof=min(1, n - 1), dtype=np.float64)
    sd = np.sqrt(variance)
    sd[sd < 1e-6 * np.maximum(1, np.abs(mean))] = 1.0  # what is left of a constant after rounding
    return mean, sd
