"""What the tests in a browser share: one server with its real worker, one browser profile, tabs and patience."""

import time
from typing import NamedTuple

import pytest
from playwright.sync_api import expect
from serving import serving

from core.settings import Settings
from core.store import Store, View

STEP = 15_000  # milliseconds that a page may take to answer, on a machine with other things to do
WORK = 90_000  # the same for work of the worker


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
def heard():
    """What has gone wrong in any tab, and what was asked of other hosts, since the last test."""
    return []


@pytest.fixture(scope="session")
def context(browser, server, heard):
    """One browser profile for all tests: a person's tabs, with what their browser has loaded already."""
    own = (server.base, "data:", "blob:")
    # Without motion: what stripes and swings at work keeps a core busy where it is painted in software.
    opened = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    opened.set_default_timeout(STEP)
    opened.on("console", lambda m: heard.append(f"{m.text} {m.location}") if m.type == "error" else None)
    opened.on("weberror", lambda e: heard.append(str(e.error)))
    opened.on("request", lambda r: None if r.url.startswith(own) else heard.append(f"asked for {r.url}"))
    yield opened
    opened.close()


@pytest.fixture
def page(context, heard):
    """A fresh tab, in which nothing may go wrong, and from which nothing is asked of any other host."""
    expect.set_options(timeout=STEP)
    heard.clear()
    opened = context.new_page()
    yield opened
    opened.close()
    assert not heard


def wait_until(true, seconds=90):
    """Wait until `true()` is, and give back what it said."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
    return found


def wait_until_page(page, true, seconds=60):
    """wait_until for what a page shows: the page's own events go on in between."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it did not happen"
        page.wait_for_timeout(100)
    return found


def to_section(page, title):
    """Go to a section of the Clusters page by its table of contents, and wait for its cards."""
    link = page.get_by_label("On this page").get_by_role("link", name=title)
    link.click()
    name = link.get_attribute("href")[1:]
    expect(page.locator(f"[data-section={name}] .nuwa-section-waiting")).to_have_count(0, timeout=STEP)
    expect(link).to_have_attribute("aria-current", "true")
