"""PostgreSQL in the place of SQLite: what differs, so that the same rows come back."""

import json
import math

from sqlalchemy import JSON, Float, String, Text, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import TypeDecorator

from core.errors import UserError

LOCK_MS = 20_000  # milliseconds to wait for a lock, as core.store.schema.tune has it for SQLite
CONNECT = 10  # seconds for the server to answer
PREPARES = 0x6E757761  # the key of the lock under which one process creates or upgrades the tables


LOOKED_INTO = (
    "runs.config",
    "jobs.arguments",
)  # JSON whose values statements name: it stays JSON, and has no NaN


class Words(TypeDecorator):
    """Text of any length without the character 0, which PostgreSQL refuses: the message of a damaged file may hold one."""

    impl, cache_ok = Text, True

    def process_bind_param(self, value, dialect):
        return None if value is None else str(value).replace("\0", "")


class JsonText(TypeDecorator):
    """JSON as text: the type of PostgreSQL refuses NaN, which losses and scores may be, and the character 0."""

    impl, cache_ok = Text, True

    def process_bind_param(self, value, dialect):
        return None if value is None else json.dumps(value)

    def process_result_value(self, value, dialect):
        return None if value is None else json.loads(value)


class Number(TypeDecorator):
    """A number of double precision; NaN is no value, as SQLite has it."""

    impl, cache_ok = Float, True

    def process_bind_param(self, value, dialect):
        return None if value is None or math.isnan(value) else float(value)


def adapt(metadata):
    """Give all columns the type that they have in PostgreSQL; in SQLite they are as they were."""
    for column in (column for table in metadata.sorted_tables for column in table.columns):
        if str(column) in LOOKED_INTO:
            continue
        for kind, other in ((JSON, JsonText), (String, Words), (Float, Number)):
            if isinstance(column.type, kind):
                column.type = column.type.with_variant(other(), "postgresql")


def engine(url):
    """The engine of a database; raises UserError where the driver is not installed."""
    try:
        import psycopg  # noqa: F401  an optional package
    except ImportError:
        raise UserError(
            "NUWA_DATABASE_URL is set, but the PostgreSQL driver is missing: install requirements-postgresql.txt."
        ) from None
    options = f"-c lock_timeout={LOCK_MS} {url.query.get('options', '')}"
    url = url.update_query_dict({"options": options, "connect_timeout": str(CONNECT)})
    made = create_engine(url, pool_pre_ping=True)
    try:
        made.connect().close()
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[-1]
        raise UserError(
            f"The database of NUWA_DATABASE_URL does not answer ({reason}): start it, or correct the address."
        ) from None
    return made


def alone(db):
    """Let other processes that create or upgrade the tables wait until this transaction ends."""
    if db.dialect.name == "postgresql":
        db.execute(text(f"SELECT pg_advisory_xact_lock({PREPARES})"))
