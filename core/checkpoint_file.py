"""The file of a checkpoint: a head that can be read without torch, the content, and a checksum of both.

A folder keeps the newest checkpoint and the one before it. A new one is written beside them, synced to the disk and
renamed, so at any moment one whole checkpoint is there.
"""

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

MAGIC = b"NUWA CHECKPOINT 1\n"
NAMES = ("checkpoint.pt", "checkpoint.older.pt")  # the newest one first
UNFINISHED = ".checkpoint.pt.new"


class Damaged(ValueError):
    """The bytes of a checkpoint are not those that were written."""


class Kept(NamedTuple):
    """The checkpoint that a run can go on from."""

    path: Path
    head: dict  # "epoch", and what core.training.checkpoint adds
    damaged: bool  # a newer one is damaged

    @property
    def epoch(self):
        return self.head["epoch"]


def write(folder, head, content):
    """Write a checkpoint (a dict that JSON can hold, bytes) as the newest one; the newest so far becomes the older one.

    Raises OSError where the disk is full; both earlier ones are then as they were.
    """
    newest, older = (Path(folder) / name for name in NAMES)
    new = newest.with_name(UNFINISHED)
    body = json.dumps(head, allow_nan=False).encode() + b"\n"
    digest = hashlib.sha256(body)
    digest.update(content)
    try:
        with new.open("wb") as file:
            for part in (MAGIC, digest.hexdigest().encode(), b"\n", body, content):
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        new.unlink(missing_ok=True)
        raise
    if newest.exists():
        os.replace(newest, older)
    os.replace(new, newest)
    _sync(newest.parent)


def _sync(folder):
    """Have the names in a folder on the disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path):
    """(head, content) of a checkpoint; raises Damaged, or FileNotFoundError."""
    data = Path(path).read_bytes()
    start = len(MAGIC) + 65
    if (
        data[: len(MAGIC)] != MAGIC
        or hashlib.sha256(memoryview(data)[start:]).hexdigest().encode() != (data[len(MAGIC) : start - 1])
    ):
        raise Damaged(f"{Path(path).name} is damaged.")
    end = data.index(b"\n", start)
    return json.loads(data[start:end]), data[end + 1 :]


def newest(folder):
    """The Kept checkpoint of a folder: the newest one that is whole, or None."""
    damaged = False
    for name in NAMES:
        path = Path(folder) / name
        try:
            stat = path.stat()
            return Kept(path, _head(path, stat.st_mtime_ns, stat.st_size), damaged)
        except FileNotFoundError:
            continue
        except Damaged:
            damaged = True
    return None


def is_damaged(folder):
    """Are there checkpoints in a folder, and none that is whole?"""
    return newest(folder) is None and any((Path(folder) / name).exists() for name in NAMES)


@lru_cache(maxsize=64)
def _head(path, _changed, _size):
    return read(path)[0]


def remove(folder, names=(*NAMES, UNFINISHED)):
    """Remove the checkpoints of a folder."""
    for name in names:
        (Path(folder) / name).unlink(missing_ok=True)
