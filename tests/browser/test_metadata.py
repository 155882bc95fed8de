"""Metadata and the selection bar in a real Chromium: a filter by three things, counts, actions, undo; and their functions."""

import json
from pathlib import Path

import numpy as np
import pytest
from browsing import STEP, WORK, pick, see_traces, wait_until_page
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ASSET = Path(__file__).resolve().parents[2] / "assets" / "75-selection-history.js"


@pytest.fixture(scope="module")
def script(browser):
    """A function that runs JavaScript with the functions on filters and the history, on an empty page."""
    tab = browser.new_page()
    tab.add_script_tag(path=ASSET)
    yield tab.evaluate
    tab.close()


def test_undo_and_redo_go_through_the_states_in_order(script):
    steps = """() => {
        const h = new nuwaFilters.History(), seen = [];
        for (const state of [{s: 1}, {s: 2}, {s: 2}, {s: 3}]) h.record(state);
        const note = (state) => { seen.push(state && state.s); if (state) h.record(state); };
        note(h.undo()); note(h.undo()); note(h.undo()); note(h.redo()); note(h.redo()); note(h.redo());
        note(h.undo()); h.record({s: 9}); note(h.redo()); note(h.undo());
        return seen;
    }"""
    assert script(steps) == [2, 1, None, 2, 3, None, 2, None, 2]


def test_the_history_is_bounded(script):
    steps = """() => {
        const h = new nuwaFilters.History();
        for (let i = 0; i < 1000; i++) h.record(i);
        let n = 0;
        while (h.undo() !== null) n++;
        return n;
    }"""
    assert script(steps) == 200


@pytest.mark.parametrize(
    "filter, name, expected",
    [
        (None, "a", [{"not": {"by": "x", "is": ["a"]}}]),
        (None, None, [{"not": {"by": "x", "is": [], "missing": True}}]),
        ([{"not": {"by": "x", "is": ["a"]}}], "a", None),
        ([{"not": {"by": "x", "is": ["a"]}}], "b", [{"not": {"by": "x", "is": ["a", "b"]}}]),
        ([{"by": "x", "is": []}], "a", [{"by": "x", "is": ["a"]}]),
        ([{"by": "x", "is": ["a"]}], "a", [{"by": "x", "is": []}]),
        ([{"by": "x", "is": ["a", "b"]}], "c", None),  # all three pass again
        ([{"by": "x", "is": ["a"], "missing": True}], None, [{"by": "x", "is": ["a"]}]),
        (
            [{"by": "y", "is": ["q"]}, {"by": "x", "is": ["a", "b"]}, {"not": {"by": "x", "is": ["b"]}}],
            "c",
            [{"by": "y", "is": ["q"]}, {"by": "x", "is": ["a", "c"]}],
        ),
    ],
)
def test_a_check_box_adds_and_removes_its_category(script, filter, name, expected):
    call = "([filter, name]) => nuwaFilters.toggled(filter, { by: 'x' }, name, 3)"
    assert script(call, [filter, name]) == expected


def test_cells_without_a_number_are_left_out_by_a_range_unless_it_keeps_them(script):
    call = """(filter) => {
        const column = { by: "x" }, next = nuwaFilters.toggledMissing(filter, column);
        return [nuwaFilters.missingPasses(filter, column), next, nuwaFilters.missingPasses(next, column)];
    }"""
    none = [{"not": {"by": "x", "missing": True}}]
    assert script(call, None) == [True, none, False] and script(call, none) == [False, None, True]
    limits = [{"by": "x", "from": 1}]
    assert script(call, limits) == [False, [{"by": "x", "from": 1, "missing": True}], True]


# --- the walk


def record_of(page, name):
    """What the address has under a name, as JSON."""
    text = page.evaluate("name => new URLSearchParams(location.search).get(name)", name)
    return json.loads(text) if text else None


def column(page, by):
    """A column of the card, opened, with its counts."""
    found = page.locator(f"#metadata-host [data-by='{by}']")
    fold = found.locator(".fold")
    if fold.get_attribute("aria-expanded") == "false":
        fold.click()
    expect(found.locator(".body li, .body .histogram rect").first).to_be_attached(timeout=STEP)
    return found


def counted(page, records):
    """Wait until the counts are those of a filter."""
    page.wait_for_function(
        "text => document.getElementById('metadata-host').dataset.counted === text",
        arg=json.dumps(records, separators=(",", ":")) if records else "null",
    )


@pytest.fixture
def values(server, tiny_run):
    """(types, counts per cell, and a gene) of the cells of the tiny run."""
    folder = server.view.datasets.folder(server.view.runs.one(tiny_run)["dataset"])
    entry, codes = folder.column("cell_type")
    return np.array(entry["categories"])[codes], folder.measured()["counts"], folder.gene(6)


def test_a_filter_by_three_things_is_counted_selected_and_undone(page, server, tiny_run, values):
    kind, depth, gene = values
    page.goto(f"{server.base}/clusters?run={tiny_run}")
    see_traces(page, "panels", lambda drawn: len(drawn) >= 8)
    expect(page.locator("#shown")).to_have_text("All 240 cells are shown.")

    types = column(page, "obs:cell_type")  # none, then two types
    types.get_by_label("Show all categories of cell_type").uncheck()
    expect(page.locator("#shown")).to_have_text("0 of 240 cells shown.")
    types.get_by_label("Show type A of cell_type").check()
    types.get_by_label("Show type B of cell_type").check()
    inside = np.isin(kind, ["type A", "type B"])
    expect(page.locator("#shown")).to_have_text(f"{inside.sum()} of 240 cells shown.")

    counts = column(page, "cell:counts")  # and a range, typed
    limit = float(np.median(depth))
    counts.get_by_label("at least").fill("abc")
    page.keyboard.press("Tab")
    expect(counts.locator(".error").first).to_have_text("At least: 'abc' is not a number. Enter a number.")
    counts.get_by_label("at least").fill(str(limit).replace(".", ","))
    expect(counts.locator(".error").first).to_have_text(
        ""
    )  # before the field is left: the button does not move then
    counts.get_by_role("button", name="Show only range").click()
    inside &= depth >= np.float32(limit)
    expect(page.locator("#shown")).to_have_text(f"{inside.sum()} of 240 cells shown.")

    page.get_by_text("Select or filter by a gene, a protein or another value").click()  # and a gene
    pick(page, "select-by", "SIM-0007", "SIM-0007 (gene)")
    most = round(float(np.median(gene[inside])), 3)
    page.locator("#select-to").fill(str(most))
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Show only these cells").click()
    inside &= gene <= np.float32(most)
    expect(page.locator("#shown")).to_have_text(f"{inside.sum()} of 240 cells shown.")
    expect(page.locator("#bar-chips .chip")).to_have_count(3)
    wait_until_page(page, lambda: len(record_of(page, "filter") or []) == 3)
    counted(page, record_of(page, "filter"))
    shown = int((inside & (kind == "type A")).sum())
    row = types.locator("li", has_text="type A")
    expect(row.locator(".n")).to_have_text(f"{shown} of {(kind == 'type A').sum()}")
    see_traces(page, "panels", lambda drawn: {t[0] for t in drawn} >= {"outside the filter"})

    row.locator("button.value").click()  # a click on the category selects within the filter
    expect(page.locator("#selected")).to_contain_text(f"{shown} of 240 cells selected")
    expect(row.locator("button.value")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("hidden", exact=True).check()
    see_traces(page, "panels", lambda drawn: "outside the filter" not in {t[0] for t in drawn})
    page.wait_for_function("() => location.search.includes('outside=hidden')")
    page.get_by_role("button", name="Hide cells").click()
    expect(page.locator("#shown")).to_have_text(f"{inside.sum() - shown} of 240 cells shown.")
    expect(page.locator("#selected")).to_contain_text("No cells are selected")

    page.keyboard.press("Control+z")
    expect(page.locator("#selected")).to_contain_text(f"{shown} of 240 cells selected")
    page.keyboard.press("Control+Shift+z")
    expect(page.locator("#shown")).to_have_text(f"{inside.sum() - shown} of 240 cells shown.")
    page.get_by_role("button", name="Undo last selection or filter").click()
    expect(page.locator("#shown")).to_have_text(f"{inside.sum()} of 240 cells shown.")
    page.wait_for_function("() => location.search.includes('select=')")
    page.reload()  # the address has the filter and the selection
    expect(page.locator("#selected")).to_contain_text(f"{shown} of 240 cells selected")
    expect(page.locator("#bar-chips .chip")).to_have_count(3)
    page.locator("#bar-chips .chip").last.click()
    expect(page.locator("#bar-chips .chip")).to_have_count(2)
    page.get_by_role("button", name="Remove filter").click()
    expect(page.locator("#shown")).to_have_text("All 240 cells are shown.")


@pytest.mark.slow
def test_the_bar_names_compares_and_makes_a_dataset(page, server, tiny_run, values):
    kind, *_ = values
    n = {name: int((kind == name).sum()) for name in ("type A", "type B")}
    page.goto(f"{server.base}/clusters?run={tiny_run}")
    types = column(page, "obs:cell_type")
    types.get_by_role("button", name="cell_type", exact=True).click()  # the name colours the cells
    expect(page.locator("#legend")).to_contain_text("cell_type")
    types.get_by_role("button", name="Select type A").click()
    expect(page.locator("#selected")).to_contain_text(f"{n['type A']} of 240 cells selected")
    page.get_by_role("button", name="Compare with another selection").click()
    expect(page.locator("#bar-two-note")).to_contain_text(f"Group A: {n['type A']} cells")
    types.get_by_role("button", name="Select type A").click()
    types.get_by_role("button", name="Select type B").click()
    expect(page.locator("#selected")).to_contain_text(f"{n['type B']} of 240 cells selected")
    page.get_by_role("button", name="Find markers of A against the selection").click()
    expect(page.locator("#markers-notes")).to_contain_text("B: cell_type (obs) is type B", timeout=WORK)
    expect(page.locator("#markers-two-note")).to_contain_text("Group A")
    page.get_by_role("button", name="Find markers against the rest").click()
    expect(page.locator("#markers-notes")).to_contain_text("B: all other cells", timeout=WORK)
    page.get_by_role("button", name="Create dataset", exact=True).click()
    expect(page.locator("#subset-result")).to_contain_text("is ready and needs preprocessing", timeout=WORK)
    page.get_by_label("Name of the cells").fill("my B cells")
    page.get_by_role("button", name="Name cells").click()
    expect(page.locator("#legend")).to_contain_text("my B cells")
    expect(page.locator("#annotate-history")).to_contain_text("my B cells")
    expect(page.locator("#metadata-host")).to_contain_text(
        "named"
    )  # the clustering is a column of the metadata
