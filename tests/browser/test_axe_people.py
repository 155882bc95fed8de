"""axe-core on the pages of people and of a search, and their width on a phone: sign-in, invitation, account, administration."""

import pytest
from app_under_test import AppUnderTest
from axe import in_both_themes, needs_axe
from browsing import wait_until_page
from people import PASSWORD, people, quick_passwords
from playwright.sync_api import expect
from store_rows import furnish, searched
from viewer_pages import answering, tab

from dashboard.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.slow, needs_axe]
WIDTH = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN = "document.querySelectorAll('details').forEach(fold => { fold.open = true; })"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """(address, ids): a server with accounts, a run and a search of Ada's; `ids` are those of the search and of an invitation."""
    with quick_passwords():
        nuwa = AppUnderTest(tmp_path_factory.mktemp("people") / "data", accounts=True)
        nuwa.app = create_app(nuwa.store)  # no press begins work here
        preparation = furnish(nuwa.store)["preparation"]
        people(nuwa.store)
        view = nuwa.store.of("local")  # Ada, who has what was here before
        search, _ = searched(view, preparation)
        view.teams.create("Sequencing")
        view.account.create_token("script", 30)
        secret = nuwa.store.accounts.invite("member")
        with answering(nuwa) as base:
            yield base, {"search": search, "invitation": secret}
        nuwa.store.engine.dispose()


def check(page):
    """Nothing serious in both themes with every fold open, and no sideways scrolling at 390 pixels."""
    page.evaluate(OPEN)
    grave = in_both_themes(page)
    assert not grave, "\n".join(grave)
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until_page(page, lambda: page.evaluate(WIDTH) <= 0)
    page.set_viewport_size({"width": 1280, "height": 900})


def test_no_serious_finding_on_the_pages_of_people_and_of_a_search(lab, browser):
    base, ids = lab
    with tab(browser) as page:
        page.goto(f"{base}/welcome/{ids['invitation']}")
        expect(page.get_by_role("button", name="Create account")).to_be_visible()
        check(page)
        page.goto(f"{base}/login")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        check(page)
        page.get_by_label("Login name").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        for path, text in (
            ("/account", "Sequencing"),
            ("/admin", "Audit log"),
            (f"/search?search={ids['search']}", "Which settings matter"),
        ):
            page.goto(f"{base}{path}")
            expect(page.locator("#content")).to_contain_text(text)
            check(page)
