"""axe-core on every page, in both themes, with every fold and tab open: no serious or critical finding of ours."""

import pytest
from axe import findings, in_both_themes, needs_axe
from browsing import start_run, wait_until, wait_until_page
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, needs_axe]
PATHS = ("/", "/data", "/preprocess", "/model", "/train", "/runs", "/compare", "/glossary", "/clusters")
OPEN = "() => document.querySelectorAll('details:not([open])').forEach(fold => { fold.open = true; })"


def opened(page):
    """The page once nothing of it waits any more, with every fold open; for each tab once."""
    settle(page)
    yield "page"
    for name in dict.fromkeys(page.get_by_role("tab").all_inner_texts()):
        tab = page.get_by_role("tab", name=name, exact=True).first
        if tab.is_visible():
            tab.click()
            settle(page)
            yield name


def settle(page):
    """Every fold is open and what it loads is there."""
    for _ in range(2):  # folds within folds
        page.evaluate(OPEN)
        wait_until_page(
            page, lambda: not page.evaluate("document.querySelector('[data-dash-is-loading=true]')")
        )


def go(page, server, path, run, theme):
    page.add_init_script(f"localStorage.setItem('theme', JSON.stringify('{theme}'))")
    page.goto(f"{server.base}{path}?run={run}")
    expect(page.locator("#content")).not_to_be_empty()
    expect(page.locator(".nuwa-header h1")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_no_serious_finding_on_any_page_with_everything_open(page, server, tiny_run, path):
    go(page, server, path, tiny_run, "light")
    grave = [line for part in opened(page) for line in in_both_themes(page, part)]
    assert not grave, "\n".join(dict.fromkeys(grave))


@pytest.mark.slow
def test_no_serious_finding_where_runs_are_compared(page, server, tiny_preparation, tiny_run, run_quick):
    other = start_run(server, tiny_preparation, "to compare", run_quick.model_dump())
    wait_until(lambda: server.view.runs.one(other)["explored"] == "ready")
    go(page, server, "/compare", f"{tiny_run}&runs={tiny_run},{other}", "light")
    expect(page.locator("#compare-flow .sankey-link").first).to_be_visible()
    settle(page)
    grave = in_both_themes(page)
    assert not grave, "\n".join(grave)


def test_no_serious_finding_while_the_help_is_open(page, server, tiny_run):
    go(page, server, "/runs", tiny_run, "light")
    page.get_by_role("button", name="Help on Runs").click()
    expect(page.get_by_role("dialog")).to_contain_text("A loss alone says nothing")
    # It slides in, and half of it has no contrast.
    wait_until_page(page, lambda: page.evaluate("!document.getAnimations().length"))
    assert not findings(page)


def test_a_finding_would_be_seen(page, server, tiny_run):
    go(page, server, "/runs", tiny_run, "light")
    page.evaluate(
        "document.querySelector('#content').insertAdjacentHTML('beforeend', '<input><img src=\"data:,\">')"
    )
    assert {"label", "image-alt"} <= {one[0] for one in findings(page)}
