"""Writes to the store that wait while its database is locked or its disk is full, so that neither ends a training."""

import time

from sqlalchemy.exc import OperationalError

from core.errors import UserError

LIMIT = 300.0  # seconds; each attempt waits for a lock as well, as core.store.schema.tune says
PAUSE = 1.0  # seconds between two attempts

LOCKED = (
    "The database of the server has been locked by another program for {minutes:.0f} minutes. End that program, then "
    "press Resume."
)
FULL = "The disk of the server has been full for {minutes:.0f} minutes. Free some space, then press Resume."
GONE = (
    "The database of the server has not answered for {minutes:.0f} minutes. An administrator starts it again; then press "
    "Resume."
)
# Words of SQLite, then those of PostgreSQL and its driver.
REASONS = {
    "locked": LOCKED,
    "disk is full": FULL,
    "disk i/o error": FULL,
    "lock timeout": LOCKED,
    "deadlock detected": LOCKED,
    "no space left": FULL,
    "connection": GONE,
    "terminating": GONE,
    "starting up": GONE,
    "shutting down": GONE,
    "recovery mode": GONE,
}


def patiently(write, limit=LIMIT):
    """What `write()` returns, tried again while the database is locked or its disk is full; raises UserError after `limit` seconds."""
    began = time.monotonic()
    while True:
        try:
            return write()
        except OperationalError as error:
            sentence = reason(error)
            waited = time.monotonic() - began
            if sentence is None:
                raise
            if waited > limit:
                raise UserError(sentence.format(minutes=max(1, waited / 60))) from None
        time.sleep(PAUSE)


def reason(error):
    """The sentence on why the database could not be written to, or None for other errors."""
    text = str(error.orig).lower()
    return next((sentence for words, sentence in REASONS.items() if words in text), None)
