"""The buttons that apply a recipe: each queues one job, which the page follows to what it makes."""

import base64

import pytest
from app_under_test import bring, sent
from dash import no_update

from core.config import PREPARE, parse, specs
from core.config.dataset_record import DatasetRecord
from core.preprocessing.recipe import PRESETS, Recipe, preset
from core.worker.execute import drain
from dashboard.components import location
from dashboard.components.forms import read_form
from dashboard.pages.preprocess import page as preprocess
from dashboard.pages.preprocess import presets

LIMIT_NO_CELL_MEETS = {"limits": {"counts": [9e9, None]}, "batches": {}}


@pytest.fixture
def nuwa(empty_nuwa, tiny_file):
    """An app with the tiny dataset."""
    empty_nuwa.dataset = bring(empty_nuwa.view, "tiny.h5ad", tiny_file.read_bytes())
    drain(empty_nuwa.store)
    return empty_nuwa


def apply(nuwa, button, limits=None, contents=None):
    """(address, message) after a button that applies a recipe was pressed and its job was carried out."""
    triggered = f"{button}.contents" if button == "recipe-upload" else f"{button}.n_clicks"
    values = {"setting": {}, "limit": {}, "page-token.data": "page", triggered: contents or 1}
    values |= {"quality-limits.data": limits, "min-cells.value": "3", "prepare-dataset.data": nuwa.dataset}
    job = nuwa.press("apply-recipe-job.data", values, triggered)["apply-recipe-job"]["data"]
    look = nuwa.press(
        "apply-recipe-done.data", {"apply-recipe-job.data": job}, "apply-recipe-tick.n_intervals"
    )
    if not look.get("apply-recipe-done", {}).get("data"):
        return None, sent(look["apply-recipe-message"]["children"])
    go = nuwa.press("url.href", {"apply-recipe-done.data": job}, "apply-recipe-done.data")
    return go["url"]["href"], look["apply-recipe-message"]["children"]


def filled(nuwa, name):
    """{setting: value} that a preset puts into the form; no_update for what it leaves alone."""
    record = DatasetRecord.of(nuwa.view.datasets.one(nuwa.dataset))
    names = [spec.name for spec in specs(PREPARE)]
    return dict(zip(names, presets.filled(record, name, names), strict=True))


def test_a_preset_fills_the_form_and_leaves_what_belongs_to_the_dataset(finished):
    form = filled(finished, "CITE-seq")
    assert form["protein_transform"] == "clr" and form["n_top_genes"] == "2000" and form["scale"] is True
    assert form["batch_key"] is form["keep_genes"] is form["drop_genes"] is no_update
    unchanged = filled(finished, "as is")
    assert unchanged["n_top_genes"] == "0" and unchanged["normalize"] is unchanged["scale"] is False
    assert set(form) == set(unchanged) == {spec.name for spec in specs(PREPARE)}


def test_what_a_preset_puts_into_the_form_is_what_its_recipe_says(finished):
    for name in PRESETS:
        settings = {key: value for key, value in filled(finished, name).items() if value is not no_update}
        names = [{"name": key} for key in settings]
        assert parse(read_form(settings.values(), names, PREPARE)) == parse(preset(name).settings)


@pytest.mark.parametrize(
    "batch, rate, params",
    [
        (" ", "0,8", {"per_thousand": 0.8}),
        ("sample", "2", {"per_thousand": 2.0, "batch_key": "sample"}),
    ],
)
def test_doublets_are_scored_within_the_batch_column_with_the_rate_of_the_field(nuwa, batch, rate, params):
    values = {'{"name":"batch_key","type":"setting"}.value': batch, "doublets-rate.value": rate}
    values |= {"take-score_doublets.n_clicks": 1, "prepare-dataset.data": nuwa.dataset}
    answer = nuwa.press("apply-recipe-job.data", values, "take-score_doublets.n_clicks")
    steps = nuwa.view.jobs.one(answer["apply-recipe-job"]["data"])["arguments"]["steps"]
    assert steps == [{"name": "score_doublets", "params": params}]


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
        "apply-recipe-message.children",
        {"apply-recipe-stop.n_clicks": 1, "apply-recipe-job.data": job["id"]},
        "apply-recipe-stop.n_clicks",
    )
    assert nuwa.store.job(job["id"])["status"] == "cancelled"
    drain(nuwa.store)
    assert len(nuwa.view.datasets.all()) == 1
