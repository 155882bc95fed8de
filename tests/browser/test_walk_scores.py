"""Judging in a real Chromium: spaces side by side, features that sort, and a run trained again with other seeds."""

import pytest
from app_under_test import bring
from browsing import WORK, wait_until
from constants import QUICK
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def trained(server, tiny_file):
    """A run on the server, with its clusters."""
    view = server.view
    dataset = bring(view, "judged.h5ad", tiny_file.read_bytes())
    wait_until(lambda: view.datasets.one(dataset)["status"] == "ready")
    preparation, _ = view.preparations.create(dataset, {}, "judged")
    wait_until(lambda: view.preparations.one(preparation)["status"] == "ready")
    run = view.runs.create(preparation, QUICK, "judged")
    view.runs.train(run)
    wait_until(lambda: view.runs.one(run)["explored"] == "ready", 300)
    return run


def test_a_comparison_of_seeds_survives_a_reload_and_ends_with_a_result(page, server, trained):
    page.goto(f"{server.base}/clusters?run={trained}#judge")
    page.get_by_label("Number of seeds, including this run's").fill("3")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Train with other seeds").click()
    state = page.locator("#seeds-state")
    expect(state).to_contain_text("judged, seed 2", timeout=WORK)
    page.reload()  # what goes on is found again
    expect(state).to_contain_text("judged, seed 2", timeout=WORK)
    result = page.locator("#seeds-result")
    expect(result).to_contain_text("are stable over 3 seeds", timeout=4 * WORK)
    expect(page.get_by_role("button", name="Train with other seeds")).to_be_enabled(timeout=WORK)
    expect(result.locator("table tbody tr")).to_have_count(
        len(server.view.results.array(trained, "stability/survival_1.0"))
    )
    expect(page.locator("#seeds-figure .main-svg").first).to_be_visible()


def test_embeddings_are_compared_and_features_sorted(page, server, trained):
    page.goto(f"{server.base}/clusters?run={trained}#judge")
    page.get_by_role("button", name="Compare embeddings").click()
    expect(page.locator("#spaces-result")).to_contain_text("Trustworthiness (15)", timeout=WORK)
    page.get_by_role("button", name="Compute reconstruction quality").click()
    grid = page.locator("#explained-table")
    first = grid.locator('.ag-center-cols-container [row-index="0"] [col-id="feature"]')
    expect(first).to_be_visible(timeout=WORK)
    worst = first.inner_text()
    head = grid.locator('.ag-header-cell[col-id="explained"] .ag-header-cell-text')
    head.click()
    head.click()  # from the highest down
    expect(first).not_to_have_text(worst)
    page.reload()
    expect(page.locator("#spaces-result")).to_contain_text("Trustworthiness (15)")
