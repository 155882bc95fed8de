"""axe-core on every page, in both themes, with every fold and tab open: no serious or critical finding of ours."""

import pytest
from browsing import start_run, wait_until, wait_until_page
from constants import ROOT
from playwright.sync_api import expect

AXE = ROOT / ".axe" / "axe-4.14.1.min.js"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not here: scripts/axe.sh fetches it from npm"),
]
PATHS = ("/", "/data", "/preprocess", "/model", "/train", "/runs", "/compare", "/glossary", "/clusters")
GRAVE = ("serious", "critical")
# Findings of other people's components that a page cannot change: (rule, part of the element's HTML, reason).
LISTED = ()

RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
    .filter(v => ["serious", "critical"].includes(v.impact))
    .flatMap(v => v.nodes.map(n => [v.id, n.target.join(" "), n.html.slice(0, 300), n.any.concat(n.all, n.none).map(c => c.message).join("; ")]))"""
OPEN = "() => document.querySelectorAll('details:not([open])').forEach(fold => { fold.open = true; })"


def findings(page):
    """What axe says of the page as it is, without what is listed."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.add_script_tag(path=str(AXE))
    found = page.evaluate(RUN)
    return [one for one in found if not any(rule == one[0] and part in one[2] for rule, part, _ in LISTED)]


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
    grave = {}
    for part in opened(page):
        for theme in ("light", "dark"):
            page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme; }", theme)
            grave |= {tuple(one): f"{part}, {theme}" for one in findings(page)}
    assert not grave, "\n".join(f"{part}: {' | '.join(one)}" for one, part in grave.items())


@pytest.mark.slow
def test_no_serious_finding_where_runs_are_compared(page, server, tiny_preparation, tiny_run, run_quick):
    other = start_run(server, tiny_preparation, "to compare", run_quick.model_dump())
    wait_until(lambda: server.view.runs.one(other)["explored"] == "ready")
    go(page, server, "/compare", f"{tiny_run}&runs={tiny_run},{other}", "light")
    expect(page.locator("#compare-flow .sankey-link").first).to_be_visible()
    settle(page)
    grave = []
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme; }", theme)
        grave += findings(page)
    assert not grave, "\n".join(" | ".join(one) for one in grave)


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
