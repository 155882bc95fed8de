"""All pages in a real Chromium: they fit on a small screen, and Runs lists the runs."""

from urllib.parse import urlsplit

import pytest
from browsing import WORK, wait_until_page
from playwright.sync_api import expect

from core.store import ACTIVE

pytestmark = pytest.mark.browser


WIDTH = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN = "document.querySelectorAll('details').forEach(fold => { fold.open = true; })"


@pytest.mark.slow
def test_no_page_scrolls_sideways_on_a_small_screen_and_all_steps_can_be_reached(page, server, tiny_run):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.base}/?run={tiny_run}")
    for path in ("/", "/data", "/preprocess", "/model", "/train", "/clusters", "/runs"):
        link = page.locator(f"#sidebar a[href^='{path}?'], #sidebar a[href='{path}']").first
        expect(link).to_be_in_viewport()
        link.click(timeout=WORK)  # the page before it has every fold open, and draws
        page.wait_for_url(lambda url, path=path: urlsplit(url).path == path)
        expect(page.locator("#content")).not_to_be_empty()
        page.evaluate(OPEN)
        for width in (768, 390):
            page.set_viewport_size({"width": width, "height": 844})
            wait_until_page(page, lambda: page.evaluate(WIDTH) <= 0)  # charts follow the width
    for path in ("/compare", "/search", "/glossary", "/account", "/admin"):  # no steps
        page.goto(f"{server.base}{path}?run={tiny_run}")
        expect(page.locator("#content")).not_to_be_empty()
        page.evaluate(OPEN)
        wait_until_page(page, lambda: page.evaluate(WIDTH) <= 0)


@pytest.mark.parametrize(
    "size", [(390, 844), (960, 600), (720, 450)], ids=["phone", "zoom of 150 %", "zoom of 200 %"]
)
def test_the_maps_are_on_the_first_screen_and_before_the_forms(page, server, tiny_run, size):
    """The sizes in CSS pixels of a phone, and of a window of 1440 x 900 at this zoom."""
    width, height = size
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{server.base}/clusters?run={tiny_run}")
    maps, panel = page.locator(".nuwa-maps"), page.locator(".nuwa-panel")
    expect(maps).to_be_in_viewport(ratio=1)

    def fits():
        first, second = maps.bounding_box(), panel.bounding_box()
        large = first["height"] >= 0.35 * height and first["width"] >= 0.55 * width
        return large and (first["y"] + first["height"] <= second["y"] + 1 or first["x"] < second["x"])

    wait_until_page(page, fits)
    wait_until_page(page, lambda: page.evaluate(WIDTH) <= 0)


def test_the_runs_are_listed_with_their_status(page, server, tiny_run):
    page.goto(f"{server.base}/runs")
    row = page.locator(f"#runs-grid .ag-center-cols-container [row-id='{tiny_run}']")
    expect(page.locator(f"#runs-grid a[href='/clusters?run={tiny_run}']")).to_have_text("tiny run")
    expect(row.locator("[col-id='status']")).to_have_text("Done")
    assert not [r for r in server.view.runs.all() if r["status"] in ACTIVE and r["name"] == "tiny run"]
