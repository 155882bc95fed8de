"""Copies of the SQLite database while others read and write it, by SQLite's online backup."""

import contextlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from core.errors import UserError

PAGES = 4096  # of 4 kB, between two of which writers of the database get a turn
WAIT = 20.0  # seconds for a lock


def copy(source, target):
    """Copy the database file `source`, whole as it is at one moment, to the new file `target`; raises UserError."""
    try:
        with (
            closing(sqlite3.connect(f"{Path(source).as_uri()}?mode=rw", uri=True, timeout=WAIT)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new, pages=PAGES)
            new.execute("PRAGMA journal_mode=DELETE")  # one file, without -wal and -shm beside it
    except sqlite3.Error as error:
        Path(target).unlink(missing_ok=True)
        raise UserError(
            f"The database {source} could not be copied ({error}): free some space, then try again."
        ) from None


def fault(path):
    """What is wrong with a database file as SQLite's quick check says, or "" where it is sound."""
    try:
        with closing(sqlite3.connect(f"{Path(path).as_uri()}?mode=rw", uri=True, timeout=WAIT)) as db:
            (answer,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return str(error)
    return "" if answer == "ok" else answer


def copy_before_upgrade(path, version):
    """Copy the database beside itself as nuwa.sqlite.schema-N before the first upgrade from version N; returns the path.

    A copy of an earlier try stays: the database may be half upgraded since.
    """
    path = Path(path)
    target = path.with_name(f"{path.name}.schema-{version}")
    if target.exists():
        return target
    new = target.with_name(f"{target.name}.{os.getpid()}")
    copy(path, new)
    new.chmod(0o600)
    with contextlib.suppress(FileExistsError):  # another process was quicker, and has begun the upgrade
        os.link(new, target)
    new.unlink()
    return target
