"""Recipes: limits by hand and by scanpy's own numbers, steps that are written down, and the same again from JSON."""

import json
import runpy
import subprocess
import sys
import warnings

import numpy as np
import pytest
import scanpy as sc
from anndata import AnnData
from house import bring, sent
from hypothesis import given
from hypothesis import settings as fuzz
from hypothesis import strategies as st
from scipy import sparse
from test_findings import human

from core.config import PREPARE, RunConfig, parse, specs
from core.data import checks, read
from core.data.fingerprint import data_hash
from core.data.standalone import bimodal
from core.errors import UserError
from core.preprocessing import gene_selection, steps
from core.preprocessing.prepare import prepare
from core.preprocessing.recipe import (
    PRESETS,
    Limits,
    Recipe,
    from_json,
    preset,
    script,
    script_genes,
    suggested,
    within_limits,
)
from core.preprocessing.recipe.script import KNOWN
from core.preprocessing.split import split_cells
from core.preprocessing.steps import filters
from core.worker.execute import drain
from dashboard.pages.preprocess.cell_quality import ALL_CELLS, cells_within, suggest

CYCLE = ("MCM5", "PCNA", "TYMS", "CENPU", "UNG", "GMNN", "HMGB2", "CDK1", "TOP2A", "MKI67", "JPT1", "CENPA")


@pytest.fixture(scope="module")
def cells():
    """Those of `people`. Read only: copy it."""
    return people()


def people():
    """220 human cells with MT, ribosomal and cell-cycle genes, in two donors."""
    adata = human(extra=900)
    adata.var_names = [*adata.var_names[: -len(CYCLE)], *CYCLE]
    loud = sparse.lil_matrix(adata.X)
    loud[:20] *= 40  # cells far from the others
    adata.X = sparse.csr_matrix(loud, dtype=np.float32)
    adata.obs["donor"] = np.where(np.arange(220) % 3, "ann", "bob")
    return read.tidy(adata, "cells")


def metrics(adata):
    """What scanpy computes of each cell, MT and ribosomal genes marked by their usual beginnings."""
    adata = adata.copy()
    adata.var["mt"] = adata.var_names.str.startswith("MT-")
    adata.var["ribo"] = adata.var_names.str.match("RPS|RPL")
    return sc.pp.calculate_qc_metrics(adata, qc_vars=["mt", "ribo"], percent_top=None, log1p=True)[0]


def is_outlier(values, n):
    """As sc-best-practices has it, word for word but for scipy's function."""
    middle = np.median(values)
    spread = np.median(np.abs(values - middle))
    return (values < middle - n * spread) | (middle + n * spread < values)


def test_what_is_measured_is_what_scanpy_measures(cells):
    found, told = filters.measured(cells), metrics(cells)
    for name, column in (
        ("counts", "total_counts"),
        ("genes", "n_genes_by_counts"),
        ("mito", "pct_counts_mt"),
    ):
        np.testing.assert_allclose(found[name], told[column], rtol=1e-5)
    np.testing.assert_allclose(found["ribo"], told["pct_counts_ribo"], rtol=1e-5)


def test_limits_by_hand():
    values = {"counts": np.expm1([4, 5, 5.5, 6, 7]), "mito": np.array([1.0, 2, 2.5, 3, 30])}
    limits = suggested(values)
    assert limits.counts == (np.ceil(np.expm1(5.5 - 5 * 0.5)), np.floor(np.expm1(5.5 + 5 * 0.5)))
    assert limits.mito == (None, 4.0)  # 2.5 + 3 * 0.5, which is below 8
    assert suggested({"mito": np.array([2.0, 4, 6, 8, 20])}).mito == (None, 8.0)  # 6 + 3 * 2 is above it
    assert suggested({"mito": np.array([20.0, 21, 22])}).mito == (None, 24.0)  # 8 % would leave nothing
    assert suggested({"mito": np.zeros(5)}).mito == (None, 8.0)
    assert suggested({"counts": np.full(5, 7.0)}).set() == {}
    assert suggested({"doublet": np.array([0.1, 0.2, 0.5]), "predicted": np.array([0, 0, 1])}).doublet == (
        None,
        0.2,
    )


def test_cells_leave_as_sc_best_practices_has_them(cells):
    told = metrics(cells)
    gone = is_outlier(told["log1p_total_counts"], 5) | is_outlier(told["log1p_n_genes_by_counts"], 5)
    values = filters.measured(cells)
    counts = {name: values[name] for name in ("counts", "genes")}
    np.testing.assert_array_equal(~within_limits(counts, suggested(counts)), gone)
    assert 5 < gone.sum() < 100
    made = steps.apply(cells, [{"name": "filter_cells"}])
    high = told["pct_counts_mt"] > min(8, suggested(values).mito[1])
    assert list(made.obs_names) == list(cells.obs_names[~(gone | high)])


def test_genes_and_cells_are_filtered_as_by_scanpy(cells):
    ours = steps.apply(cells, [{"name": "filter_genes", "params": {"min_cells": 5}}])
    theirs = cells.copy()
    sc.pp.filter_genes(theirs, min_cells=5)
    assert list(ours.var_names) == list(theirs.var_names) and ours.n_vars < cells.n_vars
    least = int(np.median(filters.measured(cells)["genes"]))
    ours = steps.apply(cells, [{"name": "filter_cells", "params": {"limits": {"genes": [least, None]}}}])
    theirs = cells.copy()
    sc.pp.filter_cells(theirs, min_genes=least)
    assert list(ours.obs_names) == list(theirs.obs_names) and 0 < ours.n_obs < cells.n_obs


def test_batches_have_limits_of_their_own(cells):
    params = {"batch_key": "donor", "batches": {"bob": {"counts": [1e6, None]}}, "limits": {}}
    made = steps.apply(cells, [{"name": "filter_cells", "params": params}])
    assert set(made.obs["donor"]) == {"ann"} and made.n_obs == (cells.obs["donor"] == "ann").sum()
    made = steps.apply(cells, [{"name": "filter_cells", "params": {"batch_key": "donor"}}])
    own = steps.made_before(made)[0]["params"]["batches"]
    rows = (cells.obs["donor"] == "bob").to_numpy()
    assert own["bob"]["counts"] == list(suggested({"counts": filters.measured(cells)["counts"][rows]}).counts)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (
            {"name": "filter_cells", "params": {"limits": {"doublet": [None, 0.2]}}},
            "run Score doublets first",
        ),
        ({"name": "filter_cells", "params": {"limits": {"counts": [9e9, None]}}}, "no cell would stay"),
        ({"name": "filter_cells", "params": {"limits": {"counts": [9, 3]}}}, "swap them"),
        ({"name": "filter_cells", "params": {"limits": {"weight": [9, 3]}}}, "weight"),
        ({"name": "filter_cells", "params": {"batch_key": "chip"}}, "no obs column 'chip'"),
        ({"name": "filter_cells", "params": {"batches": {"bob": {}}}}, "batch_key"),
        (
            {"name": "filter_cells", "params": {"batch_key": "donor", "batches": {"eve": {}}}},
            "no batch 'eve'",
        ),
        ({"name": "filter_genes", "params": {"min_cells": 0}}, "greater than or equal to 1"),
        ({"name": "filter_genes", "params": {"min_cells": 9999}}, "no gene is above 0"),
        ({"name": "score_doublets", "params": {"batch_key": "chip"}}, "no obs column 'chip'"),
        ({"name": "glue"}, "no step 'glue'"),
        ("filter_cells", "A step is written"),
    ],
)
def test_a_step_that_cannot_be_done_says_why(cells, step, words):
    with pytest.raises(UserError, match=words):
        steps.apply(cells, [step])


def test_doublets_are_scrublets(cells):
    made = steps.apply(cells, [{"name": "score_doublets", "params": {"seed": 3}}])
    theirs = cells.copy()
    sc.pp.scrublet(theirs, random_state=3, threshold=0.2, verbose=False)
    np.testing.assert_allclose(made.obs["doublet_score"], theirs.obs["doublet_score"])
    threshold = bimodal.between_modes(theirs.uns["scrublet"]["doublet_scores_sim"])
    if threshold is None:
        assert not made.obs["predicted_doublet"].any()
    else:
        np.testing.assert_array_equal(made.obs["predicted_doublet"], theirs.obs["doublet_score"] > threshold)
    apart = steps.apply(cells, [{"name": "score_doublets", "params": {"batch_key": "donor"}}])
    rows = (cells.obs["donor"] == "bob").to_numpy()
    alone = steps.apply(cells[rows].copy(), [{"name": "score_doublets"}])
    np.testing.assert_allclose(apart.obs["doublet_score"][rows], alone.obs["doublet_score"])


def test_a_threshold_lies_between_two_modes():
    random = np.random.default_rng(0)
    two = np.concatenate([random.normal(0.1, 0.03, 4000), random.normal(0.6, 0.05, 1000)])
    assert 0.2 < bimodal.between_modes(two) < 0.5
    falling = np.repeat(np.arange(256.0), np.arange(256, 0, -1))
    assert bimodal.between_modes(falling) is None
    assert bimodal.between_modes(np.ones(9)) is None and bimodal.between_modes(np.zeros(0)) is None


def test_the_cell_cycle_is_scanpys(cells):
    made = steps.apply(cells, [{"name": "score_cell_cycle"}])
    theirs = cells.copy()
    sc.pp.normalize_total(theirs, target_sum=1e4)
    sc.pp.log1p(theirs)
    s, g2m = CYCLE[:6], CYCLE[6:]
    sc.tl.score_genes_cell_cycle(theirs, s_genes=list(s), g2m_genes=list(g2m), random_state=0)
    np.testing.assert_allclose(made.obs["S_score"], theirs.obs["S_score"], atol=1e-5)
    np.testing.assert_allclose(made.obs["G2M_score"], theirs.obs["G2M_score"], atol=1e-5)
    assert (made.obs["phase"] == theirs.obs["phase"]).mean() > 0.99
    mouse = cells.copy()
    mouse.var_names = [*cells.var_names[: -len(CYCLE)], *(name.capitalize() for name in CYCLE)]
    assert made.obs["phase"].equals(steps.apply(mouse, [{"name": "score_cell_cycle"}]).obs["phase"])
    theirs.X = theirs.X.toarray()
    again = steps.apply(theirs, [{"name": "score_cell_cycle"}])  # logged values are scored as they are
    np.testing.assert_allclose(again.obs["S_score"], made.obs["S_score"], atol=1e-5)
    with pytest.raises(UserError, match="and these are scaled"):
        steps.apply(sc.pp.scale(theirs, copy=True), [{"name": "score_cell_cycle"}])
    with pytest.raises(UserError, match="5 of each are needed"):
        steps.apply(cells[:, :50].copy(), [{"name": "score_cell_cycle"}])


def test_a_recipe_again_gives_the_identical_matrix(cells):
    names = ("filter_cells", "score_cell_cycle", "filter_genes")
    made = steps.apply(cells, [{"name": name} for name in names])
    again = from_json(Recipe("mine", steps.made_before(made), {"n_top_genes": 77}).to_json())
    assert again.name == "mine" and again.settings["n_top_genes"] == 77
    other = steps.apply(cells, [step.record() for step in again.steps])
    assert data_hash(other) == data_hash(made) and other.obs.equals(made.obs)
    assert [one["after"] for one in steps.made_before(other)] == [
        one["after"] for one in steps.made_before(made)
    ]
    shuffled = steps.apply(made[:50].copy(), [{"name": "filter_genes"}])
    assert len(steps.made_before(shuffled)) == 4  # what was done before stays written down


def test_the_source_stays_as_it_is(cells):
    before = data_hash(cells)
    steps.apply(cells, [{"name": name} for name in ("filter_cells", "filter_genes", "score_doublets")])
    assert data_hash(cells) == before and steps.KEY not in cells.uns and "doublet_score" not in cells.obs


def test_presets_can_be_applied(cells, tiny):
    for name in PRESETS:
        recipe = preset(name)
        made = steps.apply(tiny.copy(), [step.record() for step in recipe.steps])
        assert made.n_obs > 200 and from_json(recipe.to_json()).settings == recipe.settings
    asis = preset("as is").settings
    assert not any(asis[name] for name in ("normalize", "log1p", "scale", "n_top_genes"))
    assert asis["protein_transform"] == "none"


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", "{}", '{"nuwa_recipe": 2}', '{"nuwa_recipe": 1, "steps": {}}', '{"nuwa_recipe": 1, "code": "x"}',
        '{"nuwa_recipe": 1, "steps": [3]}', '{"nuwa_recipe": 1, "settings": {"epochs": 3}}', "[" * 100_000,
        '{"nuwa_recipe": 1, "settings": {"target_sum": -1}}', '{"nuwa_recipe": 1, "steps": [{"name": "os:system"}]}',
        '{"nuwa_recipe": 1, "steps": [{"name": "filter_cells", "params": {"limits": {"mito": [null, NaN]}}}]}',
    ],
)  # fmt: skip
def test_a_file_that_is_no_recipe_is_refused_in_a_sentence(text):
    with pytest.raises(UserError, match=r"[a-z].*\.$"):
        from_json(text)


@fuzz(max_examples=15, deadline=None)
@given(st.data())
def test_whatever_the_counts_are_cells_stay_or_it_is_said_why(data):
    n, genes = data.draw(st.integers(10, 30)), data.draw(st.integers(1, 12))
    random = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    values = random.poisson(data.draw(st.sampled_from([0.0, 0.1, 3.0])), (n, genes)) * data.draw(
        st.integers(1, 50)
    )
    values[: data.draw(st.integers(0, n))] = 0
    mito = data.draw(st.integers(0, genes))
    adata = AnnData(sparse.csr_matrix(values, dtype=np.float32))
    adata.var_names = [f"MT-{i}" if i < mito else f"G{i}" for i in range(genes)]
    adata.obs["batch"] = random.integers(0, data.draw(st.integers(1, n)), n).astype(str)
    batch = data.draw(st.sampled_from([None, "batch"]))
    try:
        made = steps.apply(
            adata, [{"name": "filter_cells", "params": {"batch_key": batch}}, {"name": "filter_genes"}]
        )
    except UserError as error:
        assert str(error).endswith(".")
    else:
        again = [
            {k: one[k] for k in ("name", "params")} for one in json.loads(json.dumps(steps.made_before(made)))
        ]
        assert 0 < made.n_obs <= n and data_hash(steps.apply(adata, again)) == data_hash(made)


def test_limits_are_both_ends_included_and_nan_stays():
    values = {"counts": np.array([1, 2, 3, np.nan], np.float32)}
    assert within_limits(values, Limits(counts=(2, 3))).tolist() == [False, True, True, True]


def test_the_script_gives_the_identical_matrix(tiny, tmp_path):
    asked = [{"name": "filter_cells"}, {"name": "filter_genes", "params": {"min_cells": 60}}]
    made = steps.apply(tiny.copy(), asked)
    recipe = Recipe("tiny", steps.made_before(made), {"n_top_genes": 50, "clip": 3.0})
    record = checks.examine(made).record()
    (tmp_path / "recipe.py").write_text(script(recipe, record, RunConfig()))
    tiny.write_h5ad(tmp_path / "in.h5ad")
    words = [sys.executable, "recipe.py", "in.h5ad", "out.h5ad"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    theirs = sc.read_h5ad(tmp_path / "out.h5ad")
    config = parse(recipe.settings)
    ours = prepare(made, config, split_cells(made.n_obs, config))
    assert made.n_obs < tiny.n_obs or made.n_vars < tiny.n_vars
    assert list(theirs.var_names) == list(ours.genes) and list(theirs.obs_names) == list(ours.cell_names)
    assert list(theirs.obsm["protein"].columns) == list(ours.proteins)
    x = np.hstack([theirs.X, theirs.obsm["protein"].to_numpy()])
    np.testing.assert_allclose(x, ours.batch(np.arange(made.n_obs)), atol=2e-5)


CHOICES = {
    "cell_ranger": {"hvg_flavor": "cell_ranger"},
    "seurat_v3 within halves": {"hvg_batch_key": "half"},
    "seurat within donors": {"hvg_flavor": "seurat", "hvg_batch_key": "donor"},
    "cell_ranger within donors": {"hvg_flavor": "cell_ranger", "hvg_batch_key": "donor", "n_top_genes": 300},
    "a batch of few cells": {"hvg_flavor": "seurat", "hvg_batch_key": "chip"},
    "batches that carry no curve": {"hvg_batch_key": "plate"},
    "lists": {"keep_genes": "MKI67, MT-CO1", "drop_genes": "B2M ACTB", "drop_mito": True},
    "switches": {"drop_ribo": True, "drop_cell_cycle": True, "keep_genes": "TOP2A", "n_top_genes": 0},
}


@pytest.mark.parametrize("asked", CHOICES.values(), ids=list(CHOICES))
def test_the_script_chooses_the_same_genes(cells, tmp_path, monkeypatch, asked):
    adata = cells.copy()
    adata.obs["chip"] = np.select([np.arange(220) < 12, np.arange(220) < 90], ["a", "b"], "c")
    adata.obs["half"] = np.where(np.arange(220) % 2, "odd", "even")
    adata.obs["plate"] = (np.arange(220) // 44).astype(str)
    recipe = Recipe("genes", (), {"n_top_genes": 90} | asked)
    config = parse(recipe.settings)
    theirs = made_by_script(
        script(recipe, checks.examine(adata).record(), RunConfig()), adata, tmp_path, monkeypatch
    )
    ours = prepare(adata, config, split_cells(220, config))
    assert list(theirs.var_names) == list(ours.genes)
    np.testing.assert_allclose(theirs.X, ours.batch(np.arange(220)), atol=2e-5)


def made_by_script(text, adata, folder, monkeypatch, path=None):
    """What a script makes of a dataset, or of the file at `path`, run in this process."""
    (folder / "recipe.py").write_text(text)
    if path is None:
        path = folder / "in.h5ad"
        adata.write_h5ad(path)
    monkeypatch.setattr(sys, "argv", ["recipe.py", str(path), str(folder / "out.h5ad")])
    with warnings.catch_warnings():
        runpy.run_path(folder / "recipe.py")
    return sc.read_h5ad(folder / "out.h5ad")


def test_counts_and_mt_shares_over_all_genes_are_those_of_obs_in_limits_and_in_the_script(
    cells, tmp_path, monkeypatch
):
    adata = cells.copy()
    random = np.random.default_rng(0)
    adata.obs["n_counts_all_genes"] = 3 * np.asarray(adata.X.sum(axis=1)).ravel()
    adata.obs["pct_mito"] = random.uniform(0.02, 0.06, 220)  # as a share
    adata.obs.loc[adata.obs_names[50:60], "pct_mito"] = 0.4
    known = filters.measured(adata)
    np.testing.assert_allclose(known["mito"], 100 * adata.obs["pct_mito"], rtol=1e-5)
    np.testing.assert_allclose(known["counts"], adata.obs["n_counts_all_genes"])
    told = checks.examine(adata)  # and so is what the page shows, and its limits go by
    np.testing.assert_allclose(told.shares["mito"], known["mito"], rtol=1e-6)
    np.testing.assert_allclose(told.n_counts, known["counts"])
    made = steps.apply(adata.copy(), [{"name": "filter_cells"}])
    assert not set(adata.obs_names[50:60]) & set(made.obs_names) and made.n_obs > 100
    recipe = Recipe("columns", steps.made_before(made), {"n_top_genes": 0})
    record = checks.examine(adata).record()
    assert record["quality_columns"] == {"counts": "n_counts_all_genes", "mito": "pct_mito"}
    theirs = made_by_script(script(recipe, record, RunConfig()), adata, tmp_path, monkeypatch)
    assert list(theirs.obs_names) == list(made.obs_names)


def test_a_script_knows_every_setting_and_every_switch():
    assert {spec.name for spec in specs(PREPARE)} == KNOWN
    assert {*script_genes.SWITCHES} == {*gene_selection.FAMILIES}


def test_what_a_script_cannot_say_is_refused(cells):
    record = checks.examine(cells).record()
    with pytest.raises(UserError, match="needs raw counts"):
        script(Recipe("x"), record | {"counts_where": None}, RunConfig())


def test_what_the_page_says_stays_is_what_stays(empty_house, tiny, tiny_file):
    view = empty_house.view
    id = bring(view, "tiny.h5ad", tiny_file.read_bytes())
    drain(empty_house.store)
    for column in (ALL_CELLS, "sample"):
        chosen = suggest(view, id, column)
        within = cells_within(view, id, chosen)[1].within
        made = steps.apply(tiny.copy(), [{"name": "filter_cells", "params": chosen}])
        assert list(made.obs_names) == list(tiny.obs_names[within])
        answer = empty_house.press(
            "quality-stay.children", {"quality-limits.data": chosen, "prepare-dataset.data": id}
        )
        assert f"{within.sum()} of 240 cells are kept" in sent(answer["quality-stay"])


def test_a_script_knows_the_genes_that_a_later_step_left_out(empty_house, cells, tmp_path, monkeypatch):
    adata = cells.copy()
    values = sparse.lil_matrix(adata.X)
    values[30:, adata.var_names.get_loc("MT-ND1")] = 0  # in few cells
    adata.X = sparse.csr_matrix(values, dtype=np.float32)
    adata.write_h5ad(tmp_path / "cells.h5ad")
    view = empty_house.view
    id = bring(view, "cells.h5ad", (tmp_path / "cells.h5ad").read_bytes())
    drain(empty_house.store)
    cells_step = {"name": "filter_cells", "params": {"limits": {"mito": [None, 5]}}}
    made = view.steps.replace(id, [cells_step, {"name": "filter_genes", "params": {"min_cells": 40}}])
    drain(empty_house.store)
    text = script(
        view.steps.recipe(made, preset("as is").settings), view.datasets.one(made)["record"], RunConfig()
    )
    theirs = made_by_script(text, adata, tmp_path, monkeypatch)
    assert "MT-ND1" not in theirs.var_names and theirs.n_obs == view.datasets.one(made)["record"]["cells"]
