"""The tables of people: accounts, sessions, API tokens, one-time links, teams, projects, shares, and the audit log.

Times are seconds since 1970, UTC. What opens a session, a token or a link is kept as a SHA-256 alone.
"""

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text

from core.store.schema import metadata

accounts = Table(
    "accounts",
    metadata,
    Column("user", String(64), primary_key=True),  # users.id: the owner of rows
    Column("login", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),  # a value of core.store.roles.Role
    Column("password", Text),  # argon2; None where another server knows the person
    Column("active", Boolean, nullable=False, default=True),
    Column("created", Float, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user", String(64), nullable=False, index=True),
    Column("created", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Column("address", String(64), nullable=False),
    Column("browser", String(200), nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("user", String(64), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("used", Float),
)

links = Table(
    "links",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("user", String(64)),  # whose password it sets; None of a new account
    Column("role", String(16), nullable=False),  # of a new account
    Column("first", Boolean, nullable=False, default=False),  # creates the first administrator
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
)

teams = Table(
    "teams",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("owner", String(64), nullable=False),
    Column("created", Float, nullable=False),
)

team_members = Table(
    "team_members",
    metadata,
    Column("team", String(32), primary_key=True),
    Column("user", String(64), primary_key=True, index=True),
)

projects = Table(
    "projects",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("owner", String(64), nullable=False, index=True),
    Column("created", Float, nullable=False),
)

project_members = Table(
    "project_members",
    metadata,
    Column("project", String(32), primary_key=True),
    Column("user", String(64), primary_key=True, index=True),
)

project_items = Table(
    "project_items",
    metadata,
    Column("project", String(32), primary_key=True),
    Column("kind", String(16), primary_key=True),  # "dataset" or "run"
    Column("target", String(32), primary_key=True, index=True),
)

# Who else sees a dataset or a run: a person, or all members of a team.
shares = Table(
    "shares",
    metadata,
    Column("kind", String(16), primary_key=True),  # "dataset" or "run"
    Column("target", String(32), primary_key=True),
    Column("audience", String(8), primary_key=True),  # "user" or "team"
    Column("who", String(64), primary_key=True, index=True),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False, index=True),
    Column("user", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("action", String(40), nullable=False),
    Column("kind", String(16), nullable=False),  # "dataset", "run", "preparation", "account" ...
    Column("target", String(64), nullable=False),
    Column("name", String(400), nullable=False),  # as it was called then
    Index("audit_target", "target"),
)
