"""The path of a newcomer in a real Chromium: from a dataset to clusters."""

import re

import pytest
from browsing import WORK, see_traces, to_tab
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "epochs", [pytest.param(None, marks=pytest.mark.slow), 5], ids=["default", "few epochs"]
)
def test_a_newcomer_gets_from_data_to_clusters_by_clicks_alone(page, server, epochs):
    """On the simulated dataset; to be quick, the number of epochs is typed, and nothing else."""
    page.goto(server.base)
    page.get_by_role("link", name="Start with the data").click()
    page.get_by_role("link", name="Simulated CITE-seq").click(timeout=WORK)
    expect(page.get_by_role("heading", name="Data checks")).to_be_visible(timeout=WORK)
    expect(page.locator("#header")).to_contain_text("Simulated CITE-seq")
    page.get_by_role("link", name="Preprocess this dataset").click()
    expect(page.get_by_text("recommended for better results")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Preprocess")).click()
    page.get_by_role("link", name="Create a model").click(timeout=WORK)
    expect(page.locator("#model-numbers")).to_contain_text("Weights")
    if epochs:
        page.locator("[data-setting=epochs] input").fill(str(epochs))
        page.keyboard.press("Tab")
        expect(page.locator("#model-numbers")).to_contain_text(f"Epochs{epochs}of 2,550 cells")
    page.get_by_role("button", name="Create model").click()
    page.get_by_role("button", name="Train", exact=True).click()

    expect(page.locator("#status")).to_contain_text(re.compile(r"epoch \d+ of \d+"), timeout=WORK)
    expect(page.locator(".nuwa-working.cpu, .nuwa-working.gpu")).to_be_visible()
    expect(page.get_by_text("cells per second")).to_be_visible()
    expect(page.get_by_text("Time left")).to_be_visible()
    lines = see_traces(page, "loss", lambda drawn: len(drawn) >= 4 and drawn[2][2] > 2)
    assert {"training", "validation", "training mean", "PCA, 20 dimensions"} <= {name for name, *_ in lines}

    expect(page.locator("#status")).to_contain_text("Training complete", timeout=WORK)
    for title in ("Training loss", "Validation loss", "Against PCA", "Against the mean"):
        expect(page.locator("#tiles")).to_contain_text(title)
    page.get_by_role("link", name="See the clusters").click(timeout=WORK)

    drawn = see_traces(page, "panels", lambda drawn: len(drawn) >= 8)
    assert {kind for _, kind, _ in drawn} == {"scattergl"}
    page.locator("#section-see").scroll_into_view_if_needed()
    see_traces(page, "clusters-loss", lambda drawn: len(drawn) >= 4)
    to_tab(page, "Quality")
    expect(page.get_by_role("heading", name="Scores", exact=True)).to_be_visible()
    expect(page.get_by_text("test cells, which the model has never seen")).to_be_visible()
    assert page.locator(".modebar-btn").count() > 0
    for label in ("share", "cloud", "Chart Studio", "Edit in"):
        assert page.locator(f".modebar-btn[data-title*='{label}' i]").count() == 0
        assert page.locator(f"button:has-text('{label}')").count() == 0
