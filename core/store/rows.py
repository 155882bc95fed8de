"""Rows of the store as dicts: their kinds, their ids, and the error where one does not exist."""

import hashlib
import json
import secrets
from pathlib import PurePath

from core.errors import UserError
from core.store.schema import datasets, preparations, runs, searches
from core.store.status import Explored, Status

TABLES = {"dataset": datasets, "preparation": preparations, "run": runs, "search": searches}
FOLDERS = {"dataset": "datasets", "run": "runs", "search": "searches"}  # in the data folder, by kind


class Missing(UserError):
    """Something does not exist, or this person may not see it: one question, one answer.

    `kind` and `id` name it where it is a dataset, a preparation or a run; both are None where it is something else.
    """

    def __init__(self, message, kind=None, id=None):
        super().__init__(message)
        self.kind, self.id = kind, id

    @classmethod
    def of(cls, kind, id):
        """The error for a row of a kind of TABLES."""
        return cls(f"This {kind} no longer exists.", kind, id)


def new_id():
    """A short random id: 50 bits, readable over the phone."""
    return "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(10))


def digest(value, length=24):
    """The first hex digits of a SHA-256 of a JSON-able value: the same for the same arguments of a job."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:length]


def typed(row):
    """A row as a dict, its statuses as members of Status and Explored."""
    row = dict(row) | {"status": Status(row["status"])}
    return row | {"explored": Explored(row["explored"])} if "explored" in row else row


def file_name(row):
    """The name of the file or folder that a dataset was read from, whatever the dataset is called now."""
    kind, _, name = row["origin"].partition(":")
    return PurePath(name).name if kind in ("upload", "inbox", "server") else row["name"]
