"""The paths a person takes, walked in a real Chromium against a real server with its real worker."""

import re
import zipfile
from urllib.parse import urlsplit

import formats
import numpy as np
import pytest
from app_under_test import bring
from browsing import STEP, WORK, to_section, wait_until, wait_until_page
from playwright.sync_api import expect

from core.config import RESOLUTIONS
from core.config.run_files import clusters_of
from core.store import ACTIVE

pytestmark = pytest.mark.browser

# A run that is still at work when a test looks at it: small data, so that what follows it is quick, and slow passes.
ENDLESS = {"epochs": 10_000, "n_hidden": 4096, "batch_size": 8}


@pytest.fixture(scope="module")
def tiny_set(server, tiny_file):
    """The tiny set, read and preprocessed: the id of the preparation."""
    dataset = bring(server.view, "tiny.h5ad", tiny_file.read_bytes())
    wait_until(lambda: server.view.datasets.one(dataset)["status"] == "ready")
    preparation, _ = server.view.preparations.create(dataset, {}, "tiny-prepare")
    wait_until(lambda: server.view.preparations.one(preparation)["status"] == "ready")
    return preparation


def start(server, preparation, name, values):
    """A new run, handed to the worker; gives its id."""
    run = server.view.runs.create(preparation, values, name)
    server.view.runs.train(run)
    return run


@pytest.fixture(scope="module")
def tiny_run(server, tiny_set, run_quick):
    """A finished run, for the tests that look at results."""
    run = start(server, tiny_set, "tiny run", run_quick.model_dump())
    wait_until(lambda: server.view.runs.one(run)["explored"] == "ready")
    return run


@pytest.fixture(scope="module")
def no_run_is_left(server):
    """Ends a run that no test has cancelled: it would take its core from all files that follow."""
    yield
    active = [r["id"] for r in server.view.runs.all() if r["status"] in ACTIVE]
    for run in active:
        server.view.runs.cancel(run)
    wait_until(lambda: not any(server.view.runs.one(run)["status"] in ACTIVE for run in active))


@pytest.fixture
def at_work(server, tiny_set, no_run_is_left):
    """A run that trains and would go on for long; the same one for all tests that leave it alone."""
    found = [r["id"] for r in server.view.runs.all() if r["status"] == "running"]
    run = found[0] if found else start(server, tiny_set, "long run", ENDLESS)
    wait_until(lambda: len(server.view.runs.epochs(run)) > 1)
    return run


def traces(page, graph):
    """Name, type and number of points of what a graph has drawn."""
    script = """id => {
        const plot = document.querySelector(`#${id} .js-plotly-plot`);
        return ((plot && plot._fullData) || []).map(t => [t.name, t.type, t.x ? t.x.length : 0]);
    }"""
    return page.evaluate(script, graph)


def see_traces(page, graph, enough):
    """Wait until the traces of a graph are `enough`, and give them back."""

    def look():
        found = traces(page, graph)
        return found if enough(found) else None

    return wait_until_page(page, look)


def epoch_shown(page):
    found = re.search(r"epoch (\d+) of", page.locator("#status").inner_text())
    return int(found[1]) if found else 0


def pick(page, dropdown, text, option):
    """Choose from a dropdown by searching it, at once: of keys pressed quickly, dash's search field may lose some."""
    page.locator(f"#{dropdown}").click()
    page.locator(".dash-dropdown-search").fill(text)
    page.get_by_role("option", name=option).first.click()
    page.keyboard.press("Escape")


# --- the walk


@pytest.mark.parametrize(
    "epochs", [pytest.param(None, marks=pytest.mark.slow), 5], ids=["default", "few epochs"]
)
def test_a_newcomer_walks_from_data_to_clusters_in_clicks(page, server, epochs):
    """Issue 2, "Shown by" 1: the simulated set; the number of epochs is typed to be quick, else nothing is."""
    page.goto(server.base)
    page.get_by_role("link", name="Start with the data").click()
    expect(page.get_by_role("heading", name="Data checks")).to_be_visible(timeout=WORK)
    expect(page.locator("#header")).to_contain_text("Simulated CITE-seq")
    page.get_by_role("link", name="Preprocess this dataset").click()
    expect(page.get_by_text("recommended for better results")).to_be_visible()
    page.get_by_role("button", name="Preprocess", exact=True).click()
    page.get_by_role("link", name="Create a model").click(timeout=WORK)
    expect(page.locator("#model-words")).to_contain_text("Weights")
    if epochs:
        page.locator("[data-setting=epochs] input").fill(str(epochs))
        page.keyboard.press("Tab")
        expect(page.locator("#model-words")).to_contain_text(f"Epochs{epochs}of 2,550 cells")
    page.get_by_role("button", name="Create model").click()
    page.get_by_role("button", name="Train", exact=True).click()

    expect(page.locator("#status")).to_contain_text(re.compile(r"epoch \d+ of \d+"), timeout=WORK)
    expect(page.locator(".nuwa-working.cpu, .nuwa-working.gpu")).to_be_visible()
    expect(page.get_by_text("cells per second")).to_be_visible()
    expect(page.get_by_text("Time left")).to_be_visible()
    lines = see_traces(page, "loss", lambda found: len(found) >= 4 and found[2][2] > 2)
    assert {"training", "validation", "training mean", "PCA, 20 dimensions"} <= {name for name, *_ in lines}

    expect(page.locator("#status")).to_contain_text("Training complete", timeout=WORK)
    for label in ("Training loss", "Validation loss", "Against PCA", "Against the mean"):
        expect(page.locator("#tiles")).to_contain_text(label)
    page.get_by_role("link", name="See the clusters").click(timeout=WORK)

    drawn = see_traces(page, "panels", lambda found: len(found) >= 8)
    assert {kind for _, kind, _ in drawn} == {"scattergl"}
    page.locator("#section-see").scroll_into_view_if_needed()
    see_traces(page, "clusters-loss", lambda found: len(found) >= 4)
    to_section(page, "Scores")
    expect(page.get_by_role("heading", name="Scores", exact=True)).to_be_visible()
    expect(page.get_by_text("test cells, which the model has never seen")).to_be_visible()
    assert page.locator(".modebar-btn").count() > 0
    for words in ("share", "cloud", "Chart Studio", "Edit in"):
        assert page.locator(f".modebar-btn[data-title*='{words}' i]").count() == 0
        assert page.locator(f"button:has-text('{words}')").count() == 0


# --- data


def test_a_file_is_uploaded_and_read(page, server, tiny_file):
    page.goto(f"{server.base}/data")
    page.set_input_files("#upload input[type=file]", tiny_file)
    expect(page.locator("#header")).to_contain_text("tiny.h5ad", timeout=WORK)
    expect(page.get_by_role("heading", name="Data checks")).to_be_visible(timeout=WORK)
    expect(page.locator("#data-detail")).to_contain_text("IgG1-isotype-control")
    expect(page.locator("#data-detail")).to_contain_text("cell_type")
    see_traces(page, "data-picture", lambda found: len(found) >= 2)


def test_a_broken_upload_gets_one_sentence_and_the_list_stays(page, server, tiny_file, tmp_path):
    torn = tmp_path / "torn.h5ad"
    torn.write_bytes(tiny_file.read_bytes()[:30_000])
    page.goto(f"{server.base}/data")
    expect(page.locator("#data-list")).to_contain_text("Simulated CITE-seq", timeout=WORK)
    expect(page.locator("#data-list")).not_to_contain_text("being loaded", timeout=WORK)
    before = page.locator("#data-list li").all_inner_texts()
    page.set_input_files("#upload input[type=file]", torn)
    words = page.get_by_text("'torn.h5ad' is damaged or was not copied to its end: copy it again.")
    expect(words).to_be_visible(timeout=WORK)
    after = page.locator("#data-list li").all_inner_texts()
    assert after[: len(before)] == before and len(after) == len(before) + 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete ...").click()
    expect(page.locator("#data-list")).not_to_contain_text("torn.h5ad")
    page.get_by_role("link", name="Simulated CITE-seq").click()
    expect(page.get_by_role("heading", name="Data checks")).to_be_visible()


def test_a_file_of_another_kind_or_without_content_is_refused_in_words(page, server, heard, tmp_path):
    (tmp_path / "notes.pdf").write_text("not a matrix")
    (tmp_path / "none.h5ad").touch()
    page.goto(f"{server.base}/data")
    expect(page.locator("#data-list")).to_contain_text("Simulated CITE-seq", timeout=WORK)
    for name, words in (("notes.pdf", "is not a file Nuwa reads"), ("none.h5ad", "is empty (0 bytes)")):
        page.set_input_files("#upload input[type=file]", tmp_path / name)
        expect(page.locator("#uploads")).to_contain_text(f"'{name}' {words}")
        assert name not in page.locator("#data-list").inner_text()
        page.get_by_role("button", name=f"Cancel {name}").click()
        expect(page.locator("#uploads")).not_to_contain_text(name)
    assert len(heard) == 2 and all("status of 400" in line for line in heard)  # the browser's own two lines
    heard.clear()


def test_a_table_is_read_as_its_owner_answers(page, server, tmp_path):
    path = formats.table(formats.counts(), tmp_path, turned=True)
    page.goto(f"{server.base}/data")
    page.set_input_files("#upload input[type=file]", path)
    expect(page.get_by_text("which are the cells?")).to_be_visible(timeout=WORK)
    expect(page.get_by_label("rows are genes, columns are cells")).to_be_checked()
    page.get_by_role("button", name="Load with this answer").click()
    expect(page.get_by_role("heading", name="Data checks")).to_be_visible(timeout=WORK)
    expect(page.locator("#data-detail")).to_contain_text("the columns were taken as cells")


def test_a_file_of_the_inbox_appears_and_is_read(page, server, tiny_file):
    page.goto(f"{server.base}/data")
    expect(page.locator("#inbox-part")).to_contain_text("The inbox is empty")
    (server.store.root / "inbox" / "dropped.h5ad").write_bytes(tiny_file.read_bytes())
    expect(page.locator("#inbox-part")).to_contain_text("dropped.h5ad")  # without a reload
    page.locator("#inbox").select_option("dropped.h5ad")
    page.get_by_role("button", name="Load file").click()
    expect(page.locator("#header")).to_contain_text("dropped.h5ad", timeout=WORK)
    expect(page.get_by_role("heading", name="Data checks")).to_be_visible(timeout=WORK)


# --- a run at work


@pytest.mark.slow
def test_the_keyboard_alone_starts_a_training(page, server, tiny_run):
    """From the settings to the trained run without a mouse; the number of epochs is typed."""
    page.goto(f"{server.base}/model?run={tiny_run}")
    field = page.locator("[data-setting=epochs] input")
    field.fill("7")
    field.press("Tab")
    expect(page.locator("#model-words")).to_contain_text("Epochs7")
    tab_to(page, "model-create")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("Ready to train")
    tab_to(page, "train")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("Training complete", timeout=WORK)
    expect(page.locator("#tiles")).to_contain_text("7 / 7")


def tab_to(page, id):
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == id:
            return
    raise AssertionError(f"Tab does not reach #{id}")


def test_a_reload_and_a_second_tab_find_the_run_again(page, context, server, at_work):
    page.goto(f"{server.base}/train?run={at_work}")
    expect(page.locator("#status")).to_contain_text("epoch")
    before = epoch_shown(page)
    page.reload()
    wait_until_page(page, lambda: epoch_shown(page) > before + 1)
    second = context.new_page()
    second.goto(f"{server.base}/train")  # the latest run, without being told which
    wait_until_page(second, lambda: epoch_shown(second) > before + 1)
    expect(second.locator("#header")).to_contain_text(at_work)
    first_epoch, second_epoch = epoch_shown(page), epoch_shown(second)
    wait_until_page(page, lambda: epoch_shown(page) > first_epoch)  # both go on
    wait_until_page(second, lambda: epoch_shown(second) > second_epoch)
    expect(second.get_by_role("button", name="Cancel")).to_be_enabled()
    expect(second.get_by_role("button", name="Train", exact=True)).to_be_hidden()


@pytest.mark.slow
def test_short_work_is_done_while_a_run_trains(page, server, tiny_file, at_work):
    page.goto(f"{server.base}/data")
    page.set_input_files("#upload input[type=file]", files={**payload(tiny_file), "name": "meanwhile.h5ad"})
    expect(page.locator("#header")).to_contain_text("meanwhile.h5ad", timeout=WORK)
    page.get_by_role("link", name="Preprocess this dataset").click(timeout=WORK)
    page.get_by_role("button", name="Preprocess", exact=True).click()
    expect(page.get_by_role("link", name="Create a model")).to_be_visible(timeout=WORK)
    expect(page.locator("#sidebar-foot")).to_contain_text("1 training")
    assert server.view.runs.one(at_work)["status"] == "running"


def payload(path):
    return {"name": path.name, "mimeType": "application/octet-stream", "buffer": path.read_bytes()}


def test_a_second_run_queues_behind_the_first_and_says_so(page, server, at_work, tiny_set):
    behind = server.view.runs.create(tiny_set, {"epochs": 2}, "behind")
    page.goto(f"{server.base}/train?run={behind}")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator("#status")).to_contain_text("Waiting in the queue: 1 run is ahead.")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#status")).to_contain_text("Cancelled before it began.")
    assert server.view.runs.one(at_work)["status"] == "running"


def test_cancel_stops_a_run_keeps_what_was_learnt_and_lets_the_next_one_in(page, server, at_work, tiny_set):
    behind = start(server, tiny_set, "behind", {"epochs": 2})
    page.goto(f"{server.base}/train?run={at_work}")
    wait_until_page(page, lambda: epoch_shown(page) > 1)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#status")).to_contain_text("Cancelled", timeout=WORK)
    expect(page.locator("#status")).to_contain_text(re.compile(r"the weights of epoch \d+ were kept"))
    expect(page.get_by_role("link", name="See the clusters")).to_be_visible(timeout=WORK)
    assert server.view.runs.one(at_work)["status"] == "cancelled"
    assert len(server.view.runs.epochs(at_work)) < ENDLESS["epochs"]
    assert (server.store.run_folder(at_work) / "model.pt").exists()
    wait_until(lambda: server.view.runs.one(behind)["status"] == "done")


# --- clusters


@pytest.fixture(scope="module")
def clusters_tab(context, server, tiny_run):
    """A tab on the clusters of the tiny run, coloured by them, and what brings it back there."""
    tab = context.new_page()

    def show():
        tab.goto(f"{server.base}/clusters?run={tiny_run}")
        see_traces(tab, "panels", lambda found: len(found) >= 8)

    show()
    yield tab, show
    tab.close()


@pytest.fixture
def clusters_page(request, clusters_tab, heard):
    """The clusters as the test before has left them, as drawing them anew costs seconds; anew where it has failed."""
    tab, show = clusters_tab
    expect.set_options(timeout=STEP)
    heard.clear()
    failed = request.session.testsfailed
    yield tab
    if request.session.testsfailed > failed:
        show()
    assert not heard


def test_the_resolution_slider_changes_the_clusters(clusters_page, server, tiny_run):
    def n_clusters(resolution):
        return int(np.max(server.view.results.array(tiny_run, clusters_of(resolution)))) + 1

    def drawn():
        return len({name for name, *_ in traces(clusters_page, "panels")})

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
    see_traces(clusters_page, "panels", lambda found: {t[0] for t in found} == {"SIM-0007"})
    href = clusters_page.get_by_role("link", name="Download the data of this plot").get_attribute("href")
    assert "SIM-0007" in href
    pick(clusters_page, "colour", "cell_ty", "cell_type (obs)")
    see_traces(
        clusters_page, "panels", lambda found: {f"type {x}" for x in "ABCDEFGH"} <= {t[0] for t in found}
    )


def test_a_name_outlives_a_reload_and_a_marker_colours_the_cells(clusters_page):
    page = clusters_page
    page.locator("#legend button.entry").first.click()
    expect(page.locator("#selected")).to_contain_text("cells selected")
    to_section(page, "Clusters and names")
    page.locator("#annotate-name").fill("my cells")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Name selected cells").click()
    expect(page.locator("#legend")).to_contain_text("my cells")
    page.wait_for_url("**by=made*")
    page.reload()
    expect(page.locator("#legend")).to_contain_text("my cells")
    to_section(page, "Markers")
    page.get_by_role("button", name="Find markers").click()
    row = page.locator("#markers-table .ag-row[row-index='0']")
    row.wait_for(timeout=WORK)
    feature = row.locator("[col-id=feature]").inner_text()
    row.click()
    expect(page.locator("#colour")).to_contain_text(feature)
    page.get_by_text("violin plot of one feature").click()
    wait_until_page(page, lambda: {kind for _, kind, _ in traces(page, "markers-figure")} == {"violin"})


def test_profiles_of_a_cluster_a_typed_cell_and_a_clicked_cell(clusters_page):
    page = clusters_page
    to_section(page, "Latent dimensions")
    page.get_by_role("button", name="Show profile").click()
    expect(page.get_by_role("heading", name="Largest differences")).to_be_visible(timeout=WORK)
    expect(page.locator("#profile-table")).to_contain_text(re.compile(r"mean of \d\d+ cells"))
    page.get_by_label("a cell", exact=True).check()
    pick(page, "profile-cell", "00017", "cell-00017")
    page.get_by_role("button", name="Show profile").click()
    expect(page.locator("#profile-table")).to_contain_text("Largest differences, 1 cell", timeout=WORK)
    assert page.locator("#profile-table tbody tr").count() >= 10
    see_traces(page, "profile-figure", lambda found: len(found) >= 2)

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


def test_clusters_are_held_against_a_label_column(clusters_page):
    to_section(clusters_page, "Scores")
    pick(clusters_page, "labels", "cell_t", "cell_type")
    result = clusters_page.locator("#labels-result")
    expect(result).to_contain_text("ARI (adjusted Rand index)", timeout=WORK)
    expect(result).to_contain_text("NMI (normalised mutual information)")


def test_everything_leaves_as_one_zip_that_scanpy_reads(clusters_page, tmp_path):
    """Figures take Chromium's time, and have a test of their own: here the box for them is emptied."""
    import scanpy  # seconds, for this test alone

    page = clusters_page
    to_section(page, "Download")
    for words in ("Figures:", "report.html:"):
        page.get_by_label(words).uncheck()
    expect(page.get_by_label("Width of figures")).to_be_disabled()
    page.get_by_role("button", name="Create zip").press("Enter")
    link = page.get_by_role("link", name="Download bundle.zip")
    expect(link).to_be_visible(timeout=WORK)
    assert "MB)" in link.inner_text()
    with page.expect_download() as download:
        link.click()
    download.value.save_as(tmp_path / "bundle.zip")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as made:
        made.extractall(tmp_path)
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
        with clusters_page.expect_download() as download:
            clusters_page.locator(f".nuwa-save[data-graph=panels][data-form={form}]").click()
        download.value.save_as(tmp_path / "figure")
        content = (tmp_path / "figure").read_bytes()
        assert download.value.suggested_filename == f"nuwa_panels.{form}"
        assert content.startswith(start) and len(content) > 10_000
        assert form == "png" or b"X: counts" in content  # the badge goes along


# --- the look


def test_the_dark_theme_outlives_a_reload(clusters_page):
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
        page, "panels", lambda found: len(found) >= 4
    )  # one a panel at least, whatever colours the cells
    wait_until_page(page, lambda: page.evaluate(ink) != light)
    page.get_by_role("button", name="Light / dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


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


def test_the_runs_are_listed_with_what_became_of_them(page, server, tiny_run):
    page.goto(f"{server.base}/runs")
    row = page.locator("tr", has=page.locator(f"[href='/clusters?run={tiny_run}']"))
    expect(row).to_contain_text("Training complete")
    expect(row.locator("time")).to_contain_text(re.compile(r"\d\d?:\d\d"))  # local time, by the page's script
    assert not [r for r in server.view.runs.all() if r["status"] in ACTIVE and r["name"] == "tiny run"]


# Last, because the pictures that it asks for keep the machine busy.
def test_the_panels_turn_to_three_dimensions_and_back(clusters_page):
    page = clusters_page
    page.get_by_label("3-D", exact=True).check()
    # PCA is there at once; the others are being drawn.
    see_traces(page, "panels", lambda found: found and {t[1] for t in found} == {"scatter3d"})
    scenes = "[...document.querySelectorAll('#panels .gl-container canvas')].filter(c => c.width > 50).length"
    wait_until_page(page, lambda: page.evaluate(scenes) >= 1)
    expect(page.locator("#panels")).to_contain_text("being drawn")
    page.get_by_label("2-D", exact=True).check()
    see_traces(page, "panels", lambda found: found and {t[1] for t in found} == {"scattergl"})
