"""The script of a recipe, run with scanpy alone: every step of a recipe gives the identical matrix."""

import ast
import subprocess
import sys

import formats
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from anndata import AnnData
from app_under_test import bring
from scipy import sparse
from simulated import hashtag_counts, made_by_script, people

from core.config import RunConfig
from core.data import checks, count_sources, read
from core.errors import UserError
from core.preprocessing import steps
from core.preprocessing.recipe import STEPS, Recipe, Start, preset, script, script_files, script_steps
from core.preprocessing.split import split_cells
from core.worker.execute import drain

TAGS = ("hashtag_sample", "hashtag_class", "hashtag_probability")
AS_IT_IS = preset("as is").settings  # all genes, no change of values: the script's X is the counts


@pytest.fixture(scope="module")
def cells():
    return people()


def logged(adata):
    changed = adata.copy()
    changed.X = count_sources.logged(adata.X)
    return changed


def with_ids(adata):
    changed = adata.copy()
    changed.var["gene_ids"] = [f"ENSG{i:011d}" for i in range(changed.n_vars)]
    changed.var_names = [*changed.var_names[:-2], "TWIN", "TWIN-1"]
    return changed


def by_ids(adata):
    changed = adata.copy()
    changed.var["symbol"] = [*changed.var_names[:-2], "TWIN", "TWIN"]
    changed.var_names = [f"ENSG{i:011d}.{i % 9}" for i in range(changed.n_vars)]
    return changed


def in_raw(adata):
    """Scaled values of a few genes; the counts of all lie in .raw."""
    changed = adata[:, 100:400].copy()
    changed.raw = adata
    changed.X = np.random.default_rng(0).standard_normal(changed.shape).astype(np.float32)
    return changed


def with_missing(adata):
    changed = adata.copy()
    changed.X[[3, 9], [5, 800]] = np.nan
    return changed


def with_empty(adata):
    changed = adata.copy()
    changed.X = sparse.csr_matrix(
        changed.X.multiply((np.arange(changed.n_obs) % 7 > 0)[:, None]), dtype=np.float32
    )
    return changed


def antibodies(adata):
    changed = adata.copy()
    changed.var_names = [*changed.var_names[:-3], "ADT_CD3", "ADT_CD4", "ADT_CD8"]
    return changed


def with_genomes(adata):
    made = adata.copy()
    made.var_names = "GRCh38_" + made.var_names
    return made


def with_dates(adata):
    made = adata.copy()
    made.var_names = [*made.var_names[:-3], "1-Mar", "1-Mar-1", "9-Sep"]
    return made


def half_logged(adata):
    made = adata.copy()
    made.X = sparse.vstack([made.X[:100], made.X[100:].log1p()], format="csr")
    return made


def corrected(adata):
    made = adata.copy()
    made.X = sparse.csr_matrix(
        made.X.multiply(np.where(np.arange(made.n_vars) % 5, 1, 0.9)), dtype=np.float32
    )
    return made


def divided(adata):
    made = adata.copy()
    made.X = sparse.csr_matrix(made.X.multiply(np.linspace(0.37, 2.9, made.n_obs)[:, None]), dtype=np.float32)
    return made


def stained_in_part(adata):
    made = adata.copy()
    table = np.random.default_rng(0).poisson(20, (made.n_obs, 3)).astype(np.float32)
    table[:40] = np.nan
    made.obsm["protein"] = pd.DataFrame(table, made.obs_names, ["CD3", "CD4", "CD8"])
    return made


def tagged(adata):
    made = adata.copy()
    counts = hashtag_counts(3, cells=made.n_obs)[0].astype(np.float32)
    made.obsm["HTO"] = pd.DataFrame(counts, made.obs_names, ["HTO-1", "HTO-2", "HTO-3"])
    return made


def lying(adata):
    return adata.T.copy()


# What is done to the cells beforehand, and the steps; the last of each is the kind of step that the case is of.
CASES = {
    "transpose": (lying, ["transpose"]),
    "use_raw": (in_raw, ["use_raw"]),
    "drop_not_finite": (with_missing, ["drop_not_finite"]),
    "zero_not_finite": (with_missing, ["zero_not_finite"]),
    "undo_log": (logged, ["undo_log"]),
    "unique_names": (with_ids, ["unique_names"]),
    "use_symbols": (by_ids, ["use_symbols", "filter_cells"]),
    "drop_versions": (by_ids, ["drop_versions"]),
    "drop_genomes": (with_genomes, ["drop_genomes"]),
    "restore_date_genes": (with_dates, ["restore_date_genes"]),
    "restore_dates_mtarc_first": (with_dates, ["restore_dates_mtarc_first"]),
    "restore_dates_marchf_first": (with_dates, ["restore_dates_marchf_first"]),
    "drop_empty_cells": (with_empty, ["drop_empty_cells"]),
    "restore_counts": (divided, ["restore_counts"]),
    "round_counts": (corrected, ["round_counts"]),
    "undo_log_in_some_cells": (half_logged, ["undo_log_in_some_cells"]),
    "drop_cells_with_fractions": (half_logged, ["drop_cells_with_fractions"]),
    "drop_unmeasured_cells": (stained_in_part, ["drop_unmeasured_cells"]),
    "mask_proteins": (stained_in_part, ["mask_proteins"]),
    "drop_proteins": (stained_in_part, ["drop_proteins"]),
    "split_proteins": (antibodies, ["split_proteins"]),
    "assign_hashtags": (tagged, ["assign_hashtags"]),
    "drop_hashtag_doublets": (tagged, ["assign_hashtags", "drop_hashtag_doublets"]),
    "drop_hashtag_negatives": (tagged, ["assign_hashtags", "drop_hashtag_negatives"]),
    "filter_cells": (
        AnnData.copy,
        [{"name": "filter_cells", "params": {"batch_key": "donor"}}, {"name": "filter_cells"}],
    ),
    "filter_genes": (in_raw, ["filter_cells", {"name": "filter_genes", "params": {"min_cells": 5}}]),
    "score_doublets": (
        AnnData.copy,
        [{"name": "score_doublets", "params": {"batch_key": "donor", "seed": 3}}, "filter_cells"],
    ),
    "score_cell_cycle": (logged, ["undo_log", "filter_cells", "score_cell_cycle"]),
}


def stepped_case(cells, case):
    """(the dataset before, after its steps in normal form, its script)."""
    change, case_steps = CASES[case]
    before = read.tidy(change(cells), "cells")
    case_steps = [one if isinstance(one, dict) else {"name": one} for one in case_steps]
    after = read.tidy(steps.apply(before, case_steps), "cells")
    recipe = Recipe(case, steps.made_before(after), AS_IT_IS)
    seen = checks.examine(before).record()
    start = Start("cells.h5ad", True, seen["cells"], seen["genes"])
    return before, after, script(recipe, checks.examine(after).record(), RunConfig(), start=start)


def check(theirs, after):
    source = count_sources.counts_of(after)
    there = np.asarray((source.matrix != 0).sum(axis=0)).ravel() > 0
    names = count_sources.genes_of(after, source.where)
    assert list(theirs.obs_names) == list(after.obs_names)
    seen = names.isin(theirs.var_names)
    assert (there | ~seen).all() and list(theirs.var_names) == list(names[seen])
    # Only genes that no training cell has may be away.
    train = split_cells(after.n_obs, RunConfig()).train
    assert not source.matrix[train][:, ~seen].sum()
    values = source.matrix[:, seen]
    np.testing.assert_array_equal(theirs.X, values.toarray() if sparse.issparse(values) else values)
    for column in ("doublet_score", "predicted_doublet", "S_score", "G2M_score", "phase", *TAGS):
        assert (column in after.obs) == (column in theirs.obs)
        if column in after.obs:
            np.testing.assert_array_equal(theirs.obs[column], after.obs[column])
    assert ("protein" in after.obsm) == ("protein" in theirs.obsm)
    if "protein" in after.obsm:
        table = after.obsm["protein"]
        pd.testing.assert_frame_equal(theirs.obsm["protein"], table[list(theirs.obsm["protein"])])


@pytest.mark.parametrize("case", [case for case in CASES if case != "score_doublets"])  # which takes seconds
@pytest.mark.filterwarnings("ignore")
def test_each_step_gives_the_identical_matrix(cells, case, tmp_path, monkeypatch):
    before, after, text = stepped_case(cells, case)
    before.uns = {}
    check(made_by_script(text, before, tmp_path, monkeypatch), after)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_each_step_in_a_process_without_nuwa(cells, case, tmp_path):
    before, after, text = stepped_case(cells, case)
    (tmp_path / "recipe.py").write_text(text)
    before.write_h5ad(tmp_path / "in.h5ad")
    command = [sys.executable, "-I", "recipe.py", "in.h5ad", "out.h5ad"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    check(sc.read_h5ad(tmp_path / "out.h5ad"), after)


def test_every_step_is_written_as_a_script():
    assert set(CASES) == set(STEPS) == set(script_steps.PARTS)


def test_what_goes_into_scripts_needs_nothing_else_and_shares_no_name():
    names, allowed = [], {"numpy", "pandas", "scipy", "anndata", "core", *sys.stdlib_module_names}
    for name, path in script_files.FILES.items():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ImportFrom | ast.Import):
                module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
                assert module.partition(".")[0] in allowed, f"{name} imports {module}"
                if module.startswith("core"):
                    assert module.removeprefix("core.data.standalone.") in script_files.NEEDS.get(name, ())
            elif isinstance(node, ast.Assign):
                names += [
                    one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)
                ]
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.append(node.name)
    assert len(names) == len(set(names))


FILES = {
    "10x.h5": lambda adata, folder: formats.tenx_h5(adata, folder),
    "10x folder": lambda adata, folder: formats.tenx_folder(adata, folder),
    "h5ad": lambda adata, folder: formats.h5ad(adata, folder),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.filterwarnings("ignore")
def test_a_script_starts_from_the_file_that_was_brought(kind, tmp_path, monkeypatch):
    path = FILES[kind](formats.counts(), tmp_path)
    after = read.tidy(steps.apply(read.read(path), [{"name": "filter_genes"}]), "x")
    record = checks.examine(after).record()
    text = script(Recipe("x", steps.made_before(after), AS_IT_IS), record, RunConfig())
    check(made_by_script(text, None, tmp_path, monkeypatch, path), after)


@pytest.mark.parametrize("place", ["umi", "reads"])
def test_a_script_takes_the_counts_where_a_person_said_they_are(cells, place, tmp_path, monkeypatch):
    before, where = logged(cells), f'layers["{place}"]'
    before.layers["umi"], before.layers["reads"] = cells.X, cells.X * 3
    before.uns = {"nuwa_counts": where}
    record = checks.examine(before).record()
    assert record["counts_where"] == where
    start = Start("cells.h5ad", True, before.n_obs, before.n_vars, where)
    text = script(Recipe("x", [], AS_IT_IS), record, RunConfig(), start=start)
    plain = before.copy()
    plain.uns = {}
    theirs = made_by_script(text, plain, tmp_path, monkeypatch)
    assert theirs.X.sum() == before[:, theirs.var_names].layers[place].sum()


def test_another_file_is_refused(cells, tmp_path, monkeypatch):
    _, _, text = stepped_case(cells, "filter_cells")
    with pytest.raises(SystemExit, match="has not the 220 cells"):
        made_by_script(text, cells[:100].copy(), tmp_path, monkeypatch)


def test_the_page_offers_the_data_that_a_script_starts_from(empty_nuwa, tiny_file):
    view, store = empty_nuwa.view, empty_nuwa.store
    id = bring(view, "tiny.h5ad", tiny_file.read_bytes())
    drain(store)
    after = view.steps.add(id, "filter_genes", {"min_cells": 60})
    drain(store)
    assert view.steps.script_start(after)[:3] == ("tiny.h5ad", True, 240)
    with empty_nuwa.client.get(f"/download/dataset/{after}.h5ad") as answer:
        assert answer.status_code == 200 and answer.data == store.dataset_folder(id).file.read_bytes()
    assert empty_nuwa.client.get("/download/dataset/none.h5ad").status_code == 404


def test_what_is_left_to_the_data_is_no_script(cells):
    record = checks.examine(cells).record()
    with pytest.raises(UserError, match="leaves its limits to the data"):
        script(Recipe("x", [{"name": "filter_cells"}]), record, RunConfig())
