"""The workspace of the Clusters page in a real Chromium: the maps' share of the window, the panel, and its tabs."""

import pytest
from browsing import see_traces, start_run, to_tab, wait_until, wait_until_page
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# Window -> the least share of it that the maps may have. 960 x 600 is 1440 x 900 at a zoom of 150 %.
SHARES = {(1440, 900): 0.6, (1920, 1080): 0.6, (1280, 720): 0.55, (1024, 768): 0.5, (960, 600): 0.42}
NARROW = ((720, 450), (600, 800), (390, 844))  # 720 x 450 is 1440 x 900 at a zoom of 200 %
TITLES = (
    "Colour and metadata",
    "Clusters and names",
    "Markers",
    "Quality",
    "Latent dimensions",
    "Map new data",
    "Export",
)

# The maps' share of the window; whether they are in it as a whole; and whether the window scrolls.
MEASURE = """() => {
    const box = document.getElementById("maps").getBoundingClientRect(), root = document.documentElement;
    return {
        share: (box.width * box.height) / (innerWidth * innerHeight), width: box.width,
        seen: box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight,
        scrolls: root.scrollHeight > innerHeight || root.scrollWidth > innerWidth || scrollX + scrollY > 0,
        drawn: document.querySelector("#panels .main-svg").clientWidth,
    };
}"""


@pytest.fixture(scope="module")
def tab(context, server, tiny_run):
    """A tab on the clusters of the tiny run, with its maps drawn."""
    page = context.new_page()
    page.goto(f"{server.base}/clusters?run={tiny_run}")
    see_traces(page, "panels", lambda drawn: len(drawn) >= 4)
    yield page
    page.close()


@pytest.fixture
def workspace(tab, page_errors):
    """That tab, in a window of 1440 x 900, with the panel as it is at first."""
    page_errors.clear()
    tab.set_viewport_size({"width": 1440, "height": 900})
    tab.locator("#panel-splitter").dblclick()
    yield tab
    assert not page_errors


def drawn_to_size(page, right=lambda measure: True):
    """The measure, once plotly's figure is as wide as its box and `right` holds of the measure."""

    def look():
        measure = page.evaluate(MEASURE)
        return measure if abs(measure["drawn"] - measure["width"]) < 2 and right(measure) else None

    return wait_until_page(page, look)


def drawn_as_wide_as(page, width):
    """Wait until the maps are so many pixels wide, give or take two, and plotly's figure with them."""
    drawn_to_size(page, lambda measure: abs(measure["width"] - width) <= 2)


def test_the_maps_keep_their_share_of_every_window(workspace):
    for (width, height), least in SHARES.items():
        workspace.set_viewport_size({"width": width, "height": height})
        measure = drawn_to_size(workspace)
        assert measure["share"] >= least, (width, height, measure)
        assert measure["seen"] and not measure["scrolls"], (width, height, measure)
        toolbar = workspace.locator(".nuwa-toolbar")
        assert toolbar.evaluate("bar => bar.scrollWidth <= bar.clientWidth && bar.offsetHeight <= 44")


def test_a_narrow_window_has_the_panel_under_the_maps(workspace):
    for width, height in NARROW:
        workspace.set_viewport_size({"width": width, "height": height})
        measure = drawn_to_size(workspace)
        assert measure["seen"] and not measure["scrolls"] and measure["share"] > 0.15, (
            width,
            height,
            measure,
        )
        maps, panel = (workspace.locator(id).bounding_box() for id in ("#maps", "#side-panel"))
        assert panel["y"] >= maps["y"] + maps["height"] and panel["height"] > 100


def test_the_panel_is_resized_and_folded_by_mouse_and_keyboard_and_stays_so(workspace):
    first = drawn_to_size(workspace)["width"]
    line = workspace.locator("#panel-splitter")
    box = line.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 300
    workspace.mouse.move(x, y)
    workspace.mouse.down()
    workspace.mouse.move(x - 150, y, steps=3)
    workspace.mouse.up()
    drawn_as_wide_as(workspace, first - 150)
    line.press("ArrowRight")
    drawn_as_wide_as(workspace, first - 126)
    now = int(line.get_attribute("aria-valuenow"))
    assert now == pytest.approx(workspace.locator("#side-panel").bounding_box()["width"], abs=1)
    line.press("Enter")
    expect(workspace.locator("#panel-unfold")).to_be_focused()
    drawn_to_size(workspace, lambda measure: measure["width"] > first + 200)
    workspace.reload()
    see_traces(workspace, "panels", lambda drawn: len(drawn) >= 4)
    expect(workspace.locator("#side-panel")).to_be_hidden()
    workspace.get_by_role("button", name="Open panel").press("Enter")
    expect(workspace.get_by_role("button", name="Close panel")).to_be_focused()
    drawn_as_wide_as(workspace, first - 126)
    line.dblclick()
    drawn_as_wide_as(workspace, first)


def test_tabs_are_walked_by_keyboard_and_a_link_opens_its_tab(workspace, server, tiny_run):
    workspace.goto("about:blank")
    workspace.goto(f"{server.base}/clusters?run={tiny_run}#judge")
    quality = workspace.get_by_role("tab", name="Quality")
    expect(quality).to_have_attribute("aria-selected", "true")
    expect(workspace.get_by_role("tabpanel", name="Quality")).to_contain_text("Neighbours kept")
    assert [tab.inner_text() for tab in workspace.get_by_role("tab").all()] == list(TITLES)
    quality.focus()
    workspace.keyboard.press("ArrowRight")
    expect(workspace.get_by_role("tab", name="Latent dimensions")).to_be_focused()
    expect(workspace.get_by_role("tabpanel")).to_have_accessible_name("Latent dimensions")
    workspace.wait_for_function("() => location.hash === '#meaning'")
    workspace.evaluate("location.hash = 'take'")
    expect(
        workspace.get_by_role("tabpanel", name="Export").get_by_role("button", name="Create zip")
    ).to_be_visible()
    workspace.evaluate("location.hash = 'see'")
    expect(workspace.get_by_role("tab", name="Colour and metadata")).to_have_attribute(
        "aria-selected", "true"
    )


# Acts on every control of a tab, from the first to the last, as far as it can be used: {done, hidden}, the names of all and
# of those after which the maps were not in sight as a whole, or the window scrolled.
ACT = """async panel => {
    const skipped = "[type=file], .nuwa-save, .dash-dropdown-focus-target", done = [], hidden = [];
    const write = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
    const isSeen = () => {
        const box = document.getElementById("maps").getBoundingClientRect(), root = document.documentElement;
        const isWhole = box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
        return isWhole && box.width * box.height >= 0.5 * innerWidth * innerHeight // a note above them takes a line
            && root.scrollHeight <= innerHeight && root.scrollWidth <= innerWidth && scrollX + scrollY === 0;
    };
    for (const one of panel.querySelectorAll("summary, button, input, select, [role=slider]")) {
        if (!one.isConnected || !one.checkVisibility() || one.disabled || one.matches(skipped)) continue;
        one.scrollIntoView({ block: "nearest" });
        one.focus();
        if (one.matches("[role=slider]")) one.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
        else if (one.matches("input:not([type=radio], [type=checkbox], [type=color])")) {
            write.call(one, "abc");
            one.dispatchEvent(new Event("input", { bubbles: true }));
            one.blur();
        } else if (!one.matches("select, [open] > summary")) one.click();
        await new Promise(after => setTimeout(after, 60));
        const name = one.id || one.getAttribute("aria-label") || one.textContent;
        done.push(name);
        if (!isSeen()) hidden.push(name);
    }
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    return { done, hidden };
}"""
# A control of each tab that has to be among those that were acted on.
AMONG = dict(
    zip(
        TITLES,
        ("panels-split", "method-go", "markers-go", "seeds-go", "profile-go", "map-go", "bundle-go"),
        strict=True,
    )
)


@pytest.mark.slow
def test_the_maps_are_in_sight_after_every_action_of_the_panel(page, server, tiny_preparation, run_quick):
    run = start_run(server, tiny_preparation, "to act on", run_quick.model_dump())
    wait_until(lambda: server.view.runs.one(run)["explored"] == "ready")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server.base}/clusters?run={run}")
    see_traces(page, "panels", lambda drawn: len(drawn) >= 4)
    page.locator("#legend button.entry").first.click()  # actions on selected cells
    try:
        for title in TITLES:
            panel = to_tab(page, title)
            acted = panel.evaluate(ACT)
            assert AMONG[title] in acted["done"] and not acted["hidden"], (title, acted)
            panel.evaluate("panel => panel.scrollTo(0, panel.scrollHeight)")
            measure = drawn_to_size(page)
            assert measure["seen"] and not measure["scrolls"], (title, measure)
    finally:
        server.view.seeds.cancel(run)
        for job in server.store.jobs():
            if job["target"] == run and job["status"] in ("queued", "running"):
                server.store.stop_job(job["id"])
