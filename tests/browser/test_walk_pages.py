"""All pages in a real Chromium: they fit on a small screen, and Runs lists the runs."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from core.store import ACTIVE

pytestmark = pytest.mark.browser


def test_no_page_scrolls_sideways_on_a_small_screen(page, server, tiny_run):
    page.set_viewport_size({"width": 768, "height": 1024})
    page.goto(f"{server.base}/?run={tiny_run}")
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for path in ("/", "/data", "/preprocess", "/model", "/train", "/clusters", "/runs"):
        page.locator(f"#sidebar a[href^='{path}?'], #sidebar a[href='{path}']").first.click()
        page.wait_for_url(lambda url, path=path: urlsplit(url).path == path)
        expect(page.locator("#content")).not_to_be_empty()
        page.wait_for_timeout(300)
        assert page.evaluate(width) <= 0, path


def test_the_runs_are_listed_with_their_status(page, server, tiny_run):
    page.goto(f"{server.base}/runs")
    row = page.locator("tr", has=page.locator(f"[href='/clusters?run={tiny_run}']"))
    expect(row).to_contain_text("Training complete")
    expect(row.locator("time")).to_contain_text(re.compile(r"\d\d?:\d\d"))  # local time, by the page's script
    assert not [r for r in server.view.runs.all() if r["status"] in ACTIVE and r["name"] == "tiny run"]
