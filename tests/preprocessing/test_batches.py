"""Columns of batches: what is refused, and what is said of batches that a model cannot learn."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from core.config import RunConfig
from core.errors import UserError
from core.preprocessing.batches import batch_notes, batches_of
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells


def cells(batches):
    obs = pd.DataFrame({"batch": batches}, index=[f"c{i}" for i in range(len(batches))])
    return AnnData(np.ones((len(batches), 2), np.float32), obs=obs)


@pytest.mark.parametrize(
    "batches, sentence",
    [
        (["a", "b", None, None], "2 cells have no value in the obs column 'batch', which is needed for x"),
        (["a", "b", np.nan], "1 cell has no value"),
        ([*"abcdef", "a"], "5 of the 6 batches of the obs column 'batch' have a single cell"),
        (["a"] * 5, "has 1 different values"),
    ],
)
def test_columns_that_are_no_batches_are_refused(batches, sentence):
    with pytest.raises(UserError, match=sentence):
        batches_of(cells(batches), "batch", "x")


def test_batches_that_cannot_be_learned_are_named():
    codes, names = batches_of(cells([*"aaaaabbb", "c", *"ddd"]), "batch", "x")
    assert batch_notes(codes, names, "batch", np.arange(8)) == [
        "1 batch of 'batch' has a single cell, from which no batch effect can be learned: c.",
        "1 batch of 'batch' has no training cell, so the model learns nothing of them: d.",
    ]
    assert batch_notes(codes[:8], names[:2], "batch", np.arange(8)) == []


def test_a_run_names_a_batch_of_one_cell(tiny):
    adata = tiny.copy()
    adata.obs["lane"] = ["alone", *np.where(np.arange(239) % 2, "x", "y")]
    config = RunConfig(batch_key="lane")
    matrix = prepare(adata, config, split_cells(adata.n_obs, config))
    assert any(note.startswith("1 batch of 'lane' has a single cell") for note in matrix.notes)


def test_missing_proteins_are_refused_but_for_rna_alone(tiny):
    adata = tiny.copy()
    adata.obsm["protein"] = adata.obsm["protein"].copy()
    adata.obsm["protein"].iloc[:7] = np.nan
    config = RunConfig()
    split = split_cells(adata.n_obs, config)
    with pytest.raises(UserError, match="7 cells have missing protein values: remove the cells"):
        prepare(adata, config, split)
    alone = prepare(adata, RunConfig(modalities="rna"), split)
    assert alone.n_proteins == 0 and any("no protein values" in note for note in alone.notes)
