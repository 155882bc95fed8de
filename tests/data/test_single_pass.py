"""One pass gives what the report, the fingerprint, the values by gene and the highest genes would each have read for."""

import numpy as np
import pytest
import scanpy as sc
from anndata import AnnData
from scipy import sparse
from simulated import annotated, draw_counts, normalised, scaled

from core.data import checks, count_sources, first_values, read
from core.sparse import blocks

RNG = np.random.default_rng(3)
COUNTS = sparse.csr_matrix(draw_counts(7, 120, 60, 2.0).astype(np.float32))
LOGGED = sparse.csr_matrix(np.log1p(normalised(COUNTS.toarray(), 1e4)).astype(np.float32))


def with_layer():
    adata = annotated(LOGGED)
    adata.layers["counts"] = sparse.csc_matrix(COUNTS)
    return adata


def with_raw(x, raw):
    adata = annotated(x)[:, :30].copy()
    adata.raw = annotated(raw)
    return adata


def with_a_late_fraction():
    values = COUNTS.copy()
    values.data[-1] = 0.5
    return annotated(values)


def with_late_counts():
    """Only 0 in the first cells of X and of a layer, where counts come later."""
    late = sparse.vstack([sparse.csr_matrix((100, 60), dtype=np.float32), COUNTS[100:]]).tocsr()
    adata = annotated(LOGGED)
    adata.layers["late"] = late.toarray()
    return adata


CASES = {
    "counts": lambda: annotated(COUNTS),
    "dense counts": lambda: annotated(COUNTS.toarray()),
    "logs": lambda: annotated(LOGGED),
    "logs with counts in a layer": with_layer,
    "logs with counts in .raw": lambda: with_raw(LOGGED, COUNTS),
    "scaled with logs in .raw": lambda: with_raw(scaled(LOGGED.toarray()), LOGGED),
    "counts but for the last value": with_a_late_fraction,
    "zeros first": with_late_counts,
}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_VALUES", 700)
    monkeypatch.setattr(first_values, "PEEK", 50)


@pytest.mark.parametrize("case", CASES)
def test_one_pass_gives_what_each_would_have_read_for(case):
    adata = CASES[case]()
    report, data_hash, by_gene = checks.examine_once(adata)
    assert report.record() == checks.examine(adata).record()
    assert data_hash == read.data_hash(adata)
    shown = count_sources.display_of(adata)
    values = sparse.vstack(list(by_gene.genes())).T.toarray()
    if by_gene.size is not None:
        values = np.log1p(values * by_gene.size[:, None])
    matrix = shown.matrix.toarray() if sparse.issparse(shown.matrix) else shown.matrix
    np.testing.assert_allclose(values, matrix, rtol=1e-6)
    assert report.colours == shown.words and list(by_gene.names) == list(shown.genes)
    assert bool(by_gene.highest_genes()) == shown.counts


def test_every_value_is_read_once(monkeypatch):
    read_rows = []

    def pieces(matrix, n_values=None):
        for first, block in original(matrix, n_values):
            read_rows.append(first)
            yield first, block

    original = blocks.pieces
    monkeypatch.setattr(blocks, "pieces", pieces)
    checks.examine_once(annotated(COUNTS))
    assert len(read_rows) > 5 and len(set(read_rows)) == len(read_rows)


def test_the_highest_genes_are_scanpys():
    adata = AnnData(COUNTS)
    share = sc.pp.normalize_total(adata.copy(), target_sum=100, inplace=False)["X"].mean(axis=0).A1
    _, _, by_gene = checks.examine_once(adata)
    list(by_gene.genes())
    top = by_gene.highest_genes()
    assert [one["gene"] for one in top] == list(adata.var_names[np.argsort(-share, kind="stable")[:20]])
    np.testing.assert_allclose([one["mean"] for one in top], np.sort(share)[::-1][:20], rtol=1e-3)
    counts = COUNTS.toarray()
    quantiles = np.percentile(100 * counts / counts.sum(axis=1, keepdims=True), (5, 25, 50, 75, 95), axis=0)
    order = [list(adata.var_names).index(one["gene"]) for one in top]
    np.testing.assert_allclose([one["shares"] for one in top], quantiles.T[order], rtol=1e-3)
