"""A run is resumed, extended and repeated on its Train page, in a real Chromium."""

import re

import pytest
from browsing import WORK, start_run, wait_until, wait_until_page
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EPOCHS = 500  # of some milliseconds: it trains while a person reads the page


def test_a_stopped_run_is_resumed_where_it_was(page, server, tiny_preparation, run_quick):
    values = run_quick.model_dump() | {"epochs": EPOCHS}
    run = start_run(server, tiny_preparation, "to be resumed", values)
    wait_until(lambda: server.view.runs.n_epochs(run) > 2)
    page.goto(f"{server.base}/train?run={run}")
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("#status")).to_contain_text("Cancelled after epoch", timeout=WORK)
    resume = page.get_by_role("button", name="Resume")
    expect(resume).to_be_visible(timeout=WORK)  # its clusters are there
    stopped = server.view.runs.n_epochs(run)
    expect(page.locator("#resume-text")).to_contain_text(f"after epoch {stopped} of {EPOCHS}")
    resume.click()
    expect(page.locator("#status")).to_contain_text("Training complete", timeout=WORK)
    expect(page.locator("#tiles")).to_contain_text(f"{EPOCHS} / {EPOCHS}")
    assert stopped < EPOCHS
    assert [epoch["epoch"] for epoch in server.view.runs.epochs(run)] == list(range(1, EPOCHS + 1))


def test_a_finished_run_is_extended_by_a_segment_of_its_own(page, server, tiny_run):
    page.goto(f"{server.base}/train?run={tiny_run}")
    field = page.get_by_label("Additional epochs")
    field.fill("4")
    field.press("Tab")
    page.get_by_role("button", name="Add epochs").click()
    wait_until_page(page, lambda: tiny_run not in page.url)
    expect(page.locator("#status")).to_contain_text("Training complete", timeout=WORK)
    expect(page.locator("#tiles")).to_contain_text("7 / 7")
    dotted = """() => document.querySelector('#loss .js-plotly-plot').layout.shapes
        .filter(shape => shape.line && shape.line.dash === 'dot' && shape.x0 === shape.x1).map(shape => shape.x0)"""
    wait_until_page(page, lambda: page.evaluate(dotted) == [3.5])
    page.goto(f"{server.base}/train?run={tiny_run}")
    expect(page.locator("#extensions")).to_contain_text("4 more epochs")


def test_a_run_is_repeated_and_compared_bit_for_bit(page, server, tiny_run):
    page.goto(f"{server.base}/train?run={tiny_run}")
    page.get_by_role("button", name="Repeat and compare").click()
    result = page.locator("#repeat-result")
    expect(result).to_contain_text(re.compile("The same: latent space, losses and clusters"), timeout=WORK)
