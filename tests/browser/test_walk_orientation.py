"""Where somebody is, in a real Chromium: the tab's title, the focus, help and definitions in place."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_change_of_page_renames_the_tab_and_moves_the_focus_to_the_heading(page, server, tiny_run):
    page.goto(f"{server.base}/train?run={tiny_run}")
    expect(page).to_have_title(f"Train · tiny run ({tiny_run}) · tiny.h5ad · Nuwa")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.locator("#sidebar").get_by_role("link", name="Runs").click()
    expect(page).to_have_title(re.compile("^Runs · "))
    expect(page.get_by_role("heading", level=1, name="Runs")).to_be_focused()
    page.locator("#sidebar").get_by_role("link", name="Create model").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_be_focused()
    page.mouse.wheel(0, 600)
    expect(page.locator(".nuwa-header .context")).to_be_in_viewport()
    expect(page.locator(".nuwa-header .context")).to_contain_text(f"tiny run ({tiny_run})")


def test_a_term_shows_its_definition_when_it_is_pointed_at_or_has_the_focus(page, server, tiny_run):
    page.goto(f"{server.base}/runs?run={tiny_run}")
    term = page.get_by_role("link", name="PCA", exact=True)
    term.hover()
    tip = page.get_by_role("tooltip")
    expect(tip).to_contain_text("principal component", ignore_case=True)
    expect(term).to_have_attribute("aria-describedby", "nuwa-definition")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    term.focus()
    expect(tip).to_be_visible()
    page.keyboard.press("Tab")
    expect(tip).not_to_contain_text("principal component", ignore_case=True)


def test_the_help_of_a_page_opens_in_place_and_gives_the_focus_back(page, server, tiny_run):
    page.goto(f"{server.base}/runs?run={tiny_run}")
    button = page.get_by_role("button", name="Help on Runs")
    button.click()
    dialog = page.get_by_role("dialog", name="Help: Runs")
    expect(dialog).to_contain_text("A loss alone says nothing")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    assert "/runs" in page.url
