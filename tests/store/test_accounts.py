"""Accounts, one-time links, sessions and tokens: what opens, what ends, and what is never kept."""

import time

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from people import PASSWORD, people, quick_passwords
from store_rows import at_once, furnish

from core.errors import UserError
from core.store import Role, accounts, sessions


@pytest.fixture(autouse=True)
def quick():
    with quick_passwords():
        yield


@pytest.fixture
def lab(store):
    people(store)
    return store


def test_the_first_administrator_becomes_the_owner_of_what_is_there(store):
    ids = furnish(store)
    link = store.accounts.first_link()
    assert store.accounts.link(link)["first"]
    assert store.accounts.follow(link, " Ada ", "Ada  Lovelace", PASSWORD) == "local"
    assert store.of("local").runs.one(ids["run"]) and store.accounts.role("local") == Role.ADMIN
    row = store.accounts.one("local")
    assert (row["login"], row["name"]) == ("ada", "Ada Lovelace")


def test_the_first_link_works_once_and_for_nobody_after(store):
    old, link = store.accounts.first_link(), store.accounts.first_link()
    assert store.accounts.link(old) is None  # a restart has printed another
    store.accounts.follow(link, "ada", "Ada", PASSWORD)
    with pytest.raises(UserError, match="used or is too old"):
        store.accounts.follow(link, "eve", "Eve", PASSWORD)
    assert store.accounts.first_link() is None and len(store.accounts.all()) == 1


def test_of_two_people_with_one_link_one_gets_the_account(lab):
    link = lab.accounts.invite("member")

    def follow(i):
        try:
            return lab.accounts.follow(link, f"new{i}", "", PASSWORD)
        except UserError:
            return None

    assert sum(user is not None for user in at_once(4, follow)) == 1


def test_a_link_that_was_followed_wrongly_still_works(lab):
    link = lab.accounts.invite("viewer")
    with pytest.raises(UserError, match="shorter than 10"):
        lab.accounts.follow(link, "new", "New", "short")
    assert lab.accounts.role(lab.accounts.follow(link, "new", "New", PASSWORD)) == Role.VIEWER


def test_a_link_expires(lab, monkeypatch):
    link = lab.accounts.invite("member")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 73 * 3600)
    assert lab.accounts.link(link) is None


@pytest.mark.usefixtures("sqlite_only")
def test_a_password_is_checked_and_never_kept(lab):
    assert lab.accounts.check("BOB ", PASSWORD) == "bob"
    for login, password in (("bob", "wrong"), ("nobody", PASSWORD), ("bob", ""), ("bob", PASSWORD * 200)):
        assert lab.accounts.check(login, password) is None
    content = (lab.root / "nuwa.sqlite").read_bytes() + (lab.root / "nuwa.sqlite-wal").read_bytes()
    assert PASSWORD.encode() not in content and b"$argon2id$" in content


@pytest.mark.parametrize(
    ("login", "password", "words"),
    [
        ("x", PASSWORD, "3 to 64 characters"),
        ("a b c", PASSWORD, "3 to 64 characters"),
        ("../x", PASSWORD, "3 to 64 characters"),
        ("bob", PASSWORD, "account 'bob' already"),
        ("local", PASSWORD, "account 'local' already"),
        ("new", "123456789", "shorter than 10"),
        ("new", "x" * 1001, "longer than 1000"),
        ("long-login-name", "LONG-login-name", "is the login name"),
    ],
)
def test_an_account_that_cannot_be_is_refused_in_words(lab, login, password, words):
    with pytest.raises(UserError, match=words):
        lab.accounts.create(login, "", "member", password)


def test_a_person_without_a_password_cannot_sign_in_with_one(lab):
    lab.accounts.create("proxied")
    assert lab.accounts.check("proxied", "") is None and lab.accounts.check("proxied", "None") is None


def test_the_last_administrator_stays(lab):
    for act in (
        lambda: lab.accounts.set_role("local", "member"),
        lambda: lab.accounts.set_active("local", False),
    ):
        with pytest.raises(UserError, match="only administrator"):
            act()
    lab.accounts.set_role("bob", "admin")
    lab.accounts.set_role("local", "member")
    assert lab.accounts.role("local") == Role.MEMBER


def test_a_session_ends_by_itself_and_when_it_is_closed(lab, monkeypatch):
    one, two = (lab.sessions.open("bob", "10.0.0.1", "Firefox") for _ in range(2))
    assert lab.sessions.user(one) == "bob" and lab.sessions.user("nonsense") is None
    lab.sessions.close(one)
    assert lab.sessions.user(one) is None and lab.sessions.user(two) == "bob"
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + sessions.IDLE + 1)
    assert lab.sessions.user(two) is None and lab.sessions.of("bob") == []


def test_a_visit_prolongs_a_session_to_its_longest_life(lab, monkeypatch):
    secret, start = lab.sessions.open("bob"), time.time()
    for day in range(1, 40):
        monkeypatch.setattr(time, "time", lambda day=day: start + day * sessions.DAY)
        assert lab.sessions.user(secret) == ("bob" if day < 30 else None), day


def test_a_new_password_and_deactivation_end_sessions_and_tokens(lab):
    session, token = lab.sessions.open("bob"), lab.tokens.create("bob", "laptop")
    link = lab.accounts.reset("bob")
    lab.accounts.follow(link, "", "", "another horse")
    assert lab.sessions.user(session) is None and lab.tokens.user(token) == "bob"
    assert lab.accounts.check("bob", "another horse") == "bob" and lab.accounts.check("bob", PASSWORD) is None
    session = lab.sessions.open("bob")
    lab.accounts.set_active("bob", False)
    assert (
        lab.sessions.user(session)
        is lab.tokens.user(token)
        is lab.accounts.check("bob", "another horse")
        is None
    )
    lab.accounts.set_active("bob", True)
    assert lab.tokens.user(token) is None and lab.accounts.check("bob", "another horse") == "bob"


@pytest.mark.usefixtures("sqlite_only")
def test_a_token_is_shown_once_expires_and_can_be_revoked(lab, monkeypatch):
    own = lab.of("bob").account
    token, other = own.create_token("laptop", 1), own.create_token("robot", 30)
    assert token.startswith("nuwa_") and token not in str(own.tokens())
    assert token.encode() not in (lab.root / "nuwa.sqlite-wal").read_bytes()
    lab.of("eve").account.revoke_token(own.tokens()[0]["id"])  # somebody else's
    assert lab.tokens.user(other) == "bob"
    own.revoke_token(own.tokens()[0]["id"])
    assert lab.tokens.user(other) is None and lab.tokens.user(token) == "bob"
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 2 * sessions.DAY)
    assert lab.tokens.user(token) is None
    for days in (0, 366, "x", None, True):
        with pytest.raises(UserError, match="from 1 to 365"):
            own.create_token("bad", days)


def test_the_old_password_changes_it(lab):
    own = lab.of("bob").account
    with pytest.raises(UserError, match="old password is wrong"):
        own.change_password("nonsense", "another horse")
    session = lab.sessions.open("bob")
    own.change_password(PASSWORD, "another horse")
    assert lab.sessions.user(session) is None and lab.accounts.check("bob", "another horse") == "bob"


@pytest.mark.slow
def test_no_text_opens_anything(settings):
    from core.store import Store

    store = Store(settings)
    people(store)
    store.sessions.open("bob")
    store.tokens.create("bob", "laptop")

    @examples(max_examples=300, deadline=None)
    @given(st.text(), st.text())
    def holds(one, two):
        assert store.sessions.user(one) is store.tokens.user(one) is store.accounts.link(one) is None
        assert one.strip().lower() == "bob" and two == PASSWORD or store.accounts.check(one, two) is None
        try:
            store.accounts.create(one, two, "member", two)
        except UserError:
            return
        assert accounts.LOGIN.fullmatch(one.strip().lower()) and len(two) >= accounts.SHORTEST

    holds()
