"""The glossary in a real Chromium: the address of a term shows it."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_address_of_a_term_scrolls_to_it(page, server):
    page.goto(f"{server.base}/glossary#leiden-or-not")  # no such term: the page from its top
    expect(page.get_by_role("heading", name="Latent space", exact=True)).not_to_be_in_viewport()
    page.goto(f"{server.base}/")
    page.get_by_role("link", name="Glossary").click()
    expect(page.get_by_role("heading", name="Cell", exact=True)).to_be_in_viewport()
    page.goto(f"{server.base}/glossary#batch-covariate")
    expect(page.get_by_role("heading", name="Batch covariate", exact=True)).to_be_in_viewport()
    page.get_by_role("link", name="minibatch", exact=True).click()
    expect(page.get_by_role("heading", name="Minibatch", exact=True)).to_be_in_viewport()
