"""A search of six small trials in a browser: from two clicks on Create model to the best run, opened."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TRIALS = 6
PATIENCE = 300_000  # milliseconds, for six trainings of three epochs


def test_a_search_of_six_small_trials_ends_with_its_best_run(page, server, tiny_preparation):
    page.goto(f"{server.base}/model?preparation={tiny_preparation}")
    for name, value in (("epochs", "3"), ("n_hidden", "16"), ("batch_size", "64")):
        field = page.locator(f"[data-setting={name}] input")
        field.fill(value)
        field.press("Tab")
    page.get_by_role("button", name="Sweep latent dimensions").click()
    field = page.locator("#search-fields input")
    expect(field).to_have_value("10, 20, 50")
    field.fill("2, 3, 4, 5, 6, 7")
    field.press("Tab")
    n_trials = page.locator("#search-n-trials")
    n_trials.fill(str(TRIALS))
    n_trials.press("Tab")
    page.get_by_role("button", name="Start search").click()
    expect(page.get_by_role("heading", name="Search of Latent dimensions")).to_be_visible(timeout=30_000)
    expect(page.locator("#search-status")).to_contain_text(re.compile("Search complete"), timeout=PATIENCE)
    expect(page.locator("#search-tiles")).to_contain_text(f"{TRIALS} / {TRIALS}")
    expect(page.locator("#search-tiles")).to_contain_text("Loss on unseen cells")
    expect(page.locator("#search-trials tbody tr")).to_have_count(TRIALS)
    page.get_by_role("button", name="Open the best run").click()
    expect(page.locator("#status")).to_contain_text("Training complete", timeout=30_000)
    page.go_back()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete search").click()
    expect(page.locator("#runs-undo-notice")).to_contain_text("1 search was deleted")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#runs-grid")).to_contain_text(f"search, {TRIALS} trials")
    page.get_by_label("Show trials of searches").check()
    expect(page.locator("#runs-grid")).to_contain_text("trial 6")
