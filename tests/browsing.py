"""What the tests in a browser share: one server with its worker, one browser profile, tabs, a run, and waiting."""

import time
from typing import NamedTuple

import pytest
from app_under_test import bring
from playwright.sync_api import expect
from serving import serving

from core.settings import Settings
from core.store import Store, View

STEP = 60_000  # milliseconds that a page may take to answer, on a machine with other things to do
WORK = 240_000  # the same for work of the worker
expect.set_options(timeout=STEP)


class Server(NamedTuple):
    """Where it answers, and the same store as it sees it."""

    base: str
    store: Store
    view: View


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests in a browser, with an empty data folder at the start: a start costs many seconds."""
    folder = tmp_path_factory.mktemp("browser") / "data"
    with serving() as serve:
        base = serve(folder)
        store = Store(
            Settings(
                port=int(base.rpartition(":")[2]),
                data_dir=folder,
                inline=False,
            )
        )
        yield Server(base, store, store.of("local"))
        store.engine.dispose()


@pytest.fixture(scope="session")
def page_errors():
    """Errors of any tab, and requests to other hosts, since the last test."""
    return []


@pytest.fixture(scope="session")
def context(browser, server, page_errors):
    """One browser profile for all tests: a person's tabs, with one cache."""
    own = (server.base, "data:", "blob:")
    # Without motion: an animation keeps a core busy where it is painted in software.
    profile = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    profile.set_default_timeout(STEP)
    profile.on(
        "console", lambda m: page_errors.append(f"{m.text} {m.location}") if m.type == "error" else None
    )
    profile.on("weberror", lambda e: page_errors.append(str(e.error)))
    profile.on(
        "request", lambda r: None if r.url.startswith(own) else page_errors.append(f"asked for {r.url}")
    )
    yield profile
    profile.close()


@pytest.fixture
def page(context, page_errors):
    """A new tab; the test fails after an error in it, or a request to another host."""
    page_errors.clear()
    tab = context.new_page()
    yield tab
    tab.close()
    assert not page_errors, "\n".join(page_errors)


@pytest.fixture(scope="session")
def tiny_preparation(server, tiny_file):
    """The id of a preparation of the tiny dataset."""
    dataset = bring(server.view, "tiny.h5ad", tiny_file.read_bytes())
    wait_until(lambda: server.view.datasets.one(dataset)["status"] == "ready")
    preparation, _ = server.view.preparations.create(dataset, {}, "tiny-prepare")
    wait_until(lambda: server.view.preparations.one(preparation)["status"] == "ready")
    return preparation


@pytest.fixture(scope="session")
def tiny_run(server, tiny_preparation, run_quick):
    """The id of a finished run with its clusters, for the tests that look at results."""
    run = start_run(server, tiny_preparation, "tiny run", run_quick.model_dump())
    wait_until(lambda: server.view.runs.one(run)["explored"] == "ready")
    return run


def wait_until(true, seconds=WORK / 1000):
    """What `true()` returns, once it is true."""
    end = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < end, "the time is over"
        time.sleep(0.1)
    return value


def wait_until_page(page, true, seconds=STEP / 1000):
    """wait_until for what a page shows: the page's events continue in between."""
    end = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < end, "the time is over"
        page.wait_for_timeout(100)
    return value


def to_tab(page, title):
    """Open a tab of the Clusters page, and wait for its cards; returns the tab panel."""
    tab = page.get_by_role("tab", name=title)
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")
    panel = page.get_by_role("tabpanel", name=title)
    expect(panel.locator(".nuwa-tab-waiting")).to_have_count(0, timeout=STEP)
    return panel


def start_run(server, preparation, name, values):
    """The id of a new run, which the worker trains."""
    run = server.view.runs.create(preparation, values, name)
    server.view.runs.train(run)
    return run


def traces(page, graph):
    """[[name, type, number of points]] of the traces of a graph."""
    script = """id => {
        const plot = document.querySelector(`#${id} .js-plotly-plot`);
        return ((plot && plot._fullData) || []).map(t => [t.name, t.type, t.x ? t.x.length : 0]);
    }"""
    return page.evaluate(script, graph)


def see_traces(page, graph, enough):
    """The traces of a graph, once `enough` of them holds."""

    def look():
        drawn = traces(page, graph)
        return drawn if enough(drawn) else None

    return wait_until_page(page, look)


def pick(page, dropdown, text, option):
    """Choose from a picker by a search: type once its field has the focus, and take the first option of that name."""
    page.locator(f"#{dropdown}").click()
    expect(page.locator(".nuwa-picker-search")).to_be_focused()
    page.keyboard.type(text)
    page.get_by_role("option", name=option).first.click()
    page.keyboard.press("Escape")
