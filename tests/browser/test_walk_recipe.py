"""The Preprocess page in a real Chromium: genes that are chosen, limits that move the counts, a step undone, a recipe taken away and brought."""

import json

import pytest
from app_under_test import bring
from browsing import WORK, wait_until
from playwright.sync_api import expect

from dashboard.pages.preprocess.limits import ALL_CELLS, cells_within, suggest

pytestmark = pytest.mark.browser

# The line of the lowest counts that stay is at 3500, of which the axis has the logarithm.
LIMIT_DRAWN = """() => {
    const line = document.querySelector("#quality-violins .js-plotly-plot")?._fullLayout?.shapes?.[0];
    return line && Math.abs(line.y0 - Math.log10(3500)) < 0.001;
}"""


@pytest.fixture
def cells(server, tiny_file):
    id = bring(server.view, "cells.h5ad", tiny_file.read_bytes())
    wait_until(lambda: server.view.datasets.one(id)["status"] == "ready")
    return id


@pytest.mark.slow  # test_genes_page.py has what is counted, drawn and said
def test_another_method_chooses_other_genes_and_the_picture_follows(page, server, cells):
    page.goto(f"{server.base}/preprocess?dataset={cells}")
    words, picture = page.locator("#genes-message"), page.locator("#genes-picture")
    expect(words).to_contain_text("120 of 120 genes would be used", timeout=WORK)
    page.get_by_label("Variable genes", exact=True).fill("50")
    page.keyboard.press("Tab")
    expect(words).to_contain_text("50 of 120 genes would be used", timeout=WORK)
    expect(picture).to_contain_text("variance of the counts")
    expect(picture).to_contain_text("used (50)")
    page.get_by_label("Variable genes by").select_option("cell_ranger")
    expect(picture).to_contain_text("dispersion of the logged values", timeout=WORK)
    page.get_by_text("More settings").first.click()
    page.get_by_label("Never use").fill("SIM-0001\nSIM-0002")
    page.get_by_label("Always use").fill("SIM-0003 sim-4")
    page.keyboard.press("Tab")
    expect(picture).to_contain_text("never used (2)", timeout=WORK)
    expect(picture).to_contain_text("always used (1)")
    expect(words).to_contain_text("no gene 'sim-4'")


@pytest.mark.slow  # test_recipe.py has what each button does; here it is one long walk with the mouse
def test_limits_move_the_counts_and_a_recipe_is_downloaded_and_uploaded(page, server, cells, tmp_path):
    page.goto(f"{server.base}/preprocess?dataset={cells}")
    stay = page.locator("#quality-stay")
    expect(stay).to_contain_text("of 240 cells are kept", timeout=WORK)
    by = page.locator("#quality-batches")
    expect(by).to_have_value("sample")  # whose name leaves no doubt
    expect(page.get_by_label("Batch that the fields show")).to_be_visible()
    by.select_option(label="the same for all cells")
    expect(page.get_by_label("Batch that the fields show")).to_be_hidden()
    page.get_by_label("Counts, lowest").fill("3500")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Remove cells outside the limits when preprocessing")).to_be_checked()
    chosen = suggest(server.view, cells, ALL_CELLS)
    chosen["limits"]["counts"][0] = 3500
    kept = int(cells_within(server.view, cells, chosen)[1].within.sum())
    expect(stay).to_contain_text(f"{kept} of 240 cells are kept", timeout=WORK)
    assert 0 < kept < 240
    page.locator("#quality-violins").scroll_into_view_if_needed()
    page.wait_for_function(LIMIT_DRAWN)
    box = page.locator("#quality-violins .shapelayer path").first.bounding_box()
    low = page.get_by_label("Counts, lowest")
    corner = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*corner)
    page.mouse.down()
    page.mouse.move(corner[0], corner[1] + 20, steps=5)
    page.mouse.up()
    expect(low).not_to_have_value("3500")
    dragged = float(low.input_value())
    assert 500 < dragged < 3500
    expect(stay).not_to_contain_text(f"{kept} of 240", timeout=WORK)
    kept = int(stay.inner_text().split(" of ")[0])
    page.get_by_role("button", name="Remove cells outside the limits").click()
    expect(page.get_by_role("heading", name="Steps so far")).to_be_visible(timeout=WORK)
    expect(page.get_by_text(f"240 → {kept}")).to_be_visible()
    page.get_by_text("Download or upload a recipe").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Recipe (.json)", exact=True).click()
    download.value.save_as(tmp_path / "recipe.json")
    recipe = json.loads((tmp_path / "recipe.json").read_text())
    assert recipe["steps"][0]["params"]["limits"]["counts"][0] == dragged
    page.get_by_role("button", name="Undo last step").click()
    expect(stay).to_contain_text("of 240 cells are kept", timeout=WORK)
    page.get_by_text("Download or upload a recipe").click()
    page.locator("#recipe-upload input[type=file]").set_input_files(tmp_path / "recipe.json")
    expect(page.get_by_role("link", name="Create a model")).to_be_visible(timeout=WORK)
    expect(page.get_by_text(f"240 → {kept}")).to_be_visible()


@pytest.mark.slow
def test_only_the_page_of_what_was_deleted_says_that_it_is_gone(page, server, cells):
    """An answer that comes late, from a page that was left, says nothing of the page that is there now."""
    page.goto(f"{server.base}/preprocess?dataset={cells}")
    expect(page.locator("#quality-stay")).to_contain_text("of 240 cells are kept", timeout=WORK)
    message = {
        "namespace": "dash_html_components",
        "type": "P",
        "props": {"children": "It is gone.", "role": "alert"},
    }
    tell = "([id, said]) => dash_clientside.set_props('gone', {data: {kind: 'dataset', id, content: said}})"
    page.evaluate(tell, ["another", message])
    page.wait_for_timeout(500)
    expect(page.locator("#quality-stay")).to_contain_text("of 240 cells are kept")
    page.evaluate(tell, [cells, message])
    expect(page.get_by_role("alert")).to_have_text("It is gone.")
