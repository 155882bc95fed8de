"""Double clicks in a real Chromium: each begins one thing."""

import re

import pytest
from browsing import WORK, wait_until
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def fill(page, name, text):
    field = page.locator(f"[data-setting={name}] input")
    field.fill(text)
    field.press("Tab")


def test_a_double_click_on_a_button_begins_one_thing(page, server, tiny_file, tiny_preparation):
    view = server.view
    dataset = view.preparations.one(tiny_preparation)["dataset"]
    page.goto(f"{server.base}/preprocess?dataset={dataset}")
    button = page.locator("#prepare")
    fill(page, "n_top_genes", "55")
    expect(button).to_contain_text("55 genes", timeout=WORK)
    before = len(view.preparations.all(dataset))
    button.dblclick()
    page.get_by_role("link", name="Create a model").click(timeout=WORK)  # once the result is there
    assert len(view.preparations.all(dataset)) == before + 1

    create = page.locator("#model-create")
    expect(create).to_be_enabled(timeout=WORK)
    fill(page, "epochs", "4")
    fill(page, "n_hidden", "8")
    n_runs = len(view.runs.all())
    create.dblclick()
    page.wait_for_url(re.compile(r"/train\?run="))
    page.get_by_role("button", name="Train", exact=True).dblclick()
    expect(page.locator("#status")).to_contain_text("Training complete", timeout=WORK)
    assert len(view.runs.all()) == n_runs + 1

    (server.store.root / "inbox" / "twice.h5ad").write_bytes(tiny_file.read_bytes())
    page.goto(f"{server.base}/data")
    page.get_by_label("File in the inbox").select_option("twice.h5ad")
    page.get_by_role("button", name="Load file").first.dblclick()
    page.wait_for_url(re.compile(r"/data\?dataset="))
    wait_until(
        lambda: [row["status"] for row in view.datasets.all() if row["name"] == "twice.h5ad"] == ["ready"]
    )
