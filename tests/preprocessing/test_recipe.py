"""Recipes: limits by hand and by scanpy's own numbers, steps that are written down, and the same again from JSON."""

import pytest
from simulated import people

from core.data.fingerprint import data_hash
from core.errors import UserError
from core.preprocessing import steps
from core.preprocessing.recipe import (
    PRESETS,
    Recipe,
    from_json,
    preset,
)


@pytest.fixture(scope="module")
def cells():
    """Those of `people`. Read only: copy it."""
    return people()


@pytest.mark.parametrize(
    ("step", "message"),
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
        ({"name": "filter_genes", "params": {"min_cells": 9999}}, "no gene is found in"),
        ({"name": "score_doublets", "params": {"batch_key": "chip"}}, "no obs column 'chip'"),
        ({"name": "glue"}, "no step 'glue'"),
        ("filter_cells", "A step is written"),
    ],
)
def test_a_step_that_cannot_be_done_says_why(cells, step, message):
    with pytest.raises(UserError, match=message):
        steps.apply(cells, [step])


def test_a_recipe_again_gives_the_identical_matrix(cells):
    names = ("filter_cells", "score_cell_cycle", "filter_genes")
    filtered = steps.apply(cells, [{"name": name} for name in names])
    again = from_json(Recipe("mine", steps.made_before(filtered), {"n_top_genes": 77}).to_json())
    assert again.name == "mine" and again.settings["n_top_genes"] == 77
    other = steps.apply(cells, [step.record() for step in again.steps])
    assert data_hash(other) == data_hash(filtered) and other.obs.equals(filtered.obs)
    assert [one["after"] for one in steps.made_before(other)] == [
        one["after"] for one in steps.made_before(filtered)
    ]
    shuffled = steps.apply(filtered[:50].copy(), [{"name": "filter_genes"}])
    assert len(steps.made_before(shuffled)) == 4  # what was done before stays written down


def test_the_source_stays_as_it_is(cells):
    before = data_hash(cells)
    steps.apply(cells, [{"name": name} for name in ("filter_cells", "filter_genes", "score_doublets")])
    assert data_hash(cells) == before and steps.KEY not in cells.uns and "doublet_score" not in cells.obs


def test_presets_can_be_applied(cells, tiny):
    for name in PRESETS:
        recipe = preset(name)
        filtered = steps.apply(tiny.copy(), [step.record() for step in recipe.steps])
        assert filtered.n_obs > 200 and from_json(recipe.to_json()).settings == recipe.settings
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
