"""Colours of the maps in a real Chromium: one for each panel, small multiples, split, labels, renaming and saving."""

import pytest
from browsing import pick, wait_until_page
from playwright.sync_api import expect
from viewer_pages import answering, query_of, tab

from core import figures
from dashboard.pages.clusters.viewer import draw

pytestmark = pytest.mark.browser

PLOT = "document.querySelector('#panels .js-plotly-plot')"
# The boxes of labels that lie over another one, as pairs of names.
COVERED = """selector => {
    const boxes = [...document.querySelectorAll(selector)].filter(n => n.getClientRects().length).map(n => [n.textContent, n.getBoundingClientRect()]);
    return boxes.flatMap(([name, a], i) => boxes.slice(0, i).filter(([, b]) =>
        a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1).map(([other]) => [name, other]));
}"""
COLOUR_OF = """name => [...document.querySelectorAll('#legend .entry')]
    .find(e => e.querySelector('.name').textContent === name)?.querySelector('.swatch').style.background"""


def rename(page, target, name):
    target.dblclick(force=True)  # the text of an SVG lies over its ground
    page.locator(".nuwa-rename").fill(name)
    page.keyboard.press("Enter")


@pytest.fixture
def page(browser):
    with tab(browser) as page:
        yield page


@pytest.fixture
def base(finished):
    with answering(finished) as address:
        yield address
    for row in finished.view.clusterings.all(finished.run):
        line = row["line"]
        while line:
            line = finished.view.clusterings.undo(finished.run, line)


@pytest.mark.slow
def test_colours_labels_and_small_multiples_as_plotly_draws_them(base, page, finished):
    page.goto(f"{base}/clusters?run={finished.run}&panels=latent_umap~latent_umap&by=obs:cell_type")
    page.wait_for_function(f"() => {PLOT}?._fullData?.length >= 10")
    page.get_by_label("Write the names of categories among their cells").check()
    label = page.locator("#panels g.annotation", has_text="type A").first
    expect(label).to_be_visible()
    of_plotly = "#panels g.annotation[data-index] .annotation-text-g"
    for width, height in ((1024, 768), (1280, 900)):  # the figure is placed again at each size
        page.set_viewport_size({"width": width, "height": height})
        wait_until_page(page, lambda: page.evaluate(COVERED, of_plotly) == [])
    colour = page.evaluate(COLOUR_OF, "type A")
    rename(page, label.locator("text").first, "helper cells")
    expect(page.locator("#legend")).to_contain_text("helper cells")
    assert page.evaluate(COLOUR_OF, "helper cells") == colour
    expect(page.locator("#panels g.annotation", has_text="helper cells").first).to_be_visible()

    page.get_by_label("The same colour in all panels").uncheck()
    pick(page, "colour", "sim-0007", "SIM-0007 (gene)")
    pick(page, "panel-colour-2", "adt-01", "ADT-01 (protein)")
    page.wait_for_function("() => new URLSearchParams(location.search).get('colours') === 'protein:ADT-01'")
    expect(page.locator("#legend")).to_contain_text("log1p of protein counts")
    expect(page.locator("#legend")).to_contain_text("SIM-0007 map 1")
    page.wait_for_function(
        f"() => {PLOT}._fullData.filter(t => t.marker.coloraxis).map(t => t.marker.coloraxis).join() === 'coloraxis,coloraxis2'"
    )
    page.get_by_label("The same colour in all panels").check()
    pick(page, "colour", "SIM-0007, SIM-0009, ADT-01", "One map each")
    page.wait_for_function(f"() => {PLOT}.layout.xaxis3 && !{PLOT}.layout.xaxis4")
    expect(page.locator("#panel-box-2")).to_be_hidden()
    pick(page, "panels-split", "sample", "sample (obs)")
    page.wait_for_function(f"() => !!{PLOT}.layout.xaxis6")
    page.wait_for_function("() => location.search.includes('split=')")
    query = query_of(page)
    assert query["split"] == "obs:sample" and query["by"].startswith("each:") and query["labels"] == "1"


@pytest.mark.slow
def test_colours_labels_and_small_multiples_as_the_page_draws_them(base, page, finished, monkeypatch):
    monkeypatch.setattr(draw, "SCATTERGL_POINTS", 0)
    drawn = "by => (window.nuwaViewer.all?.host.dataset.drawn || '').includes(encodeURIComponent(by))"
    page.goto(f"{base}/clusters?run={finished.run}&panels=latent_umap~pca&by=obs:cell_type&labels=1")
    page.wait_for_function(drawn, arg="obs:cell_type")
    assert page.evaluate("[...nuwaCells.shuffled(240)]") == figures.shuffled(240).tolist()
    labels = page.locator(".nuwa-cells-panel").first.locator(".nuwa-cells-label:not([hidden])")
    expect(labels).to_have_count(8)
    for panel in ("first-child", "nth-child(2)"):
        of_page = f".nuwa-cells-panel:{panel} .nuwa-cells-label:not([hidden])"
        wait_until_page(page, lambda: page.evaluate(COVERED, of_page) == [])  # noqa: B023
    expect(page.locator("#legend")).to_contain_text("type B")
    colour = page.evaluate(COLOUR_OF, "type B")
    rename(page, labels.filter(has_text="type B"), "B cells")
    expect(page.locator("#legend")).to_contain_text("B cells")
    expect(labels.filter(has_text="B cells")).to_be_visible()
    assert page.evaluate(COLOUR_OF, "B cells") == colour
    rename(
        page, page.locator("#legend .entry", has_text="B cells"), "lymphocytes"
    )  # the same clustering, once more
    expect(labels.filter(has_text="lymphocytes")).to_be_visible()

    page.get_by_label("The same colour in all panels").uncheck()
    pick(page, "panel-colour-2", "sim-0007", "SIM-0007 (gene)")
    page.wait_for_function("() => nuwaViewer.all.spec.panels[1].by === 'gene:SIM-0007'")
    page.wait_for_function(
        "() => nuwaViewer.all.panels[1].title.textContent === 'Input, PCA: SIM-0007 (gene)'"
    )
    expect(labels.first).to_be_visible()
    expect(page.locator(".nuwa-cells-panel").nth(1).locator(".nuwa-cells-label")).to_have_count(0)
    page.get_by_text("Ends of the colour scale").click()
    page.get_by_label("Upper end of the scale").fill("50")
    page.keyboard.press("Tab")
    expect(page.locator("#legend .clip").first).to_contain_text("clipped at")
    page.wait_for_function("() => location.search.includes('clip=')")

    with page.expect_download() as saved:
        page.locator(".nuwa-toolbar .dropdown-toggle").click()
        page.locator("button.nuwa-save[data-graph=panels][data-form=svg]").click()
    picture = saved.value.path().read_text()
    for text in ("lymphocytes", "SIM-0007 (gene)", "clipped at", "Latent space, UMAP: "):
        assert text in picture, text

    page.get_by_label("The same colour in all panels").check()
    pick(page, "panels-split", "sample", "sample (obs)")
    page.wait_for_function("() => nuwaViewer.all.panels.length === 2 && nuwaViewer.all.spec.panels[0].only")
    page.wait_for_function("() => nuwaViewer.all.host.dataset.drawn !== ''")
    grey = "p => nuwaViewer.all.panels[p].shade.reduce((n, code) => n + (code === 255), 0)"
    wait_until_page(page, lambda: page.evaluate(grey, 0) + page.evaluate(grey, 1) == 240)
    page.reload()
    page.wait_for_function(
        "() => window.nuwaViewer.all?.spec?.panels[0].only && nuwaViewer.all.host.dataset.drawn"
    )
    named = page.locator(".nuwa-cells-label:not([hidden])", has_text="lymphocytes")
    expect(named.first).to_be_visible()
