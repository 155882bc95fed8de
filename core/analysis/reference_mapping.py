"""Reference mapping: cells of a Query encoded by the weights of a trained model. Nothing is fitted."""

import numpy as np
import torch
from scipy import sparse

from core.analysis.query import used_genes
from core.preprocessing.matrix import Matrix
from core.sparse.blocks import blocks
from core.sparse.rows import Rows, normalisation
from core.training.inference import encode, of_cells

ROUNDS = 3  # of filling in what is missing; more gain nothing, see docs/mapping.md


def encode_query(query, trained, device="cpu"):
    """Encode the cells of a Query in blocks: yields the share done, 0 to 1, then their latent (cells, n_latent) float32.

    A missing feature starts at the value of the average training cell, which is 0 where values are scaled. Models with a
    squared error then replace it by their reconstruction of the cell and encode again, a few times: imputation by
    a model's own reconstruction (Rezende 2014, doi:10.48550/arXiv.1401.4082), without its noise.
    """
    trained.model.to(device)
    n_cells, made = query.values.shape[0], []
    for first, block in blocks(query.values):
        rows = slice(first, first + block.shape[0])
        matrix, missing = _matrix(query, trained, rows, block)
        if missing.any() and not trained.reads_counts:
            made.append(of_cells(_completing(trained.model, missing), matrix, device=device))
        else:
            made.append(encode(trained.model, matrix, device=device))
        yield rows.stop / n_cells
    yield np.concatenate(made)


def _completing(model, missing):
    """A function of Cells that gives their latent, the features `missing` (bool) filled with the reconstruction."""
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


def _matrix(query, trained, rows, block):
    """(the Matrix of a block of cells, which features are missing)."""
    n, there = len(query.at), query.at >= 0
    # As the training cells' were: over the genes of their file, and for those that are missing here in proportion.
    totals = np.asarray(block[:, query.summed].sum(axis=1, dtype=np.float64)).ravel() / (
        query.count_share or 1
    )
    part = block[:, query.at[there]]
    places = np.flatnonzero(there).astype(part.indices.dtype)
    genes = Rows.of(sparse.csr_matrix((part.data, places[part.indices], part.indptr), (block.shape[0], n)))
    genes.size = normalisation(totals, trained.target_sum, trained.logged).size
    protein = query.protein[rows]
    # A missing gene has no values and a missing protein is 0: so seen, both become `fill`.
    absent = np.isnan(protein).all(axis=0)
    missing = np.concatenate([~there, absent])
    # A value that some cells lack is that of the average training cell, as in training.
    protein = np.where(np.isnan(protein), np.where(absent, 0, trained.mean[n:]), protein).astype(np.float32)
    made = Matrix(
        rna=genes,
        protein=protein if protein.shape[1] else None,
        mean=np.where(missing, -trained.fill, trained.mean),
        sd=np.where(missing, np.float32(1), trained.sd),
        clip=trained.clip,
        genes=used_genes(trained),
        proteins=np.asarray(trained.proteins, dtype=str),
        gene_index=query.at,
        cell_names=np.arange(block.shape[0]),
        batch_codes=None if query.batch_codes is None else query.batch_codes[rows],
        batch_names=trained.batch_names,
        logged=trained.logged,
        pearson=None if trained.pearson is None else trained.pearson.of(there),
    )
    return made, missing
