"""An AnnData and settings to a Matrix: the genes that are used, and the statistics to scale by."""

import numpy as np
from scipy import sparse

from core.config import KIND_WORDS, steps_for
from core.data.count_sources import source_of
from core.data.gene_matching import gene_names
from core.data.matrix_kind import what_is
from core.data.protein_panel import n_unmeasured
from core.errors import UserError
from core.preprocessing import gene_selection, protein_mask
from core.preprocessing.batches import batch_notes, batches_of
from core.preprocessing.matrix import Matrix
from core.preprocessing.protein_transforms import nothing, transformed
from core.sparse import disk_rows, rows
from core.sparse.blocks import blocks
from core.sparse.moments import Moments, mask, of_rows, survey
from core.sparse.pearson import Pearson
from core.sparse.rows import column_type, normalisation, smallest_type

SAMPLED = 1000  # training cells that the mean variance of residuals is taken from
LARGEST = 1e8  # a gradient grows with the square of a value, and its square has to fit float32
PROTEIN_ALONE = (
    "Trained on proteins only. Genes are not used in training; they still colour plots and give markers."
)


def prepare(adata, config, split, scratch=None):
    """The Matrix of `adata` under `config`, statistics and gene choice from the training cells of `split` only.

    The source is read in blocks and never copied as a whole. `scratch` is a folder for the values of a
    matrix that is too large for memory (core.sparse.disk_rows). Raises UserError where no gene is left, or none varies.
    """
    source = source_of(adata)
    steps = steps_for(source.kind, has_proteins="protein" in adata.obsm)
    batch_codes, batch_names, batch_words = None, (), []
    if config.batch_key:
        batch_codes, batch_names = batches_of(adata, config.batch_key, "a batch covariate")
        _check_batches(batch_codes, batch_names, config, split)
        batch_words = batch_notes(batch_codes, batch_names, config.batch_key, split.train)
    residuals = config.gene_transform == "pearson" and config.modalities != "protein"
    if residuals and source.kind != "counts":
        raise UserError(
            f"Pearson residuals need raw counts, and this dataset holds {KIND_WORDS[source.kind]}: choose log as the transform "
            "of the genes, or add a file with counts."
        )
    seen = survey(source.values, split.train)
    chosen, notes = _genes(adata, source, seen, config, split, steps)
    proteins, unseen = _proteins(adata, config, split, batch_codes)
    protein = proteins.values
    reads_counts = config.model_record.reads_counts and (source.kind == "counts" or not len(chosen))
    if reads_counts and protein is not None and what_is(proteins.counts).kind != "counts":
        raise UserError(
            f"The model {config.model} needs raw counts of the proteins, too, and theirs are not: choose another model."
        )
    normalises = config.normalize and steps["normalize"].applies and not residuals
    target_sum = config.target_sum if normalises else None
    change = normalisation(seen.totals, target_sum, config.log1p and steps["log1p"].applies and not residuals)
    rna, moments = _compact(source.values, seen, chosen, change, split, config.seed, scratch)
    if moments.constant.all() and protein is None:
        raise UserError(
            "No gene varies between the training cells, so there is nothing to learn: check the file, or use another "
            "matrix of it (a layer, or .raw)."
        )
    scale = config.scale and steps["scale"].applies and not residuals
    if not (scale or change.logged or target_sum or residuals):
        _check_size(seen, chosen)
    mean, sd = moments.scaling(config.scale_exponent) if scale else _unscaled(len(chosen))
    pearson, gene_variance = None, 1.0
    if residuals:
        pearson = Pearson.fit(seen.sums[chosen], len(split.train))
        some = rna.some(split.train, min(len(split.train), SAMPLED), np.random.default_rng([config.seed, 9]))
        held = rna.held(some)
        values = pearson.residuals(held.rows.dense(held.at))
        gene_variance = float(values.var(axis=0, dtype=np.float64).mean())
    elif scale and config.scale_exponent != 1 and len(chosen):
        gene_variance = float((moments.variance / sd**2)[~moments.constant].mean())
    if protein is not None:
        # Scaling proteins does not depend on the kind of the genes' values: proteins are always counts.
        p_mean, p_sd = _protein_scaling(protein, config, split, proteins.measured)
        mean, sd = np.concatenate([mean, p_mean]), np.concatenate([sd, p_sd])
    return Matrix(
        rna=rna,
        protein=protein,
        mean=mean.astype(np.float32),
        sd=sd.astype(np.float32),
        clip=config.clip if config.scale and (scale or protein is not None) else np.inf,
        exponent=config.scale_exponent if scale else 1.0,
        gene_variance=gene_variance,
        pearson=pearson,
        genes=np.asarray(source.genes)[chosen].astype(str),
        proteins=proteins.names,
        gene_index=chosen,
        cell_names=np.asarray(adata.obs_names).astype(str),
        where=source.where,
        kind=source.kind,
        notes=[*notes, *batch_words, *proteins.notes],
        batch_codes=batch_codes,
        batch_names=batch_names,
        logged=change.logged,
        protein_change=proteins.change,
        protein_counts=proteins.counts,
        measured=proteins.measured,
        unseen_proteins=unseen,
        reads_counts=reads_counts,
        file_genes=gene_names(adata.raw.var if source.where == "raw.X" else adata.var),
        count_share=seen.sums / (seen.sums.sum() or 1),
        target_sum=target_sum,
    )


_LABELS = {
    "normalize": "Library-size normalisation",
    "log1p": "Log transform",
    "scale": "Centring and scaling",
    "n_top_genes": "Choice of variable genes",
}


def _check_batches(codes, names, config, split):
    """Raise UserError where whole groups are held out and a batch has no training cells: a model has no weights for it."""
    untrained = np.setdiff1d(codes, codes[split.train])
    if config.split_by and len(untrained):
        raise UserError(
            f"All cells of the batch '{names[untrained[0]]}' of '{config.batch_key}' are held out, because the split is "
            f"by '{config.split_by}', so the model cannot learn it: choose another batch covariate (batch_key) or "
            "another column to split by (split_by), or none."
        )


def _check_size(seen, genes):
    """Raise UserError where values that are neither logged nor scaled are too large to train on."""
    highest = max(-seen.low[genes].min(initial=0), seen.high[genes].max(initial=0))
    if highest > LARGEST:
        raise UserError(
            f"Values reach {highest:.0e}, which is too large to train on: switch on normalisation, log transform or "
            "scaling, or check the file."
        )


def _genes(adata, source, seen, config, split, steps):
    """(indices of the used genes in the source, notes on them and on steps that do not apply to their values)."""
    if config.modalities == "protein":
        return np.array([], dtype=np.int64), [PROTEIN_ALONE]
    notes = [
        f"{label} {steps[name].reason}."
        for name, label in _LABELS.items()
        if _cannot_apply(config, steps, name)
    ]
    applies = steps["n_top_genes"].applies
    chosen, _, gene_notes = gene_selection.choose(adata, source, seen, config, split.train, applies)
    return chosen, notes + gene_notes


def _proteins(adata, config, split, batch_codes=None):
    """(the Proteins to train on, (cells, proteins) those left out of training, scaled as the others, or None)."""
    if config.modalities == "rna" and n_unmeasured(adata):
        note = "Trained on RNA only. Some cells have no protein values, so the proteins are not used for scores either."
        return nothing([note]), None
    proteins = transformed(adata, config.protein_transform, split.train, batch_codes)
    if config.modalities == "protein" and len(proteins.names) < 2:
        raise UserError(
            "Training on proteins only needs at least two usable proteins, but this dataset has fewer: choose "
            "rna or both under Trained on (modalities)."
        )
    if config.modalities != "rna" or proteins.values is None:
        return proteins, None
    n = len(proteins.names)
    note = f"Trained on RNA only. {n} {'protein is' if n == 1 else 'proteins are'} used for scores, not for training."
    return nothing([note]), _as_seen(proteins.values, config, split)


def protein_space(adata, config, split):
    """(cells, proteins) float32: the usable proteins, transformed and scaled; raises UserError where there are none."""
    proteins = transformed(adata, config.protein_transform, split.train)
    if proteins.values is None:
        raise UserError("This dataset has no proteins that can be used.")
    if proteins.measured is not None:
        raise UserError("Some cells have no protein values, so there is no picture of the proteins alone.")
    protein = proteins.values
    return _as_seen(protein, config, split)


def _as_seen(protein, config, split):
    mean, sd = _protein_scaling(protein, config, split)
    clip = config.clip if config.scale else np.inf
    return np.clip((protein - mean) / sd, -clip, clip).astype(np.float32)


def _protein_scaling(protein, config, split, measured=None):
    if not config.scale:
        return _unscaled(protein.shape[1])
    if measured is not None:
        return protein_mask.scaling(protein, measured, split.train)
    return _moments(protein[split.train])


def _cannot_apply(config, steps, name):
    return bool(getattr(config, name)) and not steps[name].applies


def _unscaled(n):
    return np.zeros(n), np.ones(n)


def _compact(values, seen, genes, change, split, seed, scratch):
    """(the Rows of the used genes, or Stored where they are too large for memory; their Moments after the transforms)."""
    if not len(genes):
        return rows.Rows.of(sparse.csr_matrix((len(change.size), 0), dtype=np.float32)), Moments(0)
    n_values = int(seen.stored[genes].sum())
    kind = smallest_type(seen.low[genes].min(), seen.high[genes].max(), seen.whole[genes].all())
    types = column_type(len(genes)), kind
    if n_values * sum(np.dtype(t).itemsize for t in types) <= disk_rows.RESIDENT:
        writer = rows.Writer(change.size, types, n_values, len(genes))
    else:
        writer = disk_rows.Writer(_place(split, seed), change.size, types, n_values, len(genes), scratch)
    moments, in_training = Moments(len(genes)), mask(split.train, len(change.size))
    every = len(genes) == values.shape[1]
    for first, block in blocks(values):
        block = block if every else block[:, genes]
        writer.add(first, block)
        part, cells = of_rows(block, first, in_training)
        moments.add(part.indptr, part.indices, change(part.data, cells))
    return writer.finish(), moments


def _place(split, seed):
    """(cells,) the position of each cell on disk: training cells shuffled, then validation, then test cells."""
    order = np.concatenate(
        [np.random.default_rng((seed, 2)).permutation(split.train), split.valid, split.test]
    )
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place


def _moments(values):
    """Mean and standard deviation (n - 1, as scanpy) of each column; a constant column gets 1."""
    moments = Moments(values.shape[1])
    moments.add_dense(values)
    return moments.scaling()
