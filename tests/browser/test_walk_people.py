"""A lab in a real Chromium: the first link makes an administrator, who invites a member and a viewer; a run is shared."""

import re
import shutil
import tarfile

import pytest
from browsing import STEP
from constants import FIXTURES
from people import PASSWORD
from playwright.sync_api import expect
from serving import serving

from core.settings import Settings
from core.store import Store

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TWICE = "body stream already read"


@pytest.fixture
def lab(tmp_path):
    """(address, store) of a server with accounts over the data folder of an earlier version."""
    with tarfile.open(FIXTURES / "store_0_1_0.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    with serving() as serve:
        base = serve(tmp_path / "data", NUWA_ACCOUNTS="1")
        store = Store(Settings(data_dir=tmp_path / "data", inline=False, port=int(base.rpartition(":")[2])))
        yield base, store, serve
        store.engine.dispose()
    shutil.rmtree(tmp_path / "data", ignore_errors=True)


@pytest.fixture
def person(browser):
    """A function that gives a tab of a browser profile of its own."""
    profiles, errors = [], []

    def new():
        profile = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        profile.set_default_timeout(STEP)
        # Dash reads the answer to a refused callback twice, which the person does not see.
        profile.on("weberror", lambda e: None if TWICE in str(e.error) else errors.append(str(e.error)))
        profile.on(
            "console", lambda m: errors.append(m.text) if "Content Security Policy" in m.text else None
        )
        profiles.append(profile)
        return profile.new_page()

    yield new
    for profile in profiles:
        profile.close()
    assert not errors, errors


def create(page, link, login, name):
    page.goto(link)
    page.get_by_label("Login name").fill(login)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password, at least").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("link", name=name)).to_be_visible()


def invited(page, role):
    """The link that the administrator's page gives."""
    page.locator("#admin-role").click()
    page.get_by_role("option", name=role, exact=True).click()
    page.get_by_role("button", name="Create invitation").click()
    code = page.locator("#admin-people-message code")
    expect(page.locator("#admin-people-message")).to_contain_text(f"new {role}")
    return code.inner_text()


def test_an_administrator_a_member_and_a_viewer(lab, person, tmp_path):
    base, store, serve = lab
    run = next(row for row in store.rows("run") if row["name"] == "first")
    ada, bob, vic = person(), person(), person()
    create(ada, f"{base}/welcome/{store.accounts.first_link()}", "ada", "Ada")
    ada.get_by_role("link", name="Administration").click()
    expect(ada.locator("#admin-people")).to_contain_text("ada")
    create(bob, invited(ada, "member"), "bob", "Bob")
    create(vic, invited(ada, "viewer"), "vic", "Vic")
    ada.screenshot(path=tmp_path / "admin.png", full_page=True)

    bob.goto(f"{base}/clusters?run={run['id']}")
    expect(bob.locator("#content")).to_contain_text("no longer exists")
    ada.goto(f"{base}/clusters?run={run['id']}")
    ada.get_by_role("button", name="Share", exact=False).first.click()
    dialog = ada.get_by_role("dialog")
    expect(dialog).to_contain_text("Run first")
    dialog.get_by_label("The whole lab").last.check()
    dialog.get_by_role("button", name="Save who sees the run").click()
    expect(dialog).to_contain_text("The whole lab sees it now.")
    ada.screenshot(path=tmp_path / "share.png")
    for tab in (bob, vic):
        tab.goto(f"{base}/clusters?run={run['id']}")
        expect(tab.locator("header .context")).to_contain_text("first")
        expect(tab.get_by_role("link", name="Administration")).to_have_count(0)
    vic.screenshot(path=tmp_path / "viewer.png")
    vic.goto(f"{base}/data")
    expect(vic.locator("#content")).to_contain_text("Datasets on this server")

    ada.goto(f"{base}/admin")
    expect(ada.locator("#admin-audit")).to_contain_text("share")
    with ada.expect_download() as download:
        ada.get_by_role("link", name="Download CSV").click()
    assert "share" in download.value.path().read_text()

    store.sessions.close_all("bob")  # the open page comes to the login by itself, and back
    expect(bob.get_by_role("button", name="Sign in")).to_be_visible()
    bob.get_by_label("Login name").fill("bob")
    bob.get_by_label("Password").fill(PASSWORD)
    bob.get_by_role("button", name="Sign in").click()
    expect(bob).to_have_url(re.compile(rf"/clusters\?run={run['id']}"))
    bob.get_by_role("button", name="Sign out").click()
    expect(bob.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_page_says_that_the_server_is_away_and_goes_on(lab, person, tmp_path):
    base, store, serve = lab
    page = person()
    create(page, f"{base}/welcome/{store.accounts.first_link()}", "ada", "Ada")
    (server,) = serve.processes
    server.kill()
    server.wait()
    expect(page.get_by_text("The server does not answer.")).to_be_visible()
    serve(tmp_path / "data", NUWA_ACCOUNTS="1", NUWA_PORT=base.rpartition(":")[2])
    expect(page.get_by_text("The server does not answer.")).to_have_count(0, timeout=2 * STEP)
    page.get_by_role("link", name="Runs").first.click()
    expect(page.locator("#content")).to_contain_text("first")
