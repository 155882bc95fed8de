"""A query: new cells brought to the genes, proteins, values and batches that a trained model reads.

Nothing is fitted: statistics and transforms are those of the training cells.
"""

from typing import NamedTuple

import numpy as np
import torch

from core.config import KIND_WORDS
from core.data.checks.species import species_of
from core.data.count_sources import counts_of, genes_of, places
from core.data.gene_matching import GeneNames, gene_names, places_of
from core.data.matrix_kind import what_is
from core.errors import UserError
from core.preprocessing.protein_transforms import of_further_cells
from core.text import listed

LEAST = 0.5  # share of the used genes (or proteins, where alone): with fewer, most of the model's input is filled in
ENOUGH = 0.9  # below it there is a warning
LEAST_COUNTS = (
    0.5  # share of the training cells' counts: with less, library sizes are guessed more than measured
)
NAMES_SHOWN = 5


class TrainedModel(NamedTuple):
    """A trained model and what its input was (core.export.run_folder.load_trained reads it from model.pt)."""

    model: torch.nn.Module
    reads_counts: (
        bool  # its loss is a likelihood of counts, and it is of no use in filling in what is missing
    )
    file_genes: GeneNames  # of the training file, used or not
    gene_index: np.ndarray  # (genes,) which of them are used, in the order in which the model reads them
    count_share: np.ndarray  # (genes of the file,) of all that the training cells hold
    proteins: list  # names
    batch_names: tuple  # the batches that the model was trained on
    batch_key: str | None  # the obs column that names them
    mean: np.ndarray  # (features,) of the training cells, as core.preprocessing.matrix has it; the next too
    sd: np.ndarray
    fill: np.ndarray  # (features,) what the model sees of the average training cell
    clip: float
    kind: str  # what the values of genes were
    target_sum: float | None  # what each cell was brought to; None where it was not
    logged: bool
    protein_kind: str  # what the values of proteins were, "" without proteins
    protein_transform: dict  # the record of core.preprocessing.protein_transforms
    pearson: object = None  # core.sparse.pearson.Pearson of a run on residuals


class Query(NamedTuple):
    """New cells as a model reads them. Genes and proteins are those that the model uses, in its order."""

    values: object  # (cells, genes of the file), in memory or on disk
    where: str  # the matrix of the file that was taken
    at: np.ndarray  # (genes,) columns of `values`, -1 for a gene that is missing
    summed: np.ndarray  # columns of `values` that make up a cell's library size
    count_share: float  # the share of their counts that the training cells have in those
    protein: np.ndarray  # (cells, proteins) float32 transformed, NaN for a protein that is missing
    batch_codes: np.ndarray | None  # (cells,) codes into the model's batches
    missing_genes: list
    missing_proteins: list
    notes: list  # sentences to read before the embedding


def prepare_query(adata, trained, batch=None):
    """The Query of an AnnData in normal form for a TrainedModel.

    `batch`: the one of the model's batches that all cells are assigned to, where their own batches are new to the model.
    Raises UserError where the values are of another kind, fewer than half of the used genes are there, or the batches
    are unknown.
    """
    where, values = _values(adata, trained)
    var = adata.raw.var if where == "raw.X" else adata.var
    columns = places_of(trained.file_genes, gene_names(var))
    at, seen = columns[trained.gene_index], float(trained.count_share[columns >= 0].sum())
    notes = _check_genes(at, seen, trained, genes_of(adata, where))
    protein, missing_proteins, words = _proteins(adata, trained)
    batch_codes = _batches(adata, trained, batch)
    missing = [str(name) for name in used_genes(trained)[at < 0]]
    summed = np.sort(columns[columns >= 0])
    return Query(
        values, where, at, summed, seen, protein, batch_codes, missing, missing_proteins, notes + words
    )


def used_genes(trained):
    """The names of the genes that the model reads, in its order."""
    return trained.file_genes.names[trained.gene_index]


def _values(adata, trained):
    """(where, matrix) of the values of the kind that the model was trained on; of any, where it reads no genes."""
    if not len(trained.gene_index):
        return next(places(adata))
    if trained.kind == "counts":
        if counts := counts_of(adata):
            return counts.where, counts.matrix
    else:
        for where, matrix in places(adata):
            if what_is(matrix).kind == trained.kind:
                return where, matrix
    wants, has = KIND_WORDS[trained.kind], what_is(adata.X).words
    raise UserError(
        f"The model was trained on {wants}, and this dataset holds {has}. Upload it "
        "with the same kind of values."
    )


def _check_genes(at, seen, trained, names):
    """Sentences on missing genes; raises UserError where too many are missing."""
    n, used = len(at), used_genes(trained)
    if not n:
        return []
    missing = used[at < 0].tolist()
    share, notes = 1 - len(missing) / n, []
    if share < LEAST:
        ours, theirs = species_of(trained.file_genes.names), species_of(names)
        differs = ours and theirs and ours != theirs
        other = f" The model uses {ours} genes, and this dataset has {theirs} genes." if differs else ""
        raise UserError(
            f"Of the {n:,} genes that the model uses, {n - len(missing):,} ({share:.0%}) are in this dataset; "
            f"mapping needs at least {LEAST:.0%}.{other} Upload data with the same genes, named by symbol or Ensembl id."
        )
    if missing:
        words = f"{len(missing):,} of the {n:,} genes that the model uses ({1 - share:.1%}) are missing and were filled in"
        notes.append(f"{words} {_how_filled(trained)}: {_some(missing)}.")
        if share < ENOUGH:
            notes.append(
                f"Only {share:.0%} of the used genes are there: positions and labels are less reliable than with all of them."
            )
    if trained.kind != "counts":
        notes.append(
            f"Both datasets hold {KIND_WORDS[trained.kind]}, which are used unchanged: both need the same normalisation, "
            "with the same total counts a cell."
        )
    if trained.target_sum and seen < LEAST_COUNTS:
        notes.append(
            f"The genes that are there held {seen:.0%} of the counts of the training cells, and library sizes are computed "
            "from these genes alone. Upload all genes if you can."
        )
    return notes


def _proteins(adata, trained):
    """((cells, proteins) transformed, names of those that are missing, sentences)."""
    n, names = len(trained.proteins), trained.proteins
    counts = np.full((adata.n_obs, n), np.nan, np.float32)
    if not n:
        return counts, [], []
    table = adata.obsm.get("protein")
    there = {} if table is None else {str(name): i for i, name in enumerate(table.columns)}
    missing = [name for name in names if name not in there]
    share = 1 - len(missing) / n
    if not len(trained.gene_index) and share < LEAST:
        raise UserError(
            f"The model was trained on proteins alone. Of the {n:,} that it uses, {n - len(missing):,} ({share:.0%}) are in "
            f"this dataset; mapping needs at least {LEAST:.0%}. Upload data with the same proteins under the same names."
        )
    if len(missing) == n:
        words = (
            f"The model was also trained on {n:,} proteins, and none of them is in this dataset: they were filled in "
            f"{_how_filled(trained)}. Cell types that differ mainly in proteins are harder to tell apart."
        )
        return counts, missing, [words]
    values = table.to_numpy(dtype=np.float32)
    kind = what_is(np.nan_to_num(values)).kind  # cells may lack some
    if (kind == "counts") != (trained.protein_kind == "counts"):
        raise UserError(
            f"The model was trained on proteins that are {KIND_WORDS[trained.protein_kind]}, and those of this dataset "
            f"are {KIND_WORDS[kind]}. Upload the same kind of values."
        )
    counts = _columns(values, there, names)
    controls = _columns(values, there, trained.protein_transform.get("isotypes", []))
    notes = []
    if missing:
        words = f"{len(missing):,} of the {n:,} proteins that the model uses are missing"
        notes.append(f"{words} and were filled in {_how_filled(trained)}: {_some(missing)}.")
    if trained.protein_transform["transform"] == "dsb":
        notes.append(
            "Proteins were transformed by DSB with the empty droplets of the run's dataset, not those of this one."
        )
    return of_further_cells(trained.protein_transform, counts, controls), missing, notes


def _columns(values, there, names):
    """(cells, names) float32 of the columns by name, NaN for those that are not there."""
    columns = np.full((len(values), len(names)), np.nan, np.float32)
    for i, name in enumerate(names):
        if name in there:
            columns[:, i] = values[:, there[name]]
    return columns


def _batches(adata, trained, batch):
    """(cells,) codes of the batches; None where the model knows none."""
    if not trained.batch_names:
        return None
    known = f"the model was trained on {listed(trained.batch_names)}"
    if batch is not None:
        if batch not in trained.batch_names:
            raise UserError(f"There is no batch '{batch}': {known}.")
        return np.full(adata.n_obs, trained.batch_names.index(batch), np.int32)
    # The batch enters every model one-hot on both sides: a new batch has no weights.
    way = "Choose one of them for these cells."
    if trained.batch_key not in adata.obs:
        raise UserError(
            f"The model's batch covariate is the obs column '{trained.batch_key}', which is not in this dataset; "
            f"{known}. {way}"
        )
    names = adata.obs[trained.batch_key].astype(str).to_numpy()
    if new := [str(name) for name in np.unique(names) if name not in trained.batch_names]:
        raise UserError(f"The batch {listed(new)} is new to the model; {known}. {way}")
    return np.array([trained.batch_names.index(name) for name in names], dtype=np.int32)


def _how_filled(trained):
    if not trained.reads_counts:
        return "with the model's reconstruction of each cell, starting from the mean of the training cells"
    return (
        "with the mean of the training cells, in the input of the encoder (no counts are imputed: the likelihood is not used "
        "in mapping)"
    )


def _some(names):
    shown = ", ".join(names[:NAMES_SHOWN])
    return shown + (f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else "")
