"""The viewer of cells in a real Chromium: lasso, legend, colours and the address, as plotly and the page itself draw them."""

import json

import numpy as np
import pytest
from app_under_test import AppUnderTest, bring
from browsing import WORK, pick, wait_until_page
from playwright.sync_api import expect
from viewer_pages import answering, query_of, tab

from bench.cells import grown
from core.worker.execute import drain
from dashboard.pages.clusters.viewer import draw, selection

pytestmark = pytest.mark.browser

DRAWN = "() => { const v = window.nuwaViewer.all; return v && v.host.dataset.drawn }"
DIMMED = """() => document.querySelector('#panels .js-plotly-plot')._fullData
    .map(t => [t.xaxis, t.x.length, t.selectedpoints ? t.selectedpoints.length : null])"""
# How far the pixel at the cell that is drawn last is from its colour, and a corner from the ground, 0 to 255; and whether
# the cell under the mouse there is one of that place.
DRAWN_AS = """() => {
    const p = nuwaViewer.all.panels[1], { width, height } = p.canvas, seen = p.view.onto(width, height);
    const k = p.points.length - 1, point = p.points[k], x = seen.x + (point & 0xffff) * seen.sx, y = seen.y - (point >>> 16) * seen.sy;
    const rgb = (paint) => [paint & 255, (paint >> 8) & 255, (paint >> 16) & 255];
    const off = (x, y, paint) => {
        const found = p.canvas.getContext("2d").getImageData(x, y, 1, 1).data;
        return Math.max(...rgb(paint).map((c, i) => Math.abs(c - found[i])));
    };
    const ground = parseInt(p.paper.slice(1).replace(/(..)(..)(..)/, "$3$2$1"), 16);
    return [off(x, y, p.table[p.shade[k]]), off(1, 1, ground), p.place.xy[p.nearest(x, y)] === point];
}"""


@pytest.fixture
def base(finished):
    with answering(finished) as address:
        yield address


@pytest.fixture
def page(browser):
    with tab(browser) as page:
        yield page


def drag(page, corners):
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=4)
    page.mouse.up()


def around(box):
    """The corners of a lasso through the middle of a box: its left half."""
    x, y, w, h = (box[name] for name in ("x", "y", "width", "height"))
    return [(x + 4, y + 4), (x + w / 2, y + 4), (x + w / 2, y + h - 4), (x + 4, y + h - 4), (x + 6, y + 8)]


def wait_for_select(page, words):
    page.wait_for_function(
        "words => (new URLSearchParams(location.search).get('select') || '').replaceAll(' ', '').includes(words)",
        arg=words.replace(" ", ""),
    )


def n_selected(page, nuwa, key):
    """How many cells the lasso in the panel `key`, as the address has it, means by the server's own reckoning."""
    wait_for_select(page, f'"in":"{key}"')
    run = nuwa.view.runs.one(nuwa.run)
    return int(selection.cells(nuwa.view, run, selection.read(query_of(page)["select"])).sum())


@pytest.mark.slow  # its dataset of its own takes the time of three other walks
def test_a_lasso_in_one_panel_selects_in_all_and_the_address_restores_it(base, page, finished, monkeypatch):
    page.goto(f"{base}/clusters?run={finished.run}&panels=latent_umap~pca~input_tsne~input_umap")
    page.wait_for_function("() => document.querySelector('#panels .js-plotly-plot')?._fullData?.length >= 8")
    page.get_by_label("lasso-select").check()
    page.wait_for_function(
        "() => document.querySelector('#panels .js-plotly-plot')._fullLayout.dragmode === 'lasso'"
    )
    drag(page, around(page.locator("#panels .nsewdrag[data-subplot=xy]").bounding_box()))
    expect(page.locator("#selected")).to_contain_text("by lasso in Latent space, UMAP")
    n = n_selected(page, finished, "latent_umap")
    assert 0 < n < 240
    expect(page.locator("#selected")).to_contain_text(f"{n} of 240 cells selected")

    def selected(axis):  # entries of the legend have none
        return sum(chosen or 0 for at, _, chosen in page.evaluate(DIMMED) if at == axis)

    for axis in ("x", "x2", "x3", "x4"):  # the same cells in every panel
        wait_until_page(page, lambda: selected(axis) == n)  # noqa: B023

    pick(page, "colour", "adt-01", "ADT-01 (protein)")
    expect(page.locator("#legend")).to_contain_text("log1p of protein counts")
    page.wait_for_function("() => location.search.includes('ADT-01')")
    query = query_of(page)
    assert query["by"] == "protein:ADT-01" and query["run"] == finished.run and "~pca~" in query["panels"]

    monkeypatch.setattr(draw, "SCATTERGL_POINTS", 0)  # from here on the page draws every picture itself
    page.goto(page.url.replace("%7Epca%7E", "%7Elatent%3A2%2C3%7E"))
    page.wait_for_function(DRAWN)
    titles = page.locator(".nuwa-cells-panel .title").all_text_contents()
    assert titles == ["Latent space, UMAP", "Latent dimensions 2 and 3", "Input, t-SNE", "Input, UMAP"]
    expect(page.locator("#cells-host")).to_have_attribute("data-selected", str(n))
    assert page.evaluate("nuwaViewer.all.panels.map(p => p.points.length)") == [240] * 4
    expect(page.locator("#legend")).to_contain_text("log1p of protein counts")
    paint, ground, found = page.evaluate(DRAWN_AS)
    assert (
        paint <= 0.21 * 255 and ground == 0 and found
    )  # a cell lets a fifth of what lies beneath it through

    page.locator(".nuwa-cells-panel .frame").first.focus()  # keys move and zoom it, 0 shows all again
    for key, there in (
        ("+", "v.times > 1"),
        ("ArrowLeft", "v.x > -0.2"),
        ("0", "v.times === 1 && v.x === 0"),
    ):
        page.keyboard.press(key)
        page.wait_for_function(f"() => (v => {there})(nuwaViewer.all.panels[0].view.state)")

    page.get_by_label("lasso-select").check()
    drag(page, around(page.locator(".nuwa-cells-panel .frame").nth(1).bounding_box()))
    expect(page.locator("#selected")).to_contain_text("by lasso in Latent dimensions 2 and 3")
    m = n_selected(page, finished, "latent:2,3")
    expect(page.locator("#cells-host")).to_have_attribute("data-selected", str(m))
    left = np.asarray(finished.view.results.array(finished.run, "latent"))[:, 1]
    assert (
        abs(m - (left < (left.min() + left.max()) / 2).sum()) <= 8
    )  # the corners are a few pixels within the frame

    pick(page, "colour", "cell_ty", "cell_type (obs)")
    page.locator("#legend").get_by_role("button", name="type A").click()
    expect(page.locator("#selected")).to_contain_text("cell_type (obs) is type A")
    wait_for_select(page, "type A")
    assert json.loads(query_of(page)["select"]) == {"by": "obs:cell_type", "is": ["type A"]}
    page.get_by_role("button", name="Clear selection").click()
    expect(page.locator("#selected")).to_contain_text("No cells are selected")
    page.wait_for_function("() => !location.search.includes('select=')")


@pytest.mark.slow
def test_a_million_cells_are_seen_selected_and_coloured(page, tmp_path):
    nuwa = AppUnderTest(tmp_path)
    nuwa.run = grown(nuwa.store, 1_000_000)
    page.set_default_timeout(WORK)
    with answering(nuwa) as address:
        page.goto(f"{address}/clusters?run={nuwa.run}")
        page.wait_for_function(DRAWN)
        assert page.evaluate("nuwaViewer.all.panels.map(p => p.points.length)") == [1_000_000] * 2
        page.get_by_label("lasso-select").check()
        drag(page, around(page.locator(".nuwa-cells-panel .frame").first.bounding_box()))
        expect(page.locator("#selected")).to_contain_text("by lasso in Latent space, UMAP", timeout=WORK)
        n = n_selected(page, nuwa, "latent_umap")
        assert 1000 < n < 999_000
        expect(page.locator("#cells-host")).to_have_attribute("data-selected", str(n), timeout=WORK)
        pick(page, "colour", "gene-003", "GENE-003 (gene)")
        page.wait_for_function("() => nuwaViewer.all.host.dataset.drawn.includes('GENE-003')")
        page.get_by_label("pan", exact=True).check()
        box = page.locator(".nuwa-cells-panel .frame").first.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(page.locator(".nuwa-cells-panel .tip").first).to_contain_text(
            "cell-", timeout=WORK
        )  # hover names the cell
        page.goto("about:blank")  # before nobody answers any more


@pytest.mark.slow
def test_mapped_cells_are_kept_in_the_address_and_drawn_after_a_reload(page, base, finished, tiny, tmp_path):
    tiny[20:60].copy().write_h5ad(tmp_path / "other.h5ad")
    bring(finished.view, "other half.h5ad", (tmp_path / "other.h5ad").read_bytes())
    drain(finished.store)
    page.goto(f"{base}/clusters?run={finished.run}#map")
    page.locator("#map-dataset").click()
    page.get_by_role("option", name="other half.h5ad").click()
    page.locator("#map-labels").click()
    page.get_by_role("option", name="cell_type (obs)").click()
    page.get_by_role("button", name="Map cells").click()
    expect(page.locator("#map-figure .main-svg").first).to_be_visible()
    expect(page.locator("#map-table")).to_contain_text(
        "Of 40 cells whose own cell_type is a label of the run"
    )
    expect(page.locator("#map-notes")).to_contain_text("lie farther from the reference")
    page.get_by_label("Unknown below a confidence of").fill("0.95")
    page.keyboard.press("Tab")  # a number is read when its field is left
    page.wait_for_function("() => location.search.includes('mapped_sure=0.95')")
    kept = query_of(page)["mapped"]
    page.reload()
    expect(page.get_by_label("Unknown below a confidence of")).to_have_value("0.95")
    expect(page.locator("#map-figure .main-svg").first).to_be_visible()
    assert query_of(page)["mapped"] == kept
