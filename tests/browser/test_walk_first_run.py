"""The path of a newcomer in a real Chromium: from a dataset to clusters, by one button or step by step."""

import re
import time

import pytest
from browsing import WORK, see_traces, to_tab
from playwright.sync_api import expect
from serving import serving

pytestmark = pytest.mark.browser

# Seconds from the start of the server to the clusters of the example: on two idle cores under 60.
FIRST_RUN = 240


def see_no_clouds(page):
    """No figure has a button that would send it to somebody."""
    assert page.locator(".modebar-btn").count() > 0
    for label in ("share", "cloud", "Chart Studio", "Edit in"):
        assert page.locator(f".modebar-btn[data-title*='{label}' i]").count() == 0


def test_one_button_goes_from_a_dataset_to_its_clusters(page, server, tiny_preparation):
    dataset = server.view.preparations.one(tiny_preparation)["dataset"]
    page.goto(f"{server.base}/data?dataset={dataset}")
    page.get_by_role("button", name="Train with recommended settings").click(timeout=WORK)
    stages = page.locator(".nuwa-stages")
    expect(stages).to_contain_text("Read and check the data")
    expect(page.get_by_role("button", name="Train with recommended settings")).to_be_disabled()
    expect(stages.locator("li.working")).to_contain_text(re.compile("Preprocess|Train|Find clusters"))
    page.wait_for_url(re.compile(r"/clusters\?run="), timeout=2 * WORK)
    drawn = see_traces(page, "panels", lambda drawn: len(drawn) >= 2)
    assert "scattergl" in {kind for _, kind, _ in drawn}
    run = server.view.runs.one(re.search(r"run=(\w+)", page.url)[1])
    assert run["dataset"] == dataset and run["config"]["batch_key"] == "sample"
    page.goto(f"{server.base}/data?dataset={dataset}")
    expect(page.get_by_text("has the recommended settings")).to_be_visible()


@pytest.mark.slow
def test_the_example_ends_on_its_clusters_after_one_click_in_time(page, page_errors, tmp_path):
    """From the start of a server over an empty folder; one more click would be left."""
    begun = time.monotonic()
    with serving() as serve:
        base = serve(tmp_path / "data")
        page.goto(base)
        page.get_by_role("button", name="Try the example").click()
        expect(page.get_by_text("Read and check the data")).to_be_visible()
        page.wait_for_url(re.compile(r"/clusters\?run="), timeout=2 * WORK)
        see_traces(page, "panels", lambda drawn: len(drawn) >= 2)
        seconds = time.monotonic() - begun
        page.goto("about:blank")
    page_errors[:] = [error for error in page_errors if base not in error]  # of the server that has ended
    assert seconds < FIRST_RUN, f"{seconds:.0f} s"


@pytest.mark.slow
def test_a_newcomer_gets_from_data_to_clusters_step_by_step(page, server):
    """On the simulated dataset; to be quick, the number of epochs is typed, and nothing else."""
    page.goto(server.base)
    page.get_by_role("link", name="Use my own file").click()
    page.get_by_role("link", name="Simulated CITE-seq").click(timeout=WORK)
    expect(page.get_by_role("heading", name="Data checks")).to_be_visible(timeout=WORK)
    expect(page.locator("#header")).to_contain_text("Simulated CITE-seq")
    page.get_by_role("link", name="Preprocess this dataset").click()
    expect(page.get_by_text("recommended for better results")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Preprocess")).click()
    page.get_by_role("link", name="Create a model").click(timeout=WORK)
    expect(page.locator("#model-numbers")).to_contain_text("Weights")
    page.locator("[data-setting=epochs] input").fill("5")
    page.keyboard.press("Tab")
    expect(page.locator("#model-numbers")).to_contain_text("Epochs5of 2,550 cells")
    page.get_by_role("button", name="Create model", exact=True).click()
    page.get_by_role("button", name="Train", exact=True).click()

    expect(page.locator("#status")).to_contain_text(re.compile(r"epoch \d+ of \d+"), timeout=WORK)
    expect(page.locator(".nuwa-working.cpu, .nuwa-working.gpu")).to_be_visible()
    expect(page.get_by_text("cells per second")).to_be_visible()
    expect(page.get_by_text("Time left")).to_be_visible()
    lines = see_traces(page, "loss", lambda drawn: len(drawn) >= 4 and drawn[2][2] > 2)
    names = {name for name, *_ in lines}
    assert {"training", "validation", "training mean"} <= names  # with a batch covariate no linear regression
    assert any(name.startswith("PCA, ") for name in names)

    expect(page.locator("#status")).to_contain_text("Training complete", timeout=WORK)
    for title in ("Training loss", "Validation loss", "Against PCA", "Against the mean"):
        expect(page.locator("#tiles")).to_contain_text(title)
    page.get_by_role("link", name="See the clusters").click(timeout=WORK)

    drawn = see_traces(page, "panels", lambda drawn: len(drawn) >= 2)
    assert "scattergl" in {kind for _, kind, _ in drawn}
    to_tab(page, "Quality")
    see_traces(page, "clusters-loss", lambda drawn: len(drawn) >= 4)
    expect(page.get_by_role("heading", name="Scores", exact=True)).to_be_visible()
    expect(page.get_by_text("test cells, which the model has never seen")).to_be_visible()
    see_no_clouds(page)
