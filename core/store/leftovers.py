"""What lies in the data folder and nothing refers to: folders without a row, and what processes that were killed have left."""

import time
from typing import NamedTuple

from core.files import GONE, folder_bytes, remove_folder
from core.store.rows import TABLES
from core.store.status import Status

YOUNG = 3600  # seconds for which something may still be being written
SCRATCH = ("nuwa-read-*", "nuwa-bundle-*", "tmp*", "*.tmp")  # in cache/


class Leftover(NamedTuple):
    """A file or folder that nothing refers to."""

    path: object  # a Path
    n_bytes: int
    why: str


def find(store):
    """The Leftovers of a data folder, sorted by path; nothing younger than an hour."""
    candidates = []
    for kind in ("dataset", "run", "search"):
        folder = f"{kind}es" if kind == "search" else f"{kind}s"
        rows = {row["id"]: row["status"] for row in store.rows(kind)}
        for path in (store.root / folder).iterdir():
            if path.name.startswith(GONE):
                candidates.append((path, "its removal was interrupted"))
            elif path.name not in rows:
                candidates.append((path, f"there is no such {kind}"))
            elif kind == "dataset" and rows[path.name] == Status.FAILED:
                candidates.append((path, "the dataset failed"))
    runs = {row["id"] for row in store.rows("run")}
    for path in _below(store.root / "tensorboard"):
        if path.name not in runs:
            candidates.append((path, "there is no such run"))
    for pattern in SCRATCH:
        candidates += [(path, "a process was killed") for path in (store.root / "cache").glob(pattern)]
    at_work = {id for kind in TABLES for id in _active(store, kind)}
    old = time.time() - YOUNG
    found = [
        Leftover(path, folder_bytes(path) if path.is_dir() else path.stat().st_size, why)
        for path, why in candidates
        if path.name not in at_work and path.lstat().st_mtime < old
    ]
    return sorted(found, key=lambda leftover: str(leftover.path))


def remove(leftovers):
    """Remove Leftovers; returns the bytes that were freed."""
    for leftover in leftovers:
        if leftover.path.is_dir() and not leftover.path.is_symlink():
            remove_folder(leftover.path)
        else:
            leftover.path.unlink(missing_ok=True)
    return sum(leftover.n_bytes for leftover in leftovers)


def _below(folder):
    return folder.iterdir() if folder.is_dir() else ()


def _active(store, kind):
    return [row["id"] for row in store.rows(kind) if row["status"] in (Status.QUEUED, Status.RUNNING)]
