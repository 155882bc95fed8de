"""Accounts: who may sign in, in which role, and the one-time links that create accounts and set passwords."""

import hashlib
import re
import secrets
import socket
import time

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, insert, select, update

from core.errors import UserError
from core.store import schema
from core.store.people_tables import accounts, links
from core.store.people_tables import sessions as open_sessions
from core.store.people_tables import tokens as api_tokens
from core.store.roles import Role, role_of

LOCAL = (
    "local"  # the owner of all rows before there are accounts; the first administrator becomes this person
)
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,62}[a-z0-9]")
SHORTEST, LONGEST = 10, 1000  # letters of a password; a longer one would cost time for nothing
LINK_HOURS = 72
HASHER = PasswordHasher()  # Argon2id with the parameters of RFC 9106 for little memory
HOUR = 3600


class Accounts:
    """The accounts of a Database. Nobody asks here who may: the administrator's page and commands do."""

    def __init__(self, database):
        self.database = database

    # --- who there is

    def any(self):
        """Is there an account?"""
        with self.database.reading() as db:
            return db.execute(select(accounts.c.user).limit(1)).scalar() is not None

    def all(self):
        """Accounts as dicts {"user", "login", "name", "role", "active", "created"}, by login."""
        query = (
            select(accounts, schema.users.c.name)
            .join(schema.users, schema.users.c.id == accounts.c.user)
            .order_by(accounts.c.login)
        )
        with self.database.reading() as db:
            return [_shown(row) for row in db.execute(query).mappings()]

    def one(self, user):
        """The account of a person; raises UserError where there is none."""
        for row in self.all():
            if row["user"] == user:
                return row
        raise UserError("This account does not exist.")

    def by_login(self, login):
        """The account of a login name; raises UserError where there is none."""
        for row in self.all():
            if row["login"] == str(login).strip().lower():
                return row
        raise UserError(f"There is no account '{login}'.")

    def names(self):
        """{user: the name that pages show}, of all who ever had an account."""
        with self.database.reading() as db:
            return dict(db.execute(select(schema.users.c.id, schema.users.c.name)).all())

    def role(self, user):
        """The Role of a person; without an account, that of whoever has this server alone, else of a member."""
        with self.database.reading() as db:
            role = db.execute(select(accounts.c.role).where(accounts.c.user == user)).scalar()
        if role is not None:
            return Role(role)
        return Role.ADMIN if user == LOCAL else Role.MEMBER

    def is_active(self, user):
        """May this person sign in?"""
        query = select(accounts.c.user).where(accounts.c.user == user, accounts.c.active)
        with self.database.reading() as db:
            return db.execute(query).scalar() is not None

    # --- one-time links

    def first_link(self):
        """The secret of a new link that creates the first administrator; earlier ones end. None where there is an account."""
        with self.database.transaction() as db:
            if self.any():
                return None
            db.execute(delete(links).where(links.c.first))
            return self._link(db, first=True, role=Role.ADMIN, user=None)

    def invite(self, role):
        """The secret of a link that creates one account of a role."""
        with self.database.transaction() as db:
            return self._link(db, role=role_of(role), user=None)

    def reset(self, user):
        """The secret of a link by which a person sets a new password; earlier ones end."""
        row = self.one(user)
        with self.database.transaction() as db:
            db.execute(delete(links).where(links.c.user == user))
            return self._link(db, role=row["role"], user=user)

    def _link(self, db, **values):
        secret, now = secrets.token_urlsafe(24), time.time()
        db.execute(delete(links).where(links.c.expires < now))
        row = {"hash": hashed(secret), "created": now, "expires": now + LINK_HOURS * HOUR, "first": False}
        db.execute(insert(links), row | values)
        return secret

    def link(self, secret):
        """{"user", "role", "first"} of a link that can still be used, or None."""
        query = select(links).where(links.c.hash == hashed(secret), links.c.expires > time.time())
        with self.database.reading() as db:
            row = db.execute(query).mappings().first()
        return None if row is None or (row["first"] and self.any()) else dict(row)

    def follow(self, secret, login, name, password):
        """Create the account of a link, or set its person's password; returns the user. Raises UserError.

        All sessions of a person end when the password is set.
        """
        with self.database.transaction() as db:
            row = self.link(secret)
            # Of two requests at once, one finds the link.
            once = delete(links).where(links.c.hash == hashed(secret))
            if row is None or db.execute(once).rowcount != 1:
                raise UserError("This link was used or is too old: ask an administrator for a new one.")
            if row["user"] is None:
                user = self._create(db, LOCAL if row["first"] else None, login, name, row["role"], password)
            else:
                user = row["user"]
                self._set_password(db, user, password)
            return user

    # --- accounts

    def create(self, login, name="", role=Role.MEMBER, password=None, user=None):
        """A new account; returns its user. Without a password another server signs the person in. Raises UserError."""
        with self.database.transaction() as db:
            return self._create(db, user, login, name, role_of(role), password, may_lack=True)

    def _create(self, db, user, login, name, role, password, may_lack=False):
        login = str(login).strip().lower()
        if not LOGIN.fullmatch(login):
            raise UserError(
                "A login name has 3 to 64 characters: the letters a to z, digits, and . _ - @ between them."
            )
        user = user or login
        taken = select(accounts.c.user).where((accounts.c.login == login) | (accounts.c.user == user))
        if db.execute(taken).first() or (login == LOCAL and user != LOCAL):
            raise UserError(f"There is an account '{login}' already: choose another login name.")
        name = " ".join(str(name).split())[:100] or login
        encoded = None if password is None and may_lack else encode(password, login)
        row = {"login": login, "role": role, "active": True, "created": time.time(), "password": encoded}
        db.execute(insert(accounts), row | {"user": user})
        new = {"id": user, "name": name, "created": time.time()}
        db.execute(schema.insert_once(self.database.engine, schema.users), new)
        db.execute(update(schema.users).where(schema.users.c.id == user).values(name=name))
        return user

    def check(self, login, password):
        """The user whose login and password these are, or None; both answers take the same time."""
        query = select(accounts).where(accounts.c.login == str(login).strip().lower(), accounts.c.active)
        with self.database.reading() as db:
            row = db.execute(query).mappings().first()
        kept = row["password"] if row and row["password"] else _unknown()
        if len(password) > LONGEST or not _fits(kept, password) or not row or not row["password"]:
            return None
        if HASHER.check_needs_rehash(kept):
            with self.database.transaction() as db:
                db.execute(
                    update(accounts)
                    .where(accounts.c.user == row["user"])
                    .values(password=HASHER.hash(password))
                )
        return row["user"]

    def change_password(self, user, old, new):
        """Set the password of a person who knows the old one; all sessions of the person end. Raises UserError."""
        if self.check(self.one(user)["login"], old) != user:
            raise UserError("The old password is wrong.")
        with self.database.transaction() as db:
            self._set_password(db, user, new)

    def _set_password(self, db, user, password):
        encoded = encode(password, self.one(user)["login"])
        db.execute(update(accounts).where(accounts.c.user == user).values(password=encoded))
        db.execute(delete(open_sessions).where(open_sessions.c.user == user))

    def set_role(self, user, role):
        """Give a person another role; raises UserError for that of the last administrator."""
        role = role_of(role)
        with self.database.transaction() as db:
            if role != Role.ADMIN:
                self._keep_an_admin(user)
            db.execute(update(accounts).where(accounts.c.user == user).values(role=role))

    def set_active(self, user, active):
        """Let a person sign in or not; a person who may not is signed out at once, and loses all API tokens."""
        with self.database.transaction() as db:
            if not active:
                self._keep_an_admin(user)
                db.execute(delete(open_sessions).where(open_sessions.c.user == user))
                db.execute(delete(api_tokens).where(api_tokens.c.user == user))
                db.execute(delete(links).where(links.c.user == user))
            db.execute(update(accounts).where(accounts.c.user == user).values(active=bool(active)))

    def _keep_an_admin(self, user):
        self.one(user)
        admins = [row["user"] for row in self.all() if row["role"] == Role.ADMIN and row["active"]]
        if admins == [user]:
            raise UserError("This is the only administrator: give somebody else this role first.")


def hashed(secret):
    """What is kept of a secret that is random by itself: its SHA-256."""
    return hashlib.sha256(str(secret).encode(errors="replace")).hexdigest()


def encode(password, login=""):
    """The argon2 of a password; raises UserError where it is too short, too long, or the login name."""
    if not isinstance(password, str) or len(password) < SHORTEST:
        raise UserError(f"The password is shorter than {SHORTEST} characters: choose a longer one.")
    if len(password) > LONGEST:
        raise UserError(f"The password is longer than {LONGEST} characters: choose a shorter one.")
    if password.lower() == login:
        raise UserError("The password is the login name: choose another one.")
    return HASHER.hash(password)


def link_address(settings, secret):
    """The address of a one-time link, as people of this server's network write it."""
    host = settings.allowed_hosts[0] if settings.allowed_hosts else settings.host
    if host in ("0.0.0.0", "::", ""):
        host = socket.gethostname()
    scheme = "https" if settings.https else "http"
    port = "" if settings.https else f":{settings.port}"
    return f"{scheme}://{host}{port}/welcome/{secret}"


_UNKNOWN = []  # the argon2 of a password that nobody has


def _unknown():
    if not _UNKNOWN:
        _UNKNOWN.append(HASHER.hash(secrets.token_urlsafe(16)))
    return _UNKNOWN[0]


def _fits(kept, password):
    try:
        return HASHER.verify(kept, password)
    except (Argon2Error, InvalidHashError, UnicodeError):
        return False


def _shown(row):
    keys = ("user", "login", "name", "active", "created")
    return {key: row[key] for key in keys} | {"role": Role(row["role"])}
