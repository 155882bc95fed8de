"""The database of a store: its engine, and transactions that several writes share."""

import threading
import time
from contextlib import contextmanager

from sqlalchemy import create_engine, event

from core.store import (  # noqa: F401  all tables belong to the same metadata
    executions,
    people_tables,
    postgresql,
    queue_tables,
    schema,
)

postgresql.adapt(schema.metadata)


class Connection:
    """An engine with the tables in place. What a thread writes inside `transaction` is written as a whole or not at all."""

    def __init__(self, url):
        if url.get_backend_name() == "sqlite":
            schema.keep_before_upgrade(url.database)
            self.engine = create_engine(url, hide_parameters=True)
            event.listen(self.engine, "connect", schema.tune)
        else:
            self.engine = postgresql.engine(url)
        schema.prepare(self.engine, time.time())
        self._thread = threading.local()

    @contextmanager
    def transaction(self):
        """A connection to write with: that of the transaction around, or a new one, which is committed at the end."""
        if current := getattr(self._thread, "db", None):
            yield current
            return
        with self.engine.begin() as db:
            self._thread.db = db
            try:
                yield db
            finally:
                self._thread.db = None

    @contextmanager
    def reading(self):
        """A connection to read with: that of the transaction around, which sees its own writes, or a new one."""
        if current := getattr(self._thread, "db", None):
            yield current
            return
        with self.engine.connect() as db:
            yield db
