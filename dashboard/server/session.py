"""Who is behind this request: the gate (dashboard/server/auth.py) has found it out before any page asks."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from flask import g, has_request_context
from itsdangerous import BadSignature, URLSafeSerializer

from core.errors import UserError

ASKER = "asker"  # the id of the dcc.Store with the signed id of a person, on pages with a background callback
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def user():
    """The id of the person behind this request; outside a request there is nobody, and RuntimeError is raised."""
    return g.identity.user


def identity():
    """The Identity behind this request; None outside one, as when Dash sets itself up."""
    return g.get("identity") if has_request_context() else None


def signed(root, user):
    """The id of a person as text that only this server can write: for a process that has no request to ask."""
    return URLSafeSerializer(secret(root), "asker").dumps(user)


def read_signed(root, text):
    """The id of a person from signed(); raises itsdangerous.BadSignature for any other text."""
    return URLSafeSerializer(secret(root), "asker").loads(text)


def is_ours(root, parts):
    """Do the values of ASKER among inputs and states of a callback name the person behind this request?"""
    for part in parts:
        if isinstance(part, dict) and part.get("id") == ASKER and part.get("value") is not None:
            try:
                if read_signed(root, part["value"]) != user():
                    return False
            except (BadSignature, TypeError, UnicodeError):
                return False
    return True


def secret(root):
    """A key for signing sessions, made once and kept in the data folder, readable by its owner alone.

    Several processes may start at once on a new folder: each writes a key of its own beside, and the first link wins.
    Raises UserError for an empty file, which would sign every session with nothing.
    """
    path = Path(root) / "secret"
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=root, prefix="secret.") as new:  # its mode is 0600
            new.write(secrets.token_hex(32))
            new.flush()
            with contextlib.suppress(FileExistsError):
                os.link(new.name, path)
    key = path.read_text().strip()
    if not key:
        raise UserError(
            f"The file {path} is empty. Delete it and start again; everybody signs in again then."
        )
    return key
