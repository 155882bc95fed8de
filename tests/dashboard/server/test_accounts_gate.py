"""Signing in with accounts: links, limits, CSRF tokens, API tokens, a reverse proxy's header, and foreign names."""

import pytest
from app_under_test import AppUnderTest, csrf_of
from people import PASSWORD, people, quick_passwords, signed_in

from core.errors import UserError
from core.settings import Settings, from_environment
from core.store import Store
from dashboard.app import create_app
from dashboard.server.connections import PEER, with_peer
from dashboard.server.identity import Mode, mode_of


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with quick_passwords():
        made = AppUnderTest(tmp_path_factory.mktemp("lab"), accounts=True)
        people(made.store)
        yield made


@pytest.fixture
def new(tmp_path):
    with quick_passwords():
        yield AppUnderTest(tmp_path / "new", accounts=True)


def test_the_first_link_creates_the_administrator_and_signs_in(new):
    assert "no account on this server yet" in new.client.get("/login").text
    address = f"/welcome/{new.store.accounts.first_link()}"
    assert "Create the administrator" in new.client.get(address).text
    form = {"login": "ada", "name": "Ada", "password": PASSWORD, "again": PASSWORD}
    answer = new.client.post(address, data=form | {"again": "something else"})
    assert answer.status_code == 401 and "two passwords differ" in answer.text and PASSWORD not in answer.text
    assert new.client.post(address, data=form).headers["Location"] == "/"
    layout = new.client.get("/_dash-layout").text
    assert "Ada" in layout and "Administration" in layout and "Sign out" in layout
    assert new.client.get(address).status_code == 404
    assert [row["action"] for row in new.store.audit.rows()] == ["sign in", "create account"]


def test_a_person_who_has_signed_in_is_back_on_the_wanted_page(lab):
    client = lab.app.server.test_client()
    assert client.get("/clusters?run=abc").headers["Location"] == "/login"
    answer = client.post("/login", data={"login": "bob", "password": PASSWORD})
    assert answer.headers["Location"] == "/clusters?run=abc"


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "/login", "javascript:x"]
)
def test_nobody_is_led_away_after_signing_in(lab, path):
    client = lab.app.server.test_client()
    client.set_cookie("nuwa_back", path)
    answer = client.post("/login", data={"login": "bob", "password": PASSWORD})
    assert answer.headers["Location"] == "/"


def test_a_request_without_the_token_of_its_session_changes_nothing(lab):
    client = signed_in(lab, "bob")
    right = client.environ_base.pop("HTTP_X_CSRFTOKEN")
    other = signed_in(lab, "eve").environ_base["HTTP_X_CSRFTOKEN"]
    for method, address in (
        ("POST", "/_dash-update-component"),
        ("POST", "/upload"),
        ("DELETE", "/upload/x"),
        ("POST", "/logout"),
    ):
        for token in ({}, {"X-CSRFToken": other}, {"X-CSRFToken": "ä"}):
            headers = {"X-Requested-With": "nuwa"} | token
            assert client.open(address, method=method, json={}, headers=headers).status_code == 403, address
    headers = {"X-Requested-With": "nuwa", "X-CSRFToken": right}
    assert client.delete("/upload/x", headers=headers).status_code == 404


def test_another_site_sends_nothing(lab):
    client = signed_in(lab, "bob")
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        for address in ("/login", "/logout", "/_dash-update-component"):
            assert client.post(address, data={}, headers=headers).status_code == 403, (headers, address)


def test_wrong_passwords_are_limited_by_account_from_many_addresses(new):
    people(new.store)
    codes = []
    for i in range(12):
        where = {"REMOTE_ADDR": f"10.0.0.{i}"}
        form = {"login": "BOB " if i % 2 else "bob", "password": f"wrong {i}"}
        codes.append(new.client.post("/login", data=form, environ_base=where).status_code)
    assert codes == [401] * 10 + [429] * 2
    form = {"login": "eve", "password": PASSWORD}
    assert new.client.post("/login", data=form, environ_base={"REMOTE_ADDR": "10.0.0.1"}).status_code == 302
    assert sum(row["action"] == "failed sign in" for row in new.store.audit.rows()) == 10


def test_signing_out_ends_the_session_also_for_a_stolen_cookie(lab):
    client = signed_in(lab, "bob")
    name = lab.app.server.config["SESSION_COOKIE_NAME"]
    stolen = client.get_cookie(name).value
    assert client.post("/logout").status_code == 302
    thief = lab.app.server.test_client()
    thief.set_cookie(name, stolen)
    assert thief.get("/_dash-layout").status_code == 302


def test_an_api_token_opens_what_its_person_may_see_without_a_csrf_token(lab):
    token = lab.store.tokens.create("bob", "laptop")
    client, headers = lab.app.server.test_client(), {"Authorization": f"Bearer {token}"}
    assert client.get("/upload", headers=headers).json == []
    answer = client.delete("/upload/x", headers=headers | {"X-Requested-With": "nuwa"})
    assert answer.status_code == 404 and "Set-Cookie" not in answer.headers
    for wrong in ("Bearer x", "Bearer ", f"Basic {token}", token, f"Bearer {token}x"):
        assert client.get("/upload", headers={"Authorization": wrong}).status_code in (302, 401), wrong


def test_a_deactivated_person_is_out_at_once(new):
    people(new.store)
    client = signed_in(new, "bob")
    new.store.of("local").admin.set_active("bob", False)
    assert client.get("/_dash-layout").status_code == 302


def test_the_proxys_header_is_believed_from_the_listed_peer_only(tmp_path):
    store = Store(
        Settings(
            data_dir=tmp_path,
            inline=True,
            user_header="X-Remote-User",
            user_header_from="10.0.0.5, 10.1.0.0/16",
        )
    )
    app = create_app(store)
    assert app.mode is Mode.ACCOUNTS
    client, name = app.server.test_client(), {"X-Remote-User": "Carol"}

    def ask(peer, headers=name, **environ):
        return client.get("/_dash-layout", headers=headers, environ_base={PEER: peer, **environ}).status_code

    assert ask("10.0.0.5") == ask("10.1.7.7") == 200
    assert store.accounts.role("carol") == "member"
    for peer in ("10.0.0.6", "", "nonsense", "::1"):
        assert ask(peer, REMOTE_ADDR="10.0.0.5") == 302, peer  # an address that was forwarded does not count
    for odd in ("local", "../x", "a", "x" * 99, "ä" * 5):
        assert ask("10.0.0.5", {"X-Remote-User": odd.encode().decode("latin-1")}) == 302, odd
    store.accounts.create("ada", role="admin")
    store.accounts.set_active("carol", False)
    assert ask("10.0.0.5") == 302


def test_the_peer_is_noted_before_a_forwarded_address_replaces_it():
    seen = with_peer(lambda environ, start: environ)
    assert seen({"REMOTE_ADDR": "10.0.0.5", PEER: "forged"}, None)[PEER] == "10.0.0.5"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"NUWA_USER_HEADER": "X-Remote-User"}, "NUWA_USER_HEADER_FROM"),
        ({"NUWA_USER_HEADER_FROM": "proxy.example"}, "list of addresses"),
    ],
)
def test_a_header_without_a_proxy_is_refused(values, words):
    with pytest.raises(UserError, match=words):
        from_environment(values)


def test_a_folder_with_accounts_needs_them_on_every_address_and_takes_no_shared_password(lab):
    alone = lab.store.settings.model_copy(update={"accounts": False})
    assert mode_of(alone, lab.store) is Mode.ACCOUNTS
    with pytest.raises(UserError, match="NUWA_PASSWORD"):
        mode_of(alone.model_copy(update={"password": "a shared one"}), lab.store)


def test_only_the_names_of_the_server_are_answered(tmp_path):
    settings = Settings(
        host="0.0.0.0", data_dir=tmp_path, password="a shared one", allowed_hosts="Nuwa.lab.example, 10.0.0.2"
    )
    client = create_app(Store(settings)).server.test_client()
    for name in ("nuwa.lab.example", "NUWA.lab.example:8050", "10.0.0.2:8050", "localhost"):
        assert client.get("/login", headers={"Host": name}).status_code == 200, name
    for name in ("evil.example", "10.0.0.3", "lab.example", "nuwa.lab.example.evil"):
        assert client.get("/login", headers={"Host": name}).status_code == 403, name


def test_a_background_callback_takes_no_other_persons_signed_name(lab):
    from dashboard.server import session

    client = signed_in(lab, "bob")
    for name, status in (("local", 403), ("bob", 500)):  # 500: there is no such callback
        asker = {"id": "asker", "property": "data", "value": session.signed(lab.store.root, name)}
        body = {"output": "x.y", "inputs": [], "state": [asker], "changedPropIds": []}
        lab.app.server.config["PROPAGATE_EXCEPTIONS"] = False
        answer = client.post("/_dash-update-component", json=body)
        assert (answer.status_code == 403) == (status == 403), name


def test_a_failure_has_a_number_and_no_traceback(lab, caplog):
    client = signed_in(lab, "bob")
    lab.app.server.config["PROPAGATE_EXCEPTIONS"] = False
    answer = client.post("/_dash-update-component", json={"output": "x.y"})
    assert answer.status_code in (400, 500) and "Traceback" not in answer.text and "File " not in answer.text
    if answer.status_code == 500:
        number = answer.text.rpartition("number ")[2].rstrip(".")
        assert len(number) == 8 and number in caplog.text


def test_the_cookie_of_the_token_is_bound_to_the_session(lab):
    one, two = signed_in(lab, "bob"), signed_in(lab, "bob")
    assert csrf_of(one) != csrf_of(two)
