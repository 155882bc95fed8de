"""Sessions in browsers and API tokens of the command line: both expire, and both can be revoked."""

import secrets
import time

from sqlalchemy import delete, insert, select, update

from core.errors import UserError
from core.store.accounts import Accounts, hashed
from core.store.people_tables import sessions, tokens
from core.store.rows import new_id
from core.text import name_of

DAY = 24 * 3600
IDLE, LONGEST = 7 * DAY, 30 * DAY  # a session ends that long after the last visit, and after signing in
NOTED = 60  # seconds between two notes of the last visit
PREFIX = "nuwa_"  # so that scanners of source code find a token
MOST_DAYS = 365  # that a token lasts
MOST_TOKENS = 50  # of a person


class Sessions:
    """The sessions of a Database: who has signed in, where."""

    def __init__(self, database):
        self.database = database

    def open(self, user, address="", browser=""):
        """Begin a session; returns the secret that names it."""
        secret, now = secrets.token_urlsafe(32), time.time()
        row = {"id": hashed(secret), "user": user, "created": now, "seen": now}
        with self.database.transaction() as db:
            db.execute(delete(sessions).where(_ended(now)))
            db.execute(insert(sessions), row | {"address": str(address)[:64], "browser": str(browser)[:200]})
        return secret

    def user(self, secret):
        """The person of a session, or None where it has ended or the account may not sign in."""
        id, now = hashed(secret), time.time()
        query = select(sessions).where(sessions.c.id == id, ~_ended(now))
        with self.database.reading() as db:
            row = db.execute(query).mappings().first()
        if row is None or not Accounts(self.database).is_active(row["user"]):
            return None
        if now - row["seen"] > NOTED:
            with self.database.transaction() as db:
                db.execute(update(sessions).where(sessions.c.id == id).values(seen=now))
        return row["user"]

    def close(self, secret):
        """End a session."""
        with self.database.transaction() as db:
            db.execute(delete(sessions).where(sessions.c.id == hashed(secret)))

    def close_all(self, user):
        """End all sessions of a person; returns their number."""
        with self.database.transaction() as db:
            return db.execute(delete(sessions).where(sessions.c.user == user)).rowcount

    def of(self, user):
        """The open sessions of a person: {"created", "seen", "address", "browser"} each, the last visit first."""
        query = (
            select(sessions)
            .where(sessions.c.user == user, ~_ended(time.time()))
            .order_by(sessions.c.seen.desc())
        )
        with self.database.reading() as db:
            return [dict(row) for row in db.execute(query).mappings()]

    def last_seen(self):
        """{user: time of the last visit} of open sessions."""
        with self.database.reading() as db:
            rows = db.execute(select(sessions.c.user, sessions.c.seen).order_by(sessions.c.seen))
            return dict(rows.all())


class Tokens:
    """The API tokens of a Database: what the command line shows in place of a session."""

    def __init__(self, database):
        self.database = database

    def create(self, user, name, days=90):
        """A new token of a person; returns it: nobody can read it again. Raises UserError."""
        name = name_of(name, "token")
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MOST_DAYS:
            raise UserError(f"A token lasts from 1 to {MOST_DAYS} days.")
        secret, now = PREFIX + secrets.token_urlsafe(32), time.time()
        row = {"id": new_id(), "hash": hashed(secret), "user": user, "name": name[:80], "created": now}
        with self.database.transaction() as db:
            db.execute(delete(tokens).where(tokens.c.expires < now))
            if len(self.of(user)) >= MOST_TOKENS:
                raise UserError(f"You have {MOST_TOKENS} tokens: revoke one first.")
            db.execute(insert(tokens), row | {"expires": now + days * DAY})
        return secret

    def user(self, secret):
        """The person of a token, or None where it has expired or the account may not sign in."""
        now = time.time()
        query = select(tokens).where(tokens.c.hash == hashed(secret), tokens.c.expires > now)
        with self.database.reading() as db:
            row = db.execute(query).mappings().first()
        if row is None or not Accounts(self.database).is_active(row["user"]):
            return None
        if now - (row["used"] or 0) > NOTED:
            with self.database.transaction() as db:
                db.execute(update(tokens).where(tokens.c.id == row["id"]).values(used=now))
        return row["user"]

    def of(self, user):
        """The tokens of a person, without their secrets, the newest first."""
        query = select(tokens).where(tokens.c.user == user).order_by(tokens.c.created.desc())
        keys = ("id", "name", "created", "expires", "used")
        with self.database.reading() as db:
            return [{key: row[key] for key in keys} for row in db.execute(query).mappings()]

    def revoke(self, user, id):
        """Revoke a token of a person."""
        with self.database.transaction() as db:
            db.execute(delete(tokens).where(tokens.c.user == user, tokens.c.id == id))


def _ended(now):
    return (sessions.c.seen < now - IDLE) | (sessions.c.created < now - LONGEST)
