"""The table of runs and the comparison of three runs in a real Chromium."""

import pytest
from browsing import start_run, wait_until, wait_until_page
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def three_runs(server, tiny_preparation, tiny_run, run_quick):
    """The ids of three finished runs, the newest first."""
    values = run_quick.model_dump()
    runs = [start_run(server, tiny_preparation, f"compared {n}", values | {"n_latent": n}) for n in (3, 6)]
    wait_until(lambda: all(server.view.runs.one(run)["explored"] == "ready" for run in runs))
    return [*runs[::-1], tiny_run]


def cell(page, run, column):
    return page.locator(f"#runs-grid [row-id='{run}'] [col-id='{column}']")


def test_three_runs_are_found_ticked_and_compared(page, server, three_runs):
    page.goto(f"{server.base}/runs")
    expect(cell(page, three_runs[0], "name")).to_contain_text("compared 6")
    page.get_by_role("textbox", name="Run Filter Input").fill("compared")
    expect(cell(page, three_runs[2], "name")).to_have_count(0)
    wait_until_page(page, lambda: "filter=" in page.url)
    page.get_by_role("textbox", name="Run Filter Input").fill("")
    for run in three_runs:
        cell(page, run, "ag-Grid-SelectionColumn").get_by_role("checkbox").check()
    page.get_by_role("button", name="Compare runs").click()
    expect(page.get_by_role("heading", level=1, name="Compare runs")).to_be_visible()
    assert all(run in page.url for run in three_runs)
    curves = page.locator("#compare-losses .scatterlayer .trace")
    expect(curves).to_have_count(9)
    expect(page.get_by_role("row", name="Latent dimensions")).to_contain_text("6")
    expect(page.locator("#compare-maps .js-plotly-plot")).to_have_count(
        1
    )  # one dataset: one figure of three maps
    expect(page.locator("#compare-flow .sankey-link").first).to_be_visible()
    expect(page.locator("#compare-agreement")).to_contain_text("are the same in")
    expect(page.locator("#compare-parallel .parcoords")).to_be_visible()
    page.get_by_title("Leave tiny run out of the comparison").click()
    expect(curves).to_have_count(6)


def test_a_run_is_starred_deleted_and_back_by_keyboard_and_button(page, server, three_runs):
    run = three_runs[1]
    page.goto(f"{server.base}/runs?sort=name:asc&show=group")
    expect(page.locator("#runs-grid").get_by_text("tiny.h5ad").first).to_be_visible()  # the head of the group
    cell(page, run, "name").click(position={"x": 200, "y": 10})
    page.keyboard.press("Space")
    page.get_by_role("button", name="Star runs").click()
    wait_until(lambda: server.view.runs.one(run)["starred"])
    expect(page.get_by_role("button", name="Remove stars")).to_be_enabled()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete runs").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(cell(page, run, "name")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(cell(page, run, "name")).to_be_visible()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Status", exact=True).uncheck()
    expect(page.locator("#runs-grid .ag-header-cell[col-id='status']")).to_have_count(0)
    wait_until_page(page, lambda: "columns=" in page.url and "status" not in page.url)
    page.reload()
    expect(cell(page, run, "name")).to_be_visible()
    expect(page.locator("#runs-grid .ag-header-cell[col-id='status']")).to_have_count(0)
