"""People for tests: accounts whose passwords cost no time, and clients that have signed in."""

from contextlib import contextmanager

import pytest
from app_under_test import csrf_of
from argon2 import PasswordHasher

from core.store import accounts

PASSWORD = "correct horse!"


@contextmanager
def quick_passwords():
    """Hash passwords with the least work meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        patch.setattr(accounts, "_UNKNOWN", [])
        yield


def people(store):
    """Create ada (the first administrator, who owns what "local" owned), bob and eve (members), and vic (a viewer)."""
    store.accounts.follow(store.accounts.first_link(), "ada", "Ada", PASSWORD)
    for login, role in (("bob", "member"), ("eve", "member"), ("vic", "viewer")):
        store.accounts.create(login, login.title(), role, PASSWORD)
    return {"ada": "local", "bob": "bob", "eve": "eve", "vic": "vic"}


def signed_in(nuwa, login, password=PASSWORD):
    """A client of an app that has signed in; it sends the CSRF token with every request."""
    client = nuwa.app.server.test_client()
    assert client.post("/login", data={"login": login, "password": password}).status_code == 302
    assert client.get("/_dash-layout").status_code == 200
    client.environ_base["HTTP_X_CSRFTOKEN"] = csrf_of(client)["X-CSRFToken"]
    return client
