"""The buttons that apply a recipe: each queues one job, which the page follows to what it makes."""

import base64

import pytest
from app_under_test import bring, sent

from core.preprocessing.recipe import Recipe
from core.worker.execute import drain
from dashboard.components import location
from dashboard.pages.preprocess import page as preprocess
from dashboard.pages.preprocess.limits import ALL_CELLS, suggest

LIMIT_NO_CELL_MEETS = {"limits": {"counts": [9e9, None]}, "batches": {}}


@pytest.fixture
def nuwa(empty_nuwa, tiny_file):
    """An app with the tiny dataset."""
    empty_nuwa.dataset = bring(empty_nuwa.view, "tiny.h5ad", tiny_file.read_bytes())
    drain(empty_nuwa.store)
    return empty_nuwa


def apply(nuwa, button, limits=None, by_batch=False, contents=None):
    """(address, message) after a button that applies a recipe was pressed and its job was carried out."""
    values = {"preset": {"CITE-seq": None}, "limit": {}, "page-token.data": "page"}
    if isinstance(button, str) and button.startswith("take-"):
        values[f"{button}.n_clicks"] = 1
        triggered = f"{button}.n_clicks"
    elif isinstance(button, dict):
        values[button["type"]] = {button["name"]: 1}
        triggered = f'{{"name":"{button["name"]}","type":"{button["type"]}"}}.n_clicks'
    else:
        triggered = f"{button}.contents"
    values |= {"recipe-upload.contents": contents, "quality-limits.data": limits, "min-cells.value": 3}
    values |= {"doublets-by.value": ALL_CELLS, "doublets-rate.value": 0.8, "preset-batch.value": by_batch}
    values |= {"prepare-dataset.data": nuwa.dataset}
    job = nuwa.press("apply-recipe-job.data", values, triggered)["apply-recipe-job"]["data"]
    look = nuwa.press(
        "apply-recipe-done.data", {"apply-recipe-job.data": job}, "apply-recipe-tick.n_intervals"
    )
    if not look.get("apply-recipe-done", {}).get("data"):
        return None, sent(look["apply-recipe-message"]["children"])
    go = nuwa.press("url.href", {"apply-recipe-done.data": job}, "apply-recipe-done.data")
    return go["url"]["href"], look["apply-recipe-message"]["children"]


def test_a_preset_makes_a_dataset_and_preprocesses_it(nuwa):
    address, message = apply(
        nuwa, {"type": "preset", "name": "CITE-seq"}, suggest(nuwa.view, nuwa.dataset, ALL_CELLS)
    )
    assert message == "" and address.startswith("/preprocess?preparation=")
    preparation = nuwa.view.preparations.one(address.partition("=")[2])
    dataset = nuwa.view.datasets.one(preparation["dataset"])
    steps = dataset["record"]["derived"]["steps"]
    assert [step["name"] for step in steps] == ["filter_cells", "filter_genes"]
    assert dataset["name"] == "tiny.h5ad (filtered)" and preparation["settings"]["protein_transform"] == "clr"


@pytest.mark.parametrize("rate, params", [(0.8, {"per_thousand": 0.8}), (2, {"per_thousand": 2.0})])
def test_doublets_are_scored_with_the_rate_of_the_field(nuwa, rate, params):
    values = {
        "take": {"score_doublets": 1},
        "preset": {},
        "page-token.data": "page",
        "doublets-by.value": ALL_CELLS,
    }
    values |= {"doublets-rate.value": rate, "prepare-dataset.data": nuwa.dataset}
    job = nuwa.press("apply-recipe-job.data", values, '{"name":"score_doublets","type":"take"}.n_clicks')
    steps = nuwa.view.jobs.one(job["apply-recipe-job"]["data"])["arguments"]["steps"]
    assert steps == [{"name": "score_doublets", "params": params}]


def test_a_preset_by_batch_gives_each_batch_its_limits(nuwa):
    address, _ = apply(nuwa, {"type": "preset", "name": "CITE-seq"}, by_batch=True)
    preparation = nuwa.view.preparations.one(address.partition("=")[2])
    steps = nuwa.view.datasets.one(preparation["dataset"])["record"]["derived"]["steps"]
    assert preparation["settings"]["batch_key"] == steps[0]["params"]["batch_key"] == "sample"
    assert len(steps[0]["params"]["batches"]) > 1


def test_a_step_makes_a_dataset_alone(nuwa):
    limits = {"limits": {"genes": [60, None]}, "batches": {}}
    address, _ = apply(nuwa, "take-filter_cells", limits)
    assert address.startswith("/preprocess?dataset=")
    assert nuwa.view.datasets.one(address.partition("=")[2])["record"]["derived"]["of"] == nuwa.dataset
    assert nuwa.store.rows("preparation") == []


def test_a_recipe_from_a_file_is_applied(nuwa):
    recipe = Recipe("file", [{"name": "filter_genes", "params": {"min_cells": 60}}], {"n_top_genes": 20})
    contents = f"data:application/json;base64,{base64.b64encode(recipe.to_json().encode()).decode()}"
    address, _ = apply(nuwa, "recipe-upload", contents=contents)
    assert nuwa.view.preparations.one(address.partition("=")[2])["settings"]["n_top_genes"] == 20


def test_a_step_that_fails_says_why_and_leaves_nothing(nuwa):
    address, message = apply(nuwa, "take-filter_cells", LIMIT_NO_CELL_MEETS)
    assert address is None and "no cell would stay" in message
    assert [row["id"] for row in nuwa.view.datasets.all()] == [nuwa.dataset]


def test_a_page_that_is_loaded_again_follows_the_job(nuwa):
    job = nuwa.view.recipes.apply(nuwa.dataset, [{"name": "filter_genes"}], "page", {})
    here = location.resolve(nuwa.view, f"?dataset={nuwa.dataset}")
    page = sent(preprocess.layout(nuwa.view, here))
    assert f'"id": "apply-recipe-job", "data": "{job["id"]}"' in page.replace('"props": {', "")
    drain(nuwa.store)
    page = sent(preprocess.layout(nuwa.view, here))
    assert job["id"] not in page  # what is done is not followed again


def test_a_button_cancels_the_job(nuwa):
    job = nuwa.view.recipes.apply(nuwa.dataset, [{"name": "filter_genes"}], "page")
    nuwa.press(
        "apply-recipe-tick.n_intervals",
        {"apply-recipe-cancel.n_clicks": 1, "apply-recipe-job.data": job["id"]},
    )
    assert nuwa.store.job(job["id"])["status"] == "cancelled"
    drain(nuwa.store)
    assert len(nuwa.view.datasets.all()) == 1
