"""result.h5ad has what a run found, and follows the rules of cellxgene and zellkonverter."""

import anndata
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from core.data import count_sources, matrix_kind, read
from core.export import h5ad, h5ad_rules
from core.figures import Colour

NAMED = h5ad.NamedClusters(
    Colour("My T cells <b>", np.array([0, 1, -1] * 80), ("T", "B"), "by hand", ("#0072b2", "#e69f00")),
    "ann",
    "2026-11-24T12:00:00+00:00",
    "2 cells named T",
)


@pytest.fixture(scope="module")
def result(tiny, tmp_path_factory):
    """A result.h5ad with maps, two clusterings of one title, proteins, and a list among the facts."""
    maps = {
        "latent_umap": np.ones((240, 2)),
        "pca": np.ones((240, 50)),
        "input_tsne": np.full((240, 2), np.nan),
    }
    exported = h5ad.result(
        tiny,
        {"model": "citeseq", "nothing": None, "loss_valid": [1.0, 0.5]},
        np.ones((240, 4)),
        np.zeros(240, int),
        np.arange(240) % 4,
        maps,
        tiny.var_names[:9],
        named_clusters=[NAMED, NAMED],
        scores={"nuwa_neighbours_kept_15": np.where(np.arange(240) < 9, np.nan, 0.5)},
    )
    path = tmp_path_factory.mktemp("result") / "result.h5ad"
    exported.write(path)
    return path


def broken(findings):
    """The rules that are not followed, as {the rule's first words: what is wrong}."""
    return {f.rule[:24]: f.detail for f in findings if not f.holds}


def test_our_result_follows_the_rules_of_cellxgene_and_zellkonverter(result):
    findings = h5ad_rules.check(result)
    assert broken(findings) == {} and {f.of for f in findings} == {"cellxgene", "zellkonverter"}
    assert h5ad_rules.check_adata(anndata.read_h5ad(result)) == findings


def test_named_clusters_are_columns_with_colours_and_authors(result):
    adata = anndata.read_h5ad(result)
    columns = ["nuwa_my_t_cells_b", "nuwa_my_t_cells_b_2"]
    assert (
        list(adata.obs[columns[0]].cat.categories) == ["T", "B"] and adata.obs[columns[1]].isna().sum() == 80
    )
    assert list(adata.uns["nuwa_namings"]["column"]) == columns
    assert list(adata.uns["nuwa_namings"]["author"]) == ["ann", "ann"]
    assert list(adata.uns["nuwa_my_t_cells_b_colors"]) == ["#0072b2", "#e69f00"]
    assert "X_nuwa_input_tsne" not in adata.obsm  # it is no map: its values are no numbers
    assert adata.uns["default_embedding"] == "X_nuwa_umap"


def test_the_scores_of_each_cell_are_columns_of_obs(result):
    kept = anndata.read_h5ad(result).obs["nuwa_neighbours_kept_15"]
    assert kept.dtype == np.float32 and kept.isna().sum() == 9 and kept.max() == 0.5


def test_a_result_without_embeddings_names_none(tiny, tmp_path):
    adata = tiny.copy()
    adata.obsm["X_umap"] = np.random.default_rng(0).standard_normal((240, 2))
    adata.uns["default_embedding"] = "X_umap"
    exported = h5ad.result(
        adata, {"model": "x"}, np.ones((240, 4)), np.zeros(240, int), None, {}, tiny.var_names[:9]
    )
    exported.write(tmp_path / "x.h5ad")
    assert broken(h5ad_rules.check(tmp_path / "x.h5ad")) == {}


def _break(adata, what):
    """Make one mistake in an AnnData."""
    if what == "twice":
        adata.var_names = ["a", *adata.var_names[1:-1], "a"]
    elif what == "hidden":
        adata.obs["__mine"] = 1.0
    elif what == "table":
        adata.obsm["adt"] = pd.DataFrame(np.ones((240, 2)), index=adata.obs_names, columns=["a", "b"])
    elif what == "key":
        adata.obsm["X_my map"] = np.ones((240, 2))
    elif what == "nan":
        adata.obsm["X_nuwa_umap"][3] = np.nan
    elif what == "none to show":
        adata.obsm.clear()
    elif what == "colours":
        adata.uns["nuwa_cluster_colors"] = np.array(["#0072b2"])
    elif what == "empty":
        adata.uns["void"] = np.array([])
    elif what == "dense":
        adata.X = adata.X.toarray()
        adata.X[:, :90] = 0
    elif what == "halves":
        adata.layers["counts"].data[5] += 0.5
    elif what == "text":
        adata.obsm["notes"] = np.full((240, 1), "x", dtype=object)


@pytest.mark.parametrize(
    "what, rule, detail",
    [
        ("twice", "cell and gene names are ", "var: a occurs more than once"),
        ("hidden", "names of columns are tex", "obs: __mine"),
        ("table", "every entry of obsm is a", "obsm['adt'] is a DataFrame"),
        ("key", "an embedding's key is X_", "obsm['X_my map']"),
        ("nan", "the values of embeddings", "obsm['X_nuwa_umap'] has values that are missing"),
        ("none to show", "there is an embedding to", "there is none"),
        ("colours", "colours of a column are ", "4 categories and 1 colours"),
        ("empty", "nothing in uns is empty", "uns['void']"),
        ("dense", "a matrix with half of it", "X: most of its values are 0"),
        ("halves", "counts are whole numbers", "not all are whole numbers"),
        ("text", "obsm and varm become mat", "obsm['notes']"),
    ],
)
def test_a_file_that_breaks_a_rule_is_reported(result, what, rule, detail):
    adata = anndata.read_h5ad(result)
    _break(adata, what)
    assert detail in broken(h5ad_rules.check_adata(adata))[rule]


def log_normalised(adata):
    logged = adata.copy()
    logged.X = count_sources.logged(adata.X)
    return logged


def beside_a_wider_raw(adata):
    part = adata[:, :50].copy()
    part.raw = adata
    return part


def in_a_layer(adata):
    logged = log_normalised(adata)
    logged.layers["umi"] = adata.X.copy()
    return logged


def in_raw(adata):
    logged = log_normalised(adata)
    logged.raw = adata
    return logged[:, :50].copy()


@pytest.mark.parametrize("form", [beside_a_wider_raw, in_a_layer, in_raw], ids=lambda form: form.__name__)
def test_a_result_that_is_read_again_has_the_counts_of_its_run(tiny, form):
    dataset = read.tidy(form(tiny.copy()))
    trained = count_sources.source_of(dataset)
    exported, _ = h5ad.base(dataset)
    again = count_sources.source_of(read.tidy(exported))
    assert list(again.genes) == list(trained.genes) and (again.values != trained.values).nnz == 0
    assert again.kind == "counts" and matrix_kind.what_is(exported.X).kind == "lognorm"


def test_a_result_of_an_earlier_version_has_its_counts_in_their_layer(tiny):
    adata = log_normalised(tiny)
    adata.layers["counts"] = tiny.X.copy()
    adata.raw = AnnData(tiny.X * 2, var=tiny.var)
    assert count_sources.counts_of(adata).where == "raw.X"
    adata.uns["nuwa"] = {"run": "x"}
    assert count_sources.counts_of(adata).where == 'layers["counts"]'
