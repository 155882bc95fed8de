"""The Data page in a real Chromium: uploads, the inbox, the data checks, and a repair by one click."""

import anndata
import formats
import numpy as np
import pytest
from app_under_test import bring
from browsing import WORK, see_traces, wait_until, wait_until_page
from playwright.sync_api import expect
from scipy import sparse

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def log_normalised(server, tiny, tmp_path_factory):
    """The id of the tiny dataset as many files are: normalised and logged, without counts."""
    adata = tiny.copy()
    total = np.asarray(adata.X.sum(axis=1))
    adata.X = sparse.csr_matrix(adata.X.multiply(1e4 / total)).log1p().astype(np.float32)
    path = tmp_path_factory.mktemp("logged") / "logged.h5ad"
    adata.write_h5ad(path)
    dataset = bring(server.view, "logged.h5ad", path.read_bytes())
    wait_until(lambda: server.view.datasets.one(dataset)["status"] == "ready")
    return dataset


def test_a_log_transform_is_undone_by_one_click_and_restored(page, server, log_normalised, tiny):
    page.goto(f"{server.base}/data?dataset={log_normalised}")
    plot = page.locator(".nuwa-plot", has=page.locator("#data-picture"))
    expect(plot.locator(".nuwa-badge")).to_have_text("X: log-normalised")
    expect(page.locator(".nuwa-header .nuwa-badge")).to_have_text("X: log-normalised")
    page.get_by_role("button", name="Undo the log transform").click()
    expect(page.get_by_role("heading", name="logged.h5ad (repaired)")).to_be_visible(timeout=WORK)
    expect(plot.locator(".nuwa-badge")).to_have_text("X: counts", timeout=WORK)
    expect(page.get_by_text("the counts were restored")).to_be_visible()
    repaired = next(row for row in server.view.datasets.all() if row["name"] == "logged.h5ad (repaired)")
    counts = anndata.read_h5ad(server.store.dataset_folder(repaired["id"]).file).X
    assert (sparse.csr_matrix(tiny.X) != counts).nnz == 0
    see_traces(page, "data-picture", lambda drawn: len(drawn) >= 2)  # until then the page is drawn again
    page.get_by_role("button", name="Undo last step").click()
    expect(plot.locator(".nuwa-badge")).to_have_text("X: log-normalised", timeout=WORK)
    expect(page.get_by_role("link", name="logged.h5ad (repaired)")).to_have_count(0)
    assert server.view.datasets.one(log_normalised)["status"] == "ready"


def test_a_file_is_uploaded_and_read(page, server, tiny_file):
    page.goto(f"{server.base}/data")
    page.set_input_files("#upload input[type=file]", tiny_file)
    expect(page.locator("#header")).to_contain_text("tiny.h5ad", timeout=WORK)
    expect(page.get_by_role("heading", name="Data checks")).to_be_visible(timeout=WORK)
    expect(page.locator("#data-detail")).to_contain_text("IgG1-isotype-control")
    expect(page.locator("#data-detail")).to_contain_text("cell_type")
    see_traces(page, "data-picture", lambda drawn: len(drawn) >= 2)


@pytest.mark.slow
def test_a_damaged_upload_gets_one_message_and_the_list_stays(page, server, tiny_file, tmp_path):
    damaged = tmp_path / "damaged.h5ad"
    damaged.write_bytes(tiny_file.read_bytes()[:30_000])
    page.goto(f"{server.base}/data")
    expect(page.locator("#data-list")).to_contain_text("Simulated CITE-seq", timeout=WORK)
    expect(page.locator("#data-list")).not_to_contain_text("being loaded", timeout=WORK)
    before = page.locator("#data-list li").all_inner_texts()
    page.set_input_files("#upload input[type=file]", damaged)
    message = page.get_by_text("'damaged.h5ad' is damaged or was not copied to its end: copy it again.")
    expect(message).to_be_visible(timeout=WORK)
    wait_until_page(
        page, lambda: page.locator("#data-list li").all_inner_texts()[1:] == before
    )  # newest first
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete ...").click()
    expect(page.locator("#data-list")).not_to_contain_text("damaged.h5ad")
    page.get_by_role("link", name="Simulated CITE-seq").click()
    expect(page.get_by_role("heading", name="Data checks")).to_be_visible()


def test_a_file_of_another_kind_or_without_content_is_refused_with_a_message(
    page, server, page_errors, tmp_path
):
    (tmp_path / "notes.pdf").write_text("not a matrix")
    (tmp_path / "none.h5ad").touch()
    page.goto(f"{server.base}/data")
    expect(page.locator("#data-list")).to_contain_text("Simulated CITE-seq", timeout=WORK)
    for name, message in (("notes.pdf", "is not a file Nuwa reads"), ("none.h5ad", "is empty (0 bytes)")):
        page.set_input_files("#upload input[type=file]", tmp_path / name)
        expect(page.locator("#uploads")).to_contain_text(f"'{name}' {message}")
        assert name not in page.locator("#data-list").inner_text()
        page.get_by_role("button", name=f"Cancel {name}").click()
        expect(page.locator("#uploads")).not_to_contain_text(name)
    wait_until_page(page, lambda: len(page_errors) == 2)  # the browser's own two lines
    assert all("status of 400" in line for line in page_errors)
    page_errors.clear()


@pytest.mark.slow
def test_a_table_is_loaded_with_the_answer_of_its_owner(page, server, tmp_path):
    path = formats.table(formats.counts(), tmp_path, turned=True)
    page.goto(f"{server.base}/data")
    page.set_input_files("#upload input[type=file]", path)
    expect(page.get_by_text("which are the cells?")).to_be_visible(timeout=WORK)
    expect(page.get_by_label("rows are genes, columns are cells")).to_be_checked()
    page.get_by_role("button", name="Load with this answer").click()
    expect(page.get_by_role("heading", name="Data checks")).to_be_visible(timeout=WORK)
    expect(page.locator("#data-detail")).to_contain_text("the columns were taken as cells")


@pytest.mark.slow
def test_a_file_of_the_inbox_appears_and_is_read(page, server, tiny_file):
    page.goto(f"{server.base}/data")
    expect(page.locator("#inbox-part")).to_contain_text("The inbox is empty")
    (server.store.root / "inbox" / "dropped.h5ad").write_bytes(tiny_file.read_bytes())
    expect(page.locator("#inbox-part")).to_contain_text("dropped.h5ad")  # without a reload
    page.locator("#inbox").select_option("dropped.h5ad")
    page.get_by_role("button", name="Load file").click()
    expect(page.locator("#header")).to_contain_text("dropped.h5ad", timeout=WORK)
    expect(page.get_by_role("heading", name="Data checks")).to_be_visible(timeout=WORK)
