"""The histogram, the filter and the selection bar beside maps that the page draws itself, in a real Chromium."""

import numpy as np
import pytest
from playwright.sync_api import expect
from viewer_pages import answering, tab

from dashboard.pages.clusters.viewer import draw

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DRAWN = "() => window.nuwaViewer.all?.host.dataset.drawn"
# Whether the bar covers a part of the frame of a map.
COVERS = """() => {
    const bar = document.getElementById("selection-bar").getBoundingClientRect();
    return [...document.querySelectorAll(".nuwa-cells-panel .frame")].map(f => f.getBoundingClientRect())
        .some(f => f.left < bar.right && bar.left < f.right && f.top < bar.bottom && bar.top < f.bottom);
}"""
WIDE = """() => [...document.querySelectorAll(".nuwa-panel .nuwa-scroll")].filter(e => e.clientWidth)
    .map(e => e.scrollWidth - e.clientWidth)"""


@pytest.fixture
def page(browser):
    with tab(browser) as page:
        yield page


def test_a_range_is_selected_by_drag_and_filters_what_the_page_draws(finished, page, monkeypatch):
    monkeypatch.setattr(draw, "SCATTERGL_POINTS", 0)
    depth = finished.view.datasets.folder(finished.dataset).measured()["counts"]
    with answering(finished) as base:
        page.set_viewport_size({"width": 1024, "height": 768})
        page.goto(f"{base}/clusters?run={finished.run}")
        page.wait_for_function(DRAWN)
        column = page.locator("#metadata-host [data-by='cell:counts']")
        column.locator(".fold").click()
        picture = column.locator("svg.histogram")
        expect(picture.locator("rect.total").first).to_be_attached()
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        x, y = box["x"] + 0.5 * box["width"], box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.7 * box["width"], y)
        page.mouse.move(box["x"] + box["width"] + 30, y)  # past the end: no upper limit
        page.mouse.up()
        low = float(column.get_by_label("at least").input_value())
        assert low == pytest.approx(depth.min() + 0.5 * (depth.max() - depth.min()), rel=0.01)
        assert column.get_by_label("at most").input_value() == ""
        n = int((depth >= np.float32(low)).sum())
        expect(page.locator("#selected")).to_contain_text(f"{n} of 240 cells selected")
        expect(page.locator("#cells-host")).to_have_attribute("data-selected", str(n))
        assert 0.4 < float(picture.locator(".brush").get_attribute("width")) / 240 < 0.6
        assert not page.evaluate(COVERS)

        page.get_by_role("button", name="Show only these").click()
        expect(page.locator("#cells-host")).to_have_attribute("data-shown", str(n))
        expect(page.locator("#shown")).to_have_text(f"{n} of 240 cells shown.")
        numbers = page.locator("#legend .entry .n").all_inner_texts()
        assert sum(int(text) for text in numbers) == n  # the legend counts the shown cells
        page.get_by_label("hidden", exact=True).check()
        page.wait_for_function("() => nuwaViewer.all.spec.outside === 'hidden'")
        page.wait_for_function(DRAWN)
        assert not page.evaluate(COVERS)

        page.get_by_role("tab", name="Quality").click()
        expect(page.get_by_role("heading", name="Scores", exact=True)).to_be_visible()
        expect(page.locator("#tab-pane-judge .nuwa-table").first).to_be_visible()
        assert max(page.evaluate(WIDE)) <= 1  # no table scrolls sideways
