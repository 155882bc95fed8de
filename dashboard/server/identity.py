"""Who is behind a request: nobody but this machine, whoever knows the one password, or a person with an account."""

import hashlib
import hmac
import ipaddress
from enum import Enum
from typing import NamedTuple

from flask import request, session

from core.errors import UserError
from core.store import LOCAL, LOGIN, Role
from dashboard.server.connections import PEER
from dashboard.server.session import LOOPBACK


class Mode(Enum):
    """How people come in."""

    ALONE = "this machine alone, without a login"
    PASSWORD = "one shared password"
    ACCOUNTS = "accounts"


class Identity(NamedTuple):
    """A person, and what the CSRF token of this person's pages is bound to; None for an API token, which needs none."""

    user: str
    bound_to: str | None


def mode_of(settings, store):
    """The Mode of a server. Raises UserError where the shared password would open what belongs to accounts.

    A data folder with accounts asks for them on every address.
    """
    has_accounts = store.accounts.any()
    if settings.password is not None:
        if has_accounts or settings.accounts or settings.user_header:
            raise UserError(
                "This server has accounts, and the shared password (NUWA_PASSWORD) would bypass them: unset it."
            )
        return Mode.PASSWORD
    if has_accounts or settings.accounts or settings.user_header or settings.host not in LOOPBACK:
        return Mode.ACCOUNTS
    return Mode.ALONE


class Identities:
    """Tells who is behind a request to a server."""

    def __init__(self, mode, settings, store, key):
        self.mode, self.settings, self.store = mode, settings, store
        # The session remembers which password it was opened with, so that a new password signs everybody out.
        self.known = hashlib.sha256(f"{key}{settings.password}".encode()).hexdigest()
        self.networks = [ipaddress.ip_network(peer) for peer in settings.user_header_from]

    def now(self):
        """The Identity behind the request, or None for a stranger."""
        if self.mode is Mode.ALONE:
            return Identity(LOCAL, "alone")
        if self.mode is Mode.PASSWORD:
            opened_with = session.get("opened_with", "")
            known = isinstance(opened_with, str) and hmac.compare_digest(opened_with, self.known)
            return Identity(LOCAL, self.known) if known else None
        return self._by_token() or self._by_header() or self._by_session()

    def _by_token(self):
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        user = self.store.tokens.user(secret.strip()) if kind.lower() == "bearer" and secret else None
        return user and Identity(user, None)

    def _by_header(self):
        """The person whom a reverse proxy names. Only the connection's own peer counts, never a forwarded address."""
        login = request.headers.get(self.settings.user_header or "", "").strip().lower()
        if not login or not self._believed(request.environ.get(PEER, request.remote_addr)):
            return None
        user = self._account_of(login)
        return user and Identity(user, f"header:{user}")

    def _believed(self, peer):
        try:
            address = ipaddress.ip_address(str(peer).partition("%")[0])
        except ValueError:
            return False
        return any(address in network for network in self.networks)

    def _account_of(self, login):
        """The user of a login name, who becomes a member at the first visit; None where the account may not sign in."""
        accounts = self.store.accounts
        row = next((row for row in accounts.all() if row["login"] == login), None)
        if row is None and LOGIN.fullmatch(login) and login != LOCAL:
            try:
                return accounts.create(login, role=Role.MEMBER)
            except UserError:  # another request of the same person was quicker
                row = next((row for row in accounts.all() if row["login"] == login), None)
        return row["user"] if row and row["active"] else None

    def _by_session(self):
        secret = session.get("sid")
        user = self.store.sessions.user(secret) if isinstance(secret, str) else None
        return user and Identity(user, f"session:{secret}")
