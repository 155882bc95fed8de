"""The Clusters page in a real Chromium: resolution, colours, names, markers, profiles, scores, download, theme."""

import re
import zipfile

import numpy as np
import pytest
from browsing import WORK, pick, see_traces, to_tab, traces, wait_until_page
from playwright.sync_api import expect

from core.config import RESOLUTIONS
from core.config.run_files import clusters_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def clusters_tab(context, server, tiny_run):
    """A tab on the clusters of the tiny run, coloured by them, and the function that loads it again."""
    tab = context.new_page()

    def show():
        tab.goto(f"{server.base}/clusters?run={tiny_run}")
        see_traces(tab, "panels", lambda drawn: len(drawn) >= 8)

    show()
    yield tab, show
    tab.close()


@pytest.fixture
def clusters_page(request, clusters_tab, page_errors):
    """The tab as the test before left it, as drawing costs seconds; drawn again where that test failed."""
    tab, show = clusters_tab
    page_errors.clear()
    failed = request.session.testsfailed
    yield tab
    if request.session.testsfailed > failed:
        show()
    assert not page_errors, "\n".join(page_errors)


def test_the_resolution_slider_changes_the_clusters(clusters_page, server, tiny_run):
    def n_clusters(resolution):
        return int(np.max(server.view.results.array(tiny_run, clusters_of(resolution)))) + 1

    def drawn():
        return len({name for name, *_ in traces(clusters_page, "panels") if name and name.isdigit()})

    to_tab(clusters_page, "Clusters and names")
    slider = clusters_page.locator("#resolution").get_by_role("slider")
    for key, resolution in (("Home", RESOLUTIONS[0]), ("End", RESOLUTIONS[-1])):
        slider.focus()
        slider.press(key)
        wait_until_page(clusters_page, lambda: drawn() == n_clusters(resolution))  # noqa: B023
    assert n_clusters(RESOLUTIONS[-1]) > n_clusters(RESOLUTIONS[0])


def test_a_typed_gene_colours_every_panel(clusters_page):
    pick(clusters_page, "colour", "SIM-0007", "SIM-0007 (gene)")
    expect(clusters_page.locator("#legend")).to_contain_text("SIM-0007")
    expect(clusters_page.locator("#legend")).to_contain_text("log1p of counts per 10,000")
    see_traces(clusters_page, "panels", lambda drawn: {t[0] for t in drawn} == {"SIM-0007"})
    clusters_page.get_by_role("button", name="Save").click()
    link = clusters_page.get_by_role("link", name="Data of the maps (CSV)")
    expect(link).to_have_attribute("href", re.compile("SIM-0007"))
    clusters_page.keyboard.press("Escape")
    pick(clusters_page, "colour", "cell_ty", "cell_type (obs)")
    see_traces(
        clusters_page, "panels", lambda drawn: {f"type {x}" for x in "ABCDEFGH"} <= {t[0] for t in drawn}
    )


@pytest.mark.slow
def test_a_name_survives_a_reload_and_a_marker_colours_the_cells(clusters_page):
    page = clusters_page
    page.locator("#legend button.entry").first.click()
    expect(page.locator("#selected")).to_contain_text("cells selected")
    to_tab(page, "Clusters and names")
    page.locator("#annotate-name").fill("my cells")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Name selected cells").click()
    expect(page.locator("#legend")).to_contain_text("my cells")
    page.wait_for_url("**by=made*")
    page.reload()
    expect(page.locator("#legend")).to_contain_text("my cells")
    to_tab(page, "Markers")
    page.get_by_role("button", name="Find markers").click()
    row = page.locator("#markers-table .ag-row[row-index='0']")
    row.wait_for(timeout=WORK)

    def the_first_row_colours_the_cells():
        feature = row.locator("[col-id=feature]").inner_text()
        row.click()
        page.wait_for_timeout(500)
        return feature in page.locator("#colour").inner_text()

    wait_until_page(
        page, the_first_row_colours_the_cells
    )  # markers of the old groups were there, then come the new ones
    page.get_by_text("violin plot of one feature").click()
    wait_until_page(page, lambda: {kind for _, kind, _ in traces(page, "markers-figure")} == {"violin"})


@pytest.mark.slow
def test_profiles_of_a_cluster_a_typed_cell_and_a_clicked_cell(clusters_page):
    page = clusters_page
    to_tab(page, "Latent dimensions")
    page.get_by_role("button", name="Show profile").click()
    expect(page.get_by_role("heading", name="Largest differences")).to_be_visible(timeout=WORK)
    expect(page.locator("#profile-table")).to_contain_text(re.compile(r"mean of \d\d+ cells"))
    page.get_by_label("a cell", exact=True).check()
    pick(page, "profile-cell", "00017", "cell-00017")
    page.get_by_role("button", name="Show profile").click()
    expect(page.locator("#profile-table")).to_contain_text("Largest differences, 1 cell", timeout=WORK)
    assert page.locator("#profile-table tbody tr").count() >= 10
    see_traces(page, "profile-figure", lambda drawn: len(drawn) >= 2)

    name, x, y = page.evaluate("""() => {
        const plot = document.querySelector("#panels .js-plotly-plot"), trace = plot._fullData[0];
        plot.scrollIntoView({ behavior: "instant" });
        const [x, y] = [plot._fullLayout.xaxis, plot._fullLayout.yaxis];
        const box = plot.getBoundingClientRect();
        return [trace.text[0], box.x + x._offset + x.l2p(trace.x[0]), box.y + y._offset + y.l2p(trace.y[0])];
    }""")
    page.mouse.move(x - 3, y - 3)
    page.mouse.move(x, y)
    expect(page.locator("#panels .hoverlayer")).to_contain_text("cell-")  # hover names the cell
    page.mouse.click(x, y)
    expect(page.locator("#profile-cell")).not_to_contain_text("cell-00017")
    expect(page.locator("#profile-cell")).to_contain_text("cell-")


def test_clusters_are_compared_with_a_label_column(clusters_page):
    to_tab(clusters_page, "Quality")
    pick(clusters_page, "labels", "cell_t", "cell_type")
    result = clusters_page.locator("#labels-result")
    expect(result).to_contain_text("ARI (adjusted Rand index)", timeout=WORK)
    expect(result).to_contain_text("NMI (normalised mutual information)")


@pytest.mark.slow
def test_a_run_is_downloaded_as_one_zip_that_scanpy_reads(clusters_page, tmp_path):
    """Without the figures: Chromium prints them slowly, and they have a test of their own."""
    import scanpy  # seconds, for this test alone

    page = clusters_page
    to_tab(page, "Export")
    for label in ("Figures:", "report.html:"):
        page.get_by_label(label).uncheck()
    expect(page.get_by_label("Width of figures")).to_be_disabled()
    page.get_by_role("button", name="Create zip").press("Enter")
    link = page.get_by_role("link", name="Download bundle.zip")
    expect(link).to_be_visible(timeout=WORK)
    assert "MB)" in link.inner_text()
    with page.expect_download() as download:
        link.click()
    download.value.save_as(tmp_path / "bundle.zip")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
        bundle.extractall(tmp_path)
    adata = scanpy.read_h5ad(tmp_path / "result.h5ad")
    latent = np.load(tmp_path / "latent.npy")
    np.testing.assert_array_equal(adata.obsm["X_nuwa"], latent)
    assert latent.shape == (240, 4) and "X_nuwa_umap" in adata.obsm
    cells = (tmp_path / "cells.csv").read_text().splitlines()
    assert len(cells) == 241 and len((tmp_path / "latent.csv").read_text().splitlines()) == 241
    assert [line.split(",")[1] for line in cells[1:]] == list(adata.obs["nuwa_cluster"].astype(str))
    assert (tmp_path / "reproduce.py").exists() and not (tmp_path / "figures").exists()
    expect(page.get_by_role("button", name="Verify")).to_be_enabled()


def test_a_figure_is_saved_as_svg_and_as_png(clusters_page, tmp_path):
    for form, start in (("svg", b"<svg"), ("png", b"\x89PNG")):
        clusters_page.get_by_role("button", name="Save").click()
        with clusters_page.expect_download() as download:
            clusters_page.get_by_role("button", name=f"Figure as {form.upper()}").click()
        download.value.save_as(tmp_path / "figure")
        content = (tmp_path / "figure").read_bytes()
        assert download.value.suggested_filename == f"nuwa_panels.{form}"
        assert content.startswith(start) and len(content) > 10_000
        assert form == "png" or b"X: counts" in content  # the badge goes along


def test_the_dark_theme_survives_a_reload(clusters_page):
    page = clusters_page
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "light"
    ink = "document.querySelector('#panels .js-plotly-plot')._fullLayout.font.color"
    light = page.evaluate(ink)
    page.get_by_role("button", name="Light / dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    wait_until_page(page, lambda: page.evaluate(ink) != light)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    see_traces(
        page, "panels", lambda drawn: len(drawn) >= 4
    )  # at least one in each panel, whatever colours the cells
    wait_until_page(page, lambda: page.evaluate(ink) != light)
    page.get_by_role("button", name="Light / dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_plots_of_a_tab_keep_their_height_when_the_page_is_resized_behind_it(clusters_page):
    page = clusters_page
    heights = """() => Object.fromEntries([...document.querySelectorAll("#side-panel .js-plotly-plot")]
        .filter(plot => plot.offsetParent).map(plot => [plot.parentElement.id, plot.clientHeight]))"""
    to_tab(page, "Quality")
    wait_until_page(page, lambda: page.evaluate(heights).get("clusters-loss"))
    before = page.evaluate(heights)
    to_tab(page, "Export")
    page.set_viewport_size({"width": 1000, "height": 700})
    wait_until_page(
        page, lambda: page.evaluate("document.querySelector('#panels .main-svg').clientHeight") < 640
    )
    to_tab(page, "Quality")
    assert before["clusters-loss"] > 300
    wait_until_page(page, lambda: before.items() <= page.evaluate(heights).items())
    page.set_viewport_size({"width": 1280, "height": 800})


# Last, because the embeddings that it computes keep the machine busy.
def test_the_panels_turn_to_three_dimensions_and_back(clusters_page):
    page = clusters_page
    page.locator("#panel-count-4").check()
    page.get_by_label("3-D", exact=True).check()
    # PCA is drawn at once; the others are being computed.
    see_traces(page, "panels", lambda drawn: drawn and {t[1] for t in drawn} == {"scatter3d"})
    scenes = "[...document.querySelectorAll('#panels .gl-container canvas')].filter(c => c.width > 50).length"
    wait_until_page(page, lambda: page.evaluate(scenes) >= 1)
    expect(page.locator("#panels")).to_contain_text("being drawn")
    page.get_by_label("2-D", exact=True).check()
    # Cells, not the entries of the legend.
    see_traces(page, "panels", lambda drawn: {kind for _, kind, n in drawn if n > 1} == {"scattergl"})
