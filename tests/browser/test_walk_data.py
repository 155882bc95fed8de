"""The Data page in a real Chromium: what the doctor found, and a repair by one click."""

import anndata
import numpy as np
import pytest
from app_under_test import bring
from browsing import WORK, wait_until
from playwright.sync_api import expect
from scipy import sparse

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def logged_set(server, tiny, tmp_path_factory):
    """The tiny set as many files come: counts normalised and logged, the counts themselves lost."""
    adata = tiny.copy()
    total = np.asarray(adata.X.sum(axis=1))
    adata.X = sparse.csr_matrix(adata.X.multiply(1e4 / total)).log1p().astype(np.float32)
    path = tmp_path_factory.mktemp("logged") / "logged.h5ad"
    adata.write_h5ad(path)
    id = bring(server.view, "logged.h5ad", path.read_bytes())
    wait_until(lambda: server.view.datasets.one(id)["status"] == "ready")
    return id


def test_a_repair_by_one_click_and_back(page, server, logged_set, tiny):
    page.goto(f"{server.base}/data?dataset={logged_set}")
    plot = page.locator(".nuwa-plot", has=page.locator("#data-picture"))
    expect(plot.locator(".nuwa-badge")).to_have_text("X: log-normalised")
    expect(page.locator(".nuwa-header .nuwa-badge")).to_have_text("X: log-normalised")
    page.get_by_role("button", name="Undo the log transform").click()
    expect(page.get_by_role("heading", name="logged.h5ad (repaired)")).to_be_visible(timeout=WORK)
    expect(plot.locator(".nuwa-badge")).to_have_text("X: counts", timeout=WORK)
    expect(page.get_by_text("the counts were restored")).to_be_visible()
    made = next(row for row in server.view.datasets.all() if row["name"] == "logged.h5ad (repaired)")
    counts = anndata.read_h5ad(server.store.dataset_folder(made["id"]).file).X
    assert (sparse.csr_matrix(tiny.X) != counts).nnz == 0
    page.get_by_role("button", name="Undo last step").click()
    expect(plot.locator(".nuwa-badge")).to_have_text("X: log-normalised", timeout=WORK)
    expect(page.get_by_role("link", name="logged.h5ad (repaired)")).to_have_count(0)
    assert server.view.datasets.one(logged_set)["status"] == "ready"
