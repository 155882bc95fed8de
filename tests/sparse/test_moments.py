"""Statistics over blocks of cells are those of the whole matrix, and the variable genes are scanpy's."""

import warnings

import anndata
import numpy as np
import pytest
import scanpy as sc
from scipy import sparse

from core.preprocessing import variable_genes
from core.sparse import blocks as module
from core.sparse.blocks import blocks
from core.sparse.moments import CellBatches, Moments, mean_and_variance, one_batch, survey
from core.sparse.rows import Normalisation


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of some hundred values, so that every statistic is put together from many."""
    monkeypatch.setattr(module, "BLOCK_VALUES", 300)


def counts(n_cells=200, n_genes=40, seed=0):
    random = np.random.default_rng(seed)
    return random.poisson(random.gamma(0.4, 2, n_genes), (n_cells, n_genes)).astype(np.float32)


def forms(values, path):
    """The same matrix as CSR, as an array, and as both lie in a file."""
    yield sparse.csr_matrix(values)
    yield values
    for name, form in (("sparse", sparse.csr_matrix(values)), ("dense", values)):
        anndata.AnnData(form).write_h5ad(path / f"{name}.h5ad")
        yield anndata.read_h5ad(path / f"{name}.h5ad", backed="r").X


def test_blocks_are_the_matrix_whatever_its_form(small_blocks, tmp_path):
    values = counts()
    for matrix in forms(values, tmp_path):
        parts = list(blocks(matrix))
        assert len(parts) > 5 and [first for first, _ in parts] == sorted(first for first, _ in parts)
        np.testing.assert_array_equal(np.vstack([part.toarray() for _, part in parts]), values)


def test_a_row_larger_than_a_block_is_a_block(small_blocks):
    assert [part.shape[0] for _, part in blocks(sparse.csr_matrix(np.ones((3, 1000))))] == [1, 1, 1]


def test_entries_for_one_place_are_one_entry():
    twice = sparse.csr_matrix(([3.0, 4.0], [1, 1], [0, 2]), shape=(1, 2))
    ((_, block),) = blocks(twice)
    assert block.nnz == 1 and block[0, 1] == 7 and block.dtype == np.float32 and twice.nnz == 2


def test_a_survey_sees_every_value(small_blocks):
    values = counts()
    values[:, 3], values[0, 4], values[199, 5] = 0, 0.5, -300
    train = np.arange(0, 200, 2)
    survey_of_values = survey(sparse.csr_matrix(values), train)
    np.testing.assert_allclose(survey_of_values.totals, values.sum(axis=1, dtype=float))
    np.testing.assert_array_equal(survey_of_values.stored, (values != 0).sum(axis=0))
    np.testing.assert_array_equal(survey_of_values.seen, (values[train] != 0).sum(axis=0))
    np.testing.assert_array_equal(survey_of_values.low, np.minimum(values.min(axis=0), 0))
    np.testing.assert_array_equal(survey_of_values.high, values.max(axis=0))
    assert list(np.flatnonzero(~survey_of_values.whole)) == [4]
    mean, variance = mean_and_variance(survey_of_values.sums, survey_of_values.squares, len(train))
    np.testing.assert_allclose(mean, values[train].mean(axis=0, dtype=float))
    np.testing.assert_allclose(variance, values[train].var(axis=0, ddof=1, dtype=float), rtol=1e-6)


def test_moments_keep_the_digits_of_a_small_variance(small_blocks):
    values = 1000 + counts() / 1000
    values[:, 0] = 1234.567
    rows = np.arange(0, 200, 3)
    moments = Moments(values.shape[1])
    for _, block in blocks(sparse.csr_matrix(values[rows])):
        moments.add(block.indptr, block.indices, block.data)
    expected = values[rows].astype(float)
    np.testing.assert_allclose(moments.mean, expected.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments.variance[1:], expected.var(axis=0, ddof=1)[1:], rtol=1e-7)
    assert moments.scaling()[1][0] == 1  # the constant gene
    dense = Moments(values.shape[1])
    dense.add_dense(values[rows])
    np.testing.assert_allclose(dense.variance, moments.variance, rtol=1e-7, atol=1e-12)


def by_scanpy(values, flavor, n, batches=None, names=None):
    adata = anndata.AnnData(values)
    if names is not None:
        adata.var_names = names
    if batches is not None:
        adata.obs["batch"] = batches
    key = None if batches is None else "batch"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sc.pp.highly_variable_genes(adata, flavor=flavor, n_top_genes=n, batch_key=key, inplace=False)


def real_counts(real_data, name):
    from core.data import count_sources, read

    values = count_sources.source_of(read.read(real_data(f"{name}.h5ad"))).values
    train = np.sort(np.random.default_rng(0).permutation(values.shape[0])[: values.shape[0] * 4 // 5])
    return values, train, survey(values, train)


@pytest.mark.parametrize("name", ["pbmc10k_citeseq", "baron_pancreas_human", "pbmc3k"])
def test_seurat_v3_is_scanpys_on_real_counts(real_data, name):
    values, train, seen = real_counts(real_data, name)
    genes = np.flatnonzero(seen.seen)
    groups, usable = one_batch(train, values.shape[0]), np.ones(len(genes), bool)
    chosen, mean, variance = variable_genes.seurat_v3(values, groups, genes, usable, seen, 2000)
    table = by_scanpy(sparse.csr_matrix(values)[train][:, genes], "seurat_v3", 2000)
    np.testing.assert_array_equal(chosen, table["highly_variable"])
    np.testing.assert_array_equal(mean, table["means"])
    np.testing.assert_array_equal(variance, table["variances"])


@pytest.mark.parametrize(("flavor", "n"), [("seurat", 100), ("seurat", 2000), ("cell_ranger", 2000)])
def test_dispersions_are_scanpys_on_real_logged_values(real_data, flavor, n):
    values, train, seen = real_counts(real_data, "pbmc3k")
    genes = np.flatnonzero(seen.seen)
    names, usable = np.arange(len(genes)).astype(str), np.ones(len(genes), bool)
    change = Normalisation(np.full(values.shape[0], 2, np.float32), True)
    groups = one_batch(train, values.shape[0])
    chosen, mean, dispersion = variable_genes.by_dispersion(
        flavor, values, groups, genes, usable, change, n, names
    )
    logged = sparse.csr_matrix(values)[train][:, genes]
    logged.data = np.log1p(logged.data * 2)
    table = by_scanpy(logged, flavor, n)
    np.testing.assert_array_equal(chosen, table["highly_variable"])
    np.testing.assert_allclose(mean, table["means"], rtol=1e-6)
    np.testing.assert_allclose(dispersion, table["dispersions"], rtol=1e-5, atol=1e-6)


def in_batches(seed=0):
    """400 cells in three batches, 20 cells of none; genes that two batches lack, that are constant, that shift."""
    random = np.random.default_rng(seed)
    level = random.gamma(0.6, 3, 300) * np.exp(random.normal(0, 0.6, (3, 300)))
    codes = random.integers(0, 3, 420).astype(np.int32)
    values = random.poisson(level[codes] * random.gamma(2, 0.5, (420, 300))).astype(np.float32)
    values[:, :30] = random.poisson(0.02, (420, 30))
    values[codes != 1, 30:50] = 0
    values[:, 50] = 1
    codes[400:] = -1
    return values, CellBatches(codes, 3), np.array([f"G{i}" for i in random.permutation(300)])


@pytest.mark.parametrize("flavor", ["seurat_v3", "seurat", "cell_ranger"])
@pytest.mark.parametrize("n", [20, 120, 260])
def test_genes_chosen_within_batches_are_scanpys(small_blocks, flavor, n):
    values, groups, names = in_batches()
    rows = np.flatnonzero(groups.codes >= 0)
    seen = survey(values, rows)
    genes = np.flatnonzero(seen.seen)
    usable = np.arange(len(genes)) % 7 != 3  # the others are as if they were not there
    used_values = values[np.ix_(rows, genes[usable])]
    change = Normalisation(np.full(420, 3, np.float32), True)
    if flavor == "seurat_v3":
        variable = variable_genes.seurat_v3(values, groups, genes, usable, seen, n)
        spread = "variances"
    else:
        variable = variable_genes.by_dispersion(
            flavor, values, groups, genes, usable, change, n, names[genes]
        )
        used_values, spread = np.log1p(used_values * np.float32(3)), "dispersions"
    batches = groups.codes[rows].astype(str)
    table = by_scanpy(sparse.csr_matrix(used_values), flavor, n, batches, names[genes[usable]])
    assert not variable.chosen[~usable].any()
    assert set(names[genes[variable.chosen]]) == set(table.index[table["highly_variable"]])
    np.testing.assert_allclose(variable.mean[usable], table["means"], rtol=1e-5)
    np.testing.assert_allclose(variable.spread[usable], table[spread], rtol=1e-4, atol=1e-6)


def test_groups_that_a_method_cannot_work_on_are_named():
    values, groups, names = in_batches()
    few = np.where((groups.codes == 2) & (np.cumsum(groups.codes == 2) > 3), -1, groups.codes)
    groups = CellBatches(few.astype(np.int32), 3)
    seen = survey(values, np.flatnonzero(few >= 0))
    genes = np.flatnonzero(seen.seen)
    usable = np.ones(len(genes), bool)
    with pytest.raises(variable_genes.Unfit) as caught:
        variable_genes.seurat_v3(values, groups, genes, usable, seen, 20)
    assert caught.value.groups == (2,) and str(caught.value)
