"""Analytic Pearson residuals are scanpy's, of the whole and of each part of split counts, whatever the size of a block."""

import numpy as np
import pytest
import scanpy as sc
from anndata import AnnData
from scipy import sparse

from core.sparse.pearson import Pearson
from core.sparse.pearson_residuals import PearsonResiduals, SplitResiduals
from core.sparse.rows import Rows
from core.sparse.split_counts import Draw

N, G = 120, 30


@pytest.fixture(scope="module")
def counts():
    """120 cells of 30 genes, one of them high enough to be clipped."""
    random = np.random.default_rng(0)
    values = random.poisson(random.gamma(0.5, 2.0, G) * random.gamma(3, 0.4, (N, 1))).astype(np.float32)
    values[:, 0] = 0
    values[:, 1] += values.sum(axis=1) == 0  # scanpy has no value for an empty cell or gene
    values[:9, values.sum(axis=0) == 0] = 1
    values[3, 0] = 60
    return values


@pytest.fixture(scope="module")
def pearson(counts):
    return Pearson.fit(counts.sum(axis=0), N)


def scanpys(counts):
    adata = AnnData(sparse.csr_matrix(counts))
    sc.experimental.pp.normalize_pearson_residuals(adata)
    return np.asarray(adata.X)


def test_residuals_are_those_of_scanpy_with_its_clip(counts, pearson):
    values = PearsonResiduals(counts, pearson).minibatch(np.arange(N)).dense().numpy()
    theirs = scanpys(counts)
    np.testing.assert_allclose(values, theirs, rtol=1e-4, atol=1e-5)
    assert values.max() == pytest.approx(np.sqrt(N)) and values.dtype == np.float32


def test_a_minibatch_has_the_residuals_of_its_cells_alone(counts, pearson):
    residuals, some = PearsonResiduals(counts, pearson), np.array([7, 3, 7])
    whole = residuals.minibatch(np.arange(N))
    part = residuals.minibatch(some)
    np.testing.assert_array_equal(part.dense(), whole.dense()[some])
    np.testing.assert_allclose(part.column_sums, whole.dense().numpy()[some].sum(axis=0), atol=1e-4)


def test_residuals_go_back_to_the_counts(counts, pearson):
    wide = pearson._replace(clip=np.inf)
    totals = counts.sum(axis=1)
    np.testing.assert_allclose(wide.counts(wide.residuals(counts), totals), counts, atol=1e-3)


def test_a_gene_that_no_training_cell_has_and_an_empty_cell_are_zero(counts):
    known = np.arange(G) != 2
    pearson = Pearson.fit(counts.sum(axis=0), N).of(known)
    assert pearson.share[2] == 0 and pearson.share.sum() == pytest.approx(1)
    values = pearson.residuals(np.vstack([counts[:5], np.zeros((1, G), np.float32)]))
    assert (values[:, 2] == 0).all() and (values[5] == 0).all() and (values[:5] != 0).any()


def test_each_part_of_split_counts_has_the_residuals_of_its_own_counts(counts, pearson):
    rows = Rows.of(counts)
    splitter, cells = SplitResiduals(rows, 0.7, 4, pearson), np.arange(20)
    whole, seen = splitter.counts(rows.held(cells), Draw(cells, 3))
    np.testing.assert_array_equal(whole, counts[:20])
    assert seen.sum() / whole.sum() == pytest.approx(0.7, abs=0.03) and (seen <= whole).all()
    minibatch = splitter.minibatch(cells, draw=Draw(cells, 3))
    np.testing.assert_allclose(minibatch.dense_seen(), pearson.residuals(seen))
    np.testing.assert_allclose(minibatch.dense(), pearson.residuals(whole - seen))
    again = splitter.minibatch(cells[5:9], draw=Draw(cells[5:9], 3))  # of any minibatch the same split
    np.testing.assert_array_equal(again.dense_seen(), minibatch.dense_seen()[5:9])


def test_hidden_counts_are_seen_as_zeros_of_a_cell_of_the_same_depth(counts, pearson):
    minibatch = PearsonResiduals(counts, pearson).minibatch(np.arange(N), hide=0.3, seed=1)
    target, seen = minibatch.dense().numpy(), minibatch.dense_seen().numpy()
    changed = target != seen
    at_zero = pearson.residuals(np.zeros_like(counts), counts.sum(axis=1))
    np.testing.assert_array_equal(seen[changed], at_zero[changed])
    assert (
        changed.sum() / (counts > 0).sum() == pytest.approx(0.3, abs=0.04) and not changed[counts == 0].any()
    )
