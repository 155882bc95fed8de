"""The script of a recipe knows every setting, and refuses what it cannot say."""

import subprocess
import sys

import numpy as np
import pytest
import scanpy as sc
from app_under_test import bring
from scipy import sparse
from simulated import made_by_script, people

from core.config import PREPARE, RunConfig, parse, specs
from core.data import checks
from core.errors import UserError
from core.preprocessing import gene_selection, steps
from core.preprocessing.prepare import prepare
from core.preprocessing.recipe import (
    Recipe,
    preset,
    script,
    script_genes,
)
from core.preprocessing.recipe.script import KNOWN
from core.preprocessing.split import split_cells
from core.preprocessing.steps import filters
from core.worker.execute import drain


@pytest.fixture(scope="module")
def cells():
    """Those of `people`. Read only: copy it."""
    return people()


def test_the_script_gives_the_identical_matrix(tiny, tmp_path):
    steps_to_apply = [{"name": "filter_cells"}, {"name": "filter_genes", "params": {"min_cells": 60}}]
    filtered = steps.apply(tiny.copy(), steps_to_apply)
    recipe = Recipe("tiny", steps.made_before(filtered), {"n_top_genes": 50, "clip": 3.0})
    record = checks.examine(filtered).record()
    (tmp_path / "recipe.py").write_text(script(recipe, record, RunConfig()))
    tiny.write_h5ad(tmp_path / "in.h5ad")
    command = [sys.executable, "recipe.py", "in.h5ad", "out.h5ad"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    theirs = sc.read_h5ad(tmp_path / "out.h5ad")
    config = parse(recipe.settings)
    ours = prepare(filtered, config, split_cells(filtered.n_obs, config))
    assert filtered.n_obs < tiny.n_obs or filtered.n_vars < tiny.n_vars
    assert list(theirs.var_names) == list(ours.genes) and list(theirs.obs_names) == list(ours.cell_names)
    assert list(theirs.obsm["protein"].columns) == list(ours.proteins)
    x = np.hstack([theirs.X, theirs.obsm["protein"].to_numpy()])
    np.testing.assert_allclose(x, ours.dense(np.arange(filtered.n_obs)), atol=2e-5)


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


@pytest.mark.parametrize("settings", CHOICES.values(), ids=list(CHOICES))
def test_the_script_chooses_the_same_genes(cells, tmp_path, monkeypatch, settings):
    adata = cells.copy()
    adata.obs["chip"] = np.select([np.arange(220) < 12, np.arange(220) < 90], ["a", "b"], "c")
    adata.obs["half"] = np.where(np.arange(220) % 2, "odd", "even")
    adata.obs["plate"] = (np.arange(220) // 44).astype(str)
    recipe = Recipe("genes", (), {"n_top_genes": 90} | settings)
    config = parse(recipe.settings)
    theirs = made_by_script(
        script(recipe, checks.examine(adata).record(), RunConfig()), adata, tmp_path, monkeypatch
    )
    ours = prepare(adata, config, split_cells(220, config))
    assert list(theirs.var_names) == list(ours.genes)
    np.testing.assert_allclose(theirs.X, ours.dense(np.arange(220)), atol=2e-5)


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
    report = checks.examine(adata)  # and so is what the page shows, and its limits go by
    np.testing.assert_allclose(report.shares["mito"], known["mito"], rtol=1e-6)
    np.testing.assert_allclose(report.n_counts, known["counts"])
    filtered = steps.apply(adata.copy(), [{"name": "filter_cells"}])
    assert not set(adata.obs_names[50:60]) & set(filtered.obs_names) and filtered.n_obs > 100
    recipe = Recipe("columns", steps.made_before(filtered), {"n_top_genes": 0})
    record = checks.examine(adata).record()
    assert record["quality_columns"] == {"counts": "n_counts_all_genes", "mito": "pct_mito"}
    theirs = made_by_script(script(recipe, record, RunConfig()), adata, tmp_path, monkeypatch)
    assert list(theirs.obs_names) == list(filtered.obs_names)


def test_a_script_knows_every_setting_and_every_switch():
    assert {spec.name for spec in specs(PREPARE)} == KNOWN
    assert {*script_genes.SWITCHES} == {*gene_selection.FAMILIES}


def test_what_a_script_cannot_say_is_refused(cells):
    record = checks.examine(cells).record()
    with pytest.raises(UserError, match="needs raw counts"):
        script(Recipe("x"), record | {"counts_where": None}, RunConfig())


def test_a_script_knows_the_genes_that_a_later_step_left_out(empty_nuwa, cells, tmp_path, monkeypatch):
    adata = cells.copy()
    values = sparse.lil_matrix(adata.X)
    values[30:, adata.var_names.get_loc("MT-ND1")] = 0  # in few cells
    adata.X = sparse.csr_matrix(values, dtype=np.float32)
    adata.write_h5ad(tmp_path / "cells.h5ad")
    view = empty_nuwa.view
    id = bring(view, "cells.h5ad", (tmp_path / "cells.h5ad").read_bytes())
    drain(empty_nuwa.store)
    cells_step = {"name": "filter_cells", "params": {"limits": {"mito": [None, 5]}}}
    filtered_id = view.steps.replace(id, [cells_step, {"name": "filter_genes", "params": {"min_cells": 40}}])
    drain(empty_nuwa.store)
    text = script(
        view.steps.recipe(filtered_id, preset("as is").settings),
        view.datasets.one(filtered_id)["record"],
        RunConfig(),
    )
    theirs = made_by_script(text, adata, tmp_path, monkeypatch)
    assert (
        "MT-ND1" not in theirs.var_names and theirs.n_obs == view.datasets.one(filtered_id)["record"]["cells"]
    )
