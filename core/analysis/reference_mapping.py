"""Cells that a model has not been trained on, brought to it as its training cells were, and encoded by its weights.

Nothing is fitted: statistics, transforms and weights are those of the training cells. Like the rest of the pure files
it knows no disk and no user.
"""

from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse

from core.config import KIND_WORDS
from core.data.checks.species import species_of
from core.data.count_sources import genes_of, places
from core.data.gene_matching import GeneNames, gene_names, places_of
from core.data.matrix_kind import what_is
from core.errors import UserError
from core.preprocessing.matrix import Matrix
from core.preprocessing.protein_transforms import of_further_cells
from core.sparse.blocks import blocks
from core.sparse.rows import Rows, normalisation
from core.text import listed
from core.training.inference import encode, of_cells

LEAST = 0.5  # share of the used genes (or proteins, where alone): with fewer, most of what a model reads is made up
ENOUGH = 0.9  # below it the person is warned
LEAST_SEEN = 0.5  # share of the counts: with less, a cell's library size is guessed more than measured
NAMES_SHOWN = 5
ROUNDS = 3  # of filling what is missing; more gain nothing, see docs/mapping.md


class Trained(NamedTuple):
    """A trained model and all that its run knows of what it reads (core.export.run_folder.load_trained has it from model.pt)."""

    model: torch.nn.Module
    reads_counts: (
        bool  # its loss is a likelihood of counts, and it is of no use in filling in what is missing
    )
    file_genes: GeneNames  # of the training file, used or not
    gene_index: np.ndarray  # (genes,) which of them are used, in the order in which the model reads them
    count_share: np.ndarray  # (genes of the file,) of all that the training cells hold
    proteins: list  # names
    batch_names: tuple  # the batches the model was told of
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


class Fitting(NamedTuple):
    """New data as a model can read it. Genes and proteins are those that the model uses, in its order."""

    values: object  # (cells, genes of the file), in memory or on disk
    where: str  # the matrix of the file that was taken
    at: np.ndarray  # (genes,) columns of `values`, -1 for a gene that is missing
    summed: np.ndarray  # columns of `values` that make up a cell's library size
    seen: float  # the share of their counts that the training cells have in those
    protein: np.ndarray  # (cells, proteins) float32 transformed, NaN for a protein that is missing
    batch_codes: np.ndarray | None  # (cells,) codes into the model's batches
    missing_genes: list
    missing_proteins: list
    notes: list  # sentences that a person should read before the picture


def fitting(adata, trained, batch=None):
    """The Fitting of an AnnData in normal form to a Trained.

    `batch`: the one of the model's batches that all cells are read as, for data whose own the model does not know.
    Raises UserError where the values are of another kind, less than half of the used genes are there, or the batches
    are unknown.
    """
    where, values = _values(adata, trained)
    var = adata.raw.var if where == "raw.X" else adata.var
    found = places_of(trained.file_genes, gene_names(var))
    at, seen = found[trained.gene_index], float(trained.count_share[found >= 0].sum())
    notes = _check_genes(at, seen, trained, genes_of(adata, where))
    protein, missing_proteins, words = _proteins(adata, trained)
    batch_codes = _batches(adata, trained, batch)
    missing = [str(name) for name in _used(trained)[at < 0]]
    summed = np.sort(found[found >= 0])
    return Fitting(
        values, where, at, summed, seen, protein, batch_codes, missing, missing_proteins, notes + words
    )


def _used(trained):
    return trained.file_genes.names[trained.gene_index]


def _values(adata, trained):
    """(where, matrix) of the values of the kind that the model was trained on; of any, where it reads no genes."""
    for where, matrix in places(adata):
        if not len(trained.gene_index) or what_is(matrix).kind == trained.kind:
            return where, matrix
    wants, has = KIND_WORDS[trained.kind], what_is(adata.X).words
    raise UserError(
        f"The model was trained on {wants}, and this dataset holds {has}: bring it with the values that the model "
        "knows."
    )


def _check_genes(at, seen, trained, names):
    """Sentences on genes that are missing; raises UserError where they are too many."""
    n, used = len(at), _used(trained)
    if not n:
        return []
    missing = used[at < 0].tolist()
    share, notes = 1 - len(missing) / n, []
    if share < LEAST:
        ours, theirs = species_of(trained.file_genes.names), species_of(names)
        differs = ours and theirs and ours != theirs
        other = f" The model knows {ours} genes, and these are of {theirs}." if differs else ""
        raise UserError(
            f"Of the {n:,} genes that the model uses, {n - len(missing):,} ({share:.0%}) are in this dataset, and "
            f"at least {LEAST:.0%} have to be.{other} Bring data with the same genes, named by symbol or Ensembl id."
        )
    if missing:
        words = f"{len(missing):,} of the {n:,} genes that the model uses ({1 - share:.1%}) are missing and were filled"
        notes.append(f"{words} {_how_filled(trained)}: {_some(missing)}.")
        if share < ENOUGH:
            notes.append(
                f"Only {share:.0%} of the used genes are there: positions and labels are less sure than with all of them."
            )
    if trained.kind != "counts":
        notes.append(
            f"Both datasets hold {KIND_WORDS[trained.kind]}, which are taken as they are: they have to be made in the same "
            "way, with the same sums."
        )
    if trained.target_sum and seen < LEAST_SEEN:
        notes.append(
            f"The genes that are there held {seen:.0%} of the counts of the training cells: the library size of each cell "
            "is worked out from these alone. Bring all genes where you can."
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
            f"The model was trained on proteins alone: of the {n:,} that it uses, {n - len(missing):,} ({share:.0%}) are in "
            f"this dataset, and at least {LEAST:.0%} have to be. Bring data with the same proteins, named alike."
        )
    if len(missing) == n:
        words = (
            f"The model was trained on {n:,} proteins, too, and none of them is in this dataset: they were filled "
            f"{_how_filled(trained)}. Cells that differ in proteins above all are told apart less well."
        )
        return counts, missing, [words]
    values = table.to_numpy(dtype=np.float32)
    kind = what_is(values).kind
    if (kind == "counts") != (trained.protein_kind == "counts"):
        raise UserError(
            f"The model was trained on proteins that are {KIND_WORDS[trained.protein_kind]}, and those of this dataset "
            f"are {KIND_WORDS[kind]}: bring them as the model knows them."
        )
    counts = _columns(values, there, names)
    controls = _columns(values, there, trained.protein_transform.get("isotypes", []))
    notes = []
    if missing:
        words = f"{len(missing):,} of the {n:,} proteins that the model uses are missing"
        notes.append(f"{words} and were filled {_how_filled(trained)}: {_some(missing)}.")
    if trained.protein_transform["transform"] == "dsb":
        notes.append(
            "Proteins were held against the empty droplets of the run's dataset, not those of this one (DSB)."
        )
    return of_further_cells(trained.protein_transform, counts, controls), missing, notes


def _columns(values, there, names):
    """(cells, names) float32 of the columns by name, NaN for those that are not there."""
    found = np.full((len(values), len(names)), np.nan, np.float32)
    for i, name in enumerate(names):
        if name in there:
            found[:, i] = values[:, there[name]]
    return found


def _batches(adata, trained, batch):
    """(cells,) codes of the batches; None where the model knows none."""
    if not trained.batch_names:
        return None
    known = f"the model knows {listed(trained.batch_names)}"
    if batch is not None:
        if batch not in trained.batch_names:
            raise UserError(f"There is no batch '{batch}': {known}.")
        return np.full(adata.n_obs, trained.batch_names.index(batch), np.int32)
    # Every model here is told the batch one-hot on both sides: one that it has not seen has no weights.
    way = "Choose one of them that these cells are to be read as."
    if trained.batch_key not in adata.obs:
        raise UserError(
            f"The model is told the batch of each cell by the obs column '{trained.batch_key}', which is not in this data "
            f"set; {known}. {way}"
        )
    names = adata.obs[trained.batch_key].astype(str).to_numpy()
    if new := [str(name) for name in np.unique(names) if name not in trained.batch_names]:
        raise UserError(f"The batch {listed(new)} is new to the model; {known}. {way}")
    return np.array([trained.batch_names.index(name) for name in names], dtype=np.int32)


def _how_filled(trained):
    if not trained.reads_counts:
        return "with what the model makes of each cell, beginning at the mean of the training cells"
    return (
        "with the mean of the training cells, in what the encoder reads (the likelihood of counts has no part in mapping, "
        "so no counts are made up)"
    )


def _some(names):
    shown = ", ".join(names[:NAMES_SHOWN])
    return shown + (f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else "")


def mapped(fit, trained, device="cpu"):
    """Encode new cells in blocks: yields the share that is done, 0 to 1, then their latent (cells, n_latent) float32.

    A feature that is missing begins as the average training cell has it, which is 0 where values are scaled. Models with
    a squared error then put what they make of the cell in its place and encode once more, a few times: imputation by
    a model's own reconstruction (Rezende 2014, doi:10.48550/arXiv.1401.4082), without its noise.
    """
    trained.model.to(device)
    n_cells, made = fit.values.shape[0], []
    for first, block in blocks(fit.values):
        rows = slice(first, first + block.shape[0])
        matrix, missing = _matrix(fit, trained, rows, block)
        if missing.any() and not trained.reads_counts:
            made.append(of_cells(_completing(trained.model, missing), matrix, device=device))
        else:
            made.append(encode(trained.model, matrix, device=device))
        yield rows.stop / n_cells
    yield np.concatenate(made)


def _completing(model, missing):
    """A function of Cells that gives their latent, the features `missing` (bool) filled with what the model makes of them."""
    model.eval()
    at = torch.from_numpy(np.flatnonzero(missing))

    @torch.no_grad()
    def completed(cells):
        x, places = cells.x.clone(), at.to(cells.x.device)
        z = model.encode(cells)
        for _ in range(ROUNDS):
            x[:, places] = model.expected(z, cells)[:, places]
            z = model.encode(cells._replace(x=x))
        return z

    return completed


def _matrix(fit, trained, rows, block):
    """(the Matrix of a block of cells, which features are missing)."""
    n, there = len(fit.at), fit.at >= 0
    # As the training cells' were: over the genes of their file, and for those that are missing here in proportion.
    totals = np.asarray(block[:, fit.summed].sum(axis=1, dtype=np.float64)).ravel() / (fit.seen or 1)
    part = block[:, fit.at[there]]
    places = np.flatnonzero(there).astype(part.indices.dtype)
    genes = Rows.of(sparse.csr_matrix((part.data, places[part.indices], part.indptr), (block.shape[0], n)))
    genes.size = normalisation(totals, trained.target_sum, trained.logged).size
    protein = fit.protein[rows]
    # A missing gene has no values and a missing protein is 0: so seen, both become `fill`.
    missing = np.concatenate([~there, np.isnan(protein).all(axis=0)])
    made = Matrix(
        rna=genes,
        protein=np.nan_to_num(protein) if protein.shape[1] else None,
        mean=np.where(missing, -trained.fill, trained.mean),
        sd=np.where(missing, np.float32(1), trained.sd),
        clip=trained.clip,
        genes=_used(trained),
        proteins=np.asarray(trained.proteins, dtype=str),
        gene_index=fit.at,
        cell_names=np.arange(block.shape[0]),
        batch_codes=None if fit.batch_codes is None else fit.batch_codes[rows],
        batch_names=trained.batch_names,
        logged=trained.logged,
    )
    return made, missing
