"""Pickers in a browser: opened and used by the keyboard, with grouped options of which the recent ones come first."""

import json

import pytest
from browsing import see_traces, wait_until_page
from playwright.sync_api import expect

NAMES = {"SIM-0003": "CD3G", "SIM-0004": "CD3E", "SIM-0005": "CD3D"}


@pytest.fixture
def named_genes(server, tiny_run):
    """Three genes of the run's dataset are called as those of CD3 while a test runs."""
    path = server.view.datasets.folder(server.view.runs.one(tiny_run)["dataset"]).folder / "genes.json"
    before = path.read_text()
    genes = json.loads(before)
    genes["names"] = [NAMES.get(name, name) for name in genes["names"]]
    path.write_text(json.dumps(genes))
    yield
    path.write_text(before)


def test_a_gene_is_chosen_by_the_keyboard_and_comes_first_the_next_time(page, server, tiny_run, named_genes):
    page.goto(f"{server.base}/glossary")
    page.evaluate("localStorage.clear()")  # what earlier tests have chosen would be among the recent ones
    page.goto(f"{server.base}/clusters?run={tiny_run}")
    see_traces(page, "panels", lambda drawn: drawn)
    field, search = page.locator("#colour"), page.get_by_role("combobox", name="Colour by")
    field.focus()
    page.keyboard.press("Enter")
    expect(search).to_be_focused()
    headings = page.locator(".nuwa-picker-heading")
    expect(headings).to_have_text(["Clusters", "Metadata", "Proteins", "Genes", "Latent dimensions"])
    rows = page.locator(".nuwa-picker-options")
    shown = (
        "list => [...list.querySelectorAll('[role=option]')].filter(one =>"
        " one.getBoundingClientRect().bottom <= list.getBoundingClientRect().bottom).length"
    )
    wait_until_page(page, lambda: rows.evaluate(shown) >= 12)
    page.keyboard.type("cd3", delay=0)  # no key is lost, however quickly they come
    expect(search).to_have_value("cd3")
    options = page.locator(".nuwa-picker-list [role=option]")
    expect(options).to_have_text(["CD3E (gene)", "CD3D (gene)", "CD3G (gene)"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(search).to_have_count(0)
    expect(field).to_be_focused()
    expect(field).to_contain_text("CD3D (gene)")
    see_traces(page, "panels", lambda drawn: {name for name, *_ in drawn} == {"CD3D"})

    page.keyboard.type("cd")  # typing opens the list as well
    expect(search).to_have_value("cd")
    page.keyboard.press("Escape")
    expect(field).to_be_focused()
    field.click()
    expect(headings.first).to_have_text("Recent")
    expect(options.first).to_have_text("CD3D (gene)")
    assert page.get_by_role("listbox", name="Colour by").count() == 1


def test_the_list_holds_twelve_rows_in_a_small_window(page, server, tiny_run):
    page.set_viewport_size({"width": 1024, "height": 768})
    page.goto(f"{server.base}/clusters?run={tiny_run}")
    see_traces(page, "panels", lambda drawn: drawn)
    page.locator("#panel-1").click()

    def holds_twelve_rows():
        box = page.locator(".nuwa-picker-list").bounding_box()
        return box["y"] >= 0 and box["y"] + box["height"] <= 768 and box["height"] >= 12 * 28

    wait_until_page(page, holds_twelve_rows)
    page.mouse.click(5, 5)
    expect(page.locator(".nuwa-picker-list")).to_have_count(0)
