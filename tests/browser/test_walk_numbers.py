"""Numbers typed into forms in a real Chromium: what is wrong is said below the field, what is right reaches config.json."""

import json
import re

import pytest
from app_under_test import bring
from browsing import WORK, wait_until
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def type_into(page, name, text):
    """Type into the field of a setting, and leave it; returns (field, its error)."""
    part = page.locator(f"[data-setting={name}]")
    field = part.locator("input")
    field.fill(text)
    field.press("Tab")
    return field, part.locator(".error")


@pytest.mark.slow
def test_what_is_typed_is_refused_below_the_field_or_reaches_config_json(page, server, tiny_preparation):
    page.goto(f"{server.base}/model?preparation={tiny_preparation}")
    create = page.locator("#model-create")
    expect(create).to_be_enabled(timeout=WORK)
    for name, text, sentence in (
        ("epochs", "20.5", "Epochs: '20.5' is not a whole number. Enter a whole number from 1 to 10000."),
        ("n_latent", "5000", "Latent dimensions: '5000' is too large. Enter a whole number from 1 to 1000."),
        ("n_latent", "5,000", "can mean 5 or 5000. Enter it without a thousands separator."),
        ("lr", "abc", "Learning rate: 'abc' is not a number."),
    ):
        field, error = type_into(page, name, text)
        expect(error).to_contain_text(sentence)
        expect(field).to_have_attribute("aria-invalid", "true")
        described = field.get_attribute("aria-describedby").split(" ")
        assert error.get_attribute("id") in described
        expect(create).to_be_disabled()
        expect(page.locator("#model-message")).to_contain_text(sentence)
    page.locator("[data-setting=lr] input").fill(
        "0,02"
    )  # corrected, and not left: the button can be pressed at once
    expect(page.locator("[data-setting=lr] .error")).to_be_empty()
    for name, text in (("epochs", "3"), ("n_latent", ""), ("n_hidden", "16")):
        field, error = type_into(page, name, text)
        expect(error).to_be_empty()
        expect(field).to_have_attribute("aria-invalid", "false")
    expect(page.locator("[data-setting=n_latent] input")).to_have_attribute("placeholder", "automatic: 20")
    expect(create).to_be_enabled()
    create.click()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator("#status")).to_contain_text("Training complete", timeout=WORK)
    run = page.url.partition("?run=")[2]
    config = json.loads(server.view.results.file(run, "config.json").read_text())
    assert [config[name] for name in ("epochs", "n_latent", "lr", "n_hidden")] == [3, 20, 0.02, 16]


@pytest.mark.slow
def test_the_button_of_the_preprocess_page_says_and_does_what_is_on_the_page(page, server, tiny_file):
    dataset = bring(server.view, "numbers.h5ad", tiny_file.read_bytes())
    wait_until(lambda: server.view.datasets.one(dataset)["status"] == "ready")
    page.goto(f"{server.base}/preprocess?dataset={dataset}")
    button = page.locator("#prepare")
    expect(button).to_contain_text(
        "Preprocess: normalise, log-transform, scale, all genes, CLR, batch 'sample'", timeout=WORK
    )
    expect(button).to_be_in_viewport()
    type_into(page, "n_top_genes", "1,5")
    expect(button).to_be_disabled()
    expect(page.locator("#prepare-message")).to_contain_text("Variable genes: '1,5' is not a whole number.")
    type_into(page, "n_top_genes", "60")
    page.get_by_label("Counts, lowest").fill("3 500")
    page.get_by_label("Counts, lowest").press("Tab")
    expect(button).to_have_text(
        re.compile(
            r"Preprocess: remove \d+ cells, normalise, log-transform, scale, 60 genes, CLR, batch 'sample'"
        ),
        timeout=WORK,
    )
    page.get_by_label("Batch covariate").select_option("cell_type")
    expect(page.get_by_text("'cell_type' looks like labels of the cells")).to_be_visible()
    expect(button).to_be_disabled()
    page.get_by_label("Batch covariate").select_option("sample")
    expect(button).to_contain_text("batch 'sample'")  # it waits for its sentence
    expect(button).to_be_enabled()
    button.click()
    forward = page.get_by_role("link", name="Create a model")
    expect(forward).to_have_class(re.compile("btn-primary"), timeout=WORK)
    page.wait_for_url("**preparation=**")
    preparation = server.view.preparations.one(page.url.partition("preparation=")[2])
    settings, record = preparation["settings"], preparation["record"]
    assert (settings["n_top_genes"], settings["batch_key"], record["n_genes"]) == (60, "sample", 60)
    assert record["n_cells"] < 240
    expect(page.locator("#result-state")).to_be_empty()
    type_into(page, "n_top_genes", "50")
    expect(page.locator("#result-state")).to_contain_text("made with other settings")
    expect(forward).to_have_class(re.compile("btn-outline-secondary"))
    expect(button).to_have_class(re.compile("btn-primary"))
    expect(button).to_contain_text("Preprocess again: normalise")
    page.get_by_role("button", name="as is").click()
    expect(button).to_contain_text("Preprocess again: values unchanged, all genes, protein counts unchanged")
