"""What genes are scaled by: a power of their standard deviation, or nothing where they are Pearson residuals."""

import numpy as np
import pytest
import scanpy as sc
from simulated import made_by_script, people

from core.analysis.metrics.varying_features import varies
from core.config import RunConfig, parse
from core.data import checks
from core.errors import UserError
from core.preprocessing.prepare import prepare
from core.preprocessing.recipe import Recipe, script
from core.preprocessing.split import split_cells
from core.training import count_splitting


@pytest.fixture(scope="module")
def cells():
    """Those of `people`. Read only: copy it."""
    return people()


def prepared(adata, **settings):
    config = parse({"n_top_genes": 90} | settings)
    split = split_cells(adata.n_obs, config)
    return prepare(adata.copy(), config, split), split, config


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_genes_are_divided_by_their_deviation_to_the_power_of_the_exponent(cells, exponent):
    plain, split, _ = prepared(cells, scale=False)
    matrix, _, _ = prepared(cells, scale_exponent=exponent)
    x = plain.dense(np.arange(plain.n_cells)).astype(np.float64)
    train = x[split.train]
    expected = np.clip((x - train.mean(axis=0)) / train.std(axis=0, ddof=1) ** exponent, -10, 10)
    np.testing.assert_allclose(matrix.dense(np.arange(matrix.n_cells)), expected, atol=2e-4)
    variance = (train.std(axis=0, ddof=1) ** (2 - 2 * exponent)).mean()
    assert matrix.gene_variance == pytest.approx(variance, rel=1e-4)
    np.testing.assert_allclose(matrix.to_counts(matrix.dense([3]), [3]), matrix.raw([3]), atol=0.05)


def test_proteins_weigh_as_much_beside_genes_of_a_smaller_variance(tiny):
    matrix, _, config = prepared(tiny, n_top_genes=60, scale_exponent=0.5)
    sizes = matrix.n_cells, matrix.n_genes, matrix.n_proteins, matrix.kind
    weight = config.for_data(*sizes, matrix.gene_variance).weight_protein
    assert weight == pytest.approx(0.3 * matrix.gene_variance) and 0 < weight < 0.3
    assert config.for_data(*sizes).weight_protein == 0.3
    protein = matrix.dense(np.arange(matrix.n_cells))[:, matrix.n_genes :]
    assert protein.var() == pytest.approx(1, abs=0.15)


def test_both_parts_of_split_counts_are_scaled_by_the_same_exponent(cells):
    spreads = {}
    for exponent in (0.5, 1.0):
        matrix, split, config = prepared(cells, scale_exponent=exponent)
        splitter = count_splitting.splitter(matrix, split.train, config)
        spreads[exponent] = [1 / scale[0] for scale in (splitter.seen_scale, splitter.scale)]
    for half, one in zip(spreads[0.5], spreads[1.0], strict=True):
        np.testing.assert_allclose(half, np.sqrt(one), rtol=1e-4)


def test_residuals_of_all_cells_are_those_of_scanpy_on_the_chosen_genes(cells):
    matrix, split, _ = prepared(cells, gene_transform="pearson")
    theirs = cells[split.train, matrix.genes].copy()
    sc.experimental.pp.normalize_pearson_residuals(theirs)
    np.testing.assert_allclose(matrix.dense(split.train), np.asarray(theirs.X), rtol=1e-4, atol=1e-4)
    assert not matrix.logged and matrix.target_sum is None and (matrix.sd == 1).all()
    rows = np.array([4, 2])
    np.testing.assert_allclose(matrix.as_seen(matrix.raw(rows), rows), matrix.dense(rows), atol=1e-5)
    np.testing.assert_allclose(matrix.mean_of(split.train), matrix.dense(split.train).mean(axis=0), atol=1e-4)
    assert varies(matrix, split.train).any()


@pytest.mark.parametrize("settings", [{"gene_transform": "pearson"}, {"scale_exponent": 0.4}])
def test_the_script_gives_the_same_values(cells, tmp_path, monkeypatch, settings):
    recipe = Recipe("genes", (), {"n_top_genes": 90} | settings)
    text = script(recipe, checks.examine(cells.copy()).record(), RunConfig())
    theirs = made_by_script(text, cells.copy(), tmp_path, monkeypatch)
    matrix, _, _ = prepared(cells, **settings)
    assert list(theirs.var_names) == list(matrix.genes)
    np.testing.assert_allclose(theirs.X, matrix.dense(np.arange(matrix.n_cells)), atol=2e-4)


def test_residuals_need_counts_and_take_the_place_of_the_other_steps(cells):
    logged = cells.copy()
    sc.pp.normalize_total(logged, target_sum=1e4)
    sc.pp.log1p(logged)
    with pytest.raises(UserError, match="Pearson residuals need raw counts, and this dataset holds log"):
        prepared(logged, gene_transform="pearson")
    with pytest.raises(
        UserError, match="Scale_exponent has no effect where genes are transformed to Pearson"
    ):
        parse({"gene_transform": "pearson", "scale_exponent": 0.5})
