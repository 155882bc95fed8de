"""Proteins and batches of the Preprocess page in a real Chromium: pictures that follow the transform, cells a batch."""

import pytest
from browsing import WORK
from playwright.sync_api import expect
from test_walk_recipe import cells  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_proteins_follow_their_transform_and_batches_are_counted(page, server, cells):  # noqa: F811 - a fixture
    page.goto(f"{server.base}/preprocess?dataset={cells}")
    figure = page.locator("#proteins-figure")
    expect(figure).to_contain_text("CLR across cells", timeout=WORK)
    page.get_by_label("Transform of the proteins").select_option("clr_cells")
    expect(figure).to_contain_text("CLR within the cell", timeout=WORK)
    expect(figure).to_contain_text("of cells above the background")
    page.get_by_text("Cells above the background, by protein").click()
    expect(page.locator("#proteins-notes")).to_contain_text("ADT-06")
    page.get_by_role("combobox", name="Batch covariate").select_option("sample")
    expect(page.locator("#batches-cells")).to_contain_text("sample 2", timeout=WORK)
