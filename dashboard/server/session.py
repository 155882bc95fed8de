"""Who is asking. Without accounts there is one user; with a password, the one who knows it."""

from pathlib import Path

from itsdangerous import URLSafeSerializer

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def user():
    """The id of the person behind this request."""
    return "local"


def signed(root, user):
    """The id of a person as text that only this server can write: for a process that has no request to ask."""
    return URLSafeSerializer(secret(root), "asker").dumps(user)


def read_signed(root, text):
    """The id of a person from signed(); raises itsdangerous.BadSignature for any other text."""
    return URLSafeSerializer(secret(root), "asker").loads(text)


def secret(root):
    """A key for signing sessions, made once and kept in the data folder, readable by its owner alone."""
    import secrets

    path = Path(root) / "secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text()
