"""One file with everything that a data folder holds and cannot be computed again, made while the server runs; and back.

The file is a tar: the folders, the database, and last manifest.json with the size and the SHA-256 of every other member. The
database is copied first, as it is at one moment. What is written after that is newer than its rows, which harms nothing;
rows of datasets and runs that were deleted before their files were read are removed from the copy.
"""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from core import __version__
from core.errors import UserError
from core.store import schema, sqlite_copy

DATABASE, MANIFEST = "nuwa.sqlite", "manifest.json"
FOLDERS = (
    "datasets",
    "runs",
    "searches",
    "uploads",
)  # inbox/ holds people's own files, cache/ nothing that lasts
FILES = ("secret",)
FORMAT = 1
PIECE = 1024**2  # bytes that are read at once
MOST_MANIFEST = 512 * 1024**2  # bytes
RESTORING = ".restoring"  # the folder in which a restored data folder grows


class Summary(NamedTuple):
    """What a backup holds."""

    n_files: int
    n_bytes: int
    created: float  # seconds since 1970
    version: str  # of Nuwa
    schema: int


def write(root, database, path):
    """Write the backup of the data folder `root`, whose SQLite file is `database`, to the new file `path`; returns a Summary.

    The file is read again and its checksums are compared. Raises UserError.
    """
    root, path = Path(root).resolve(), Path(path).resolve()
    if path.exists():
        raise UserError(f"The file {path} exists already: choose another name.")
    if root == path or root in path.parents:
        raise UserError(f"The backup may not lie in the data folder {root}: choose another place.")
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent}: make it first.")
    part = path.with_name(f".{path.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix=".nuwa-backup-", dir=path.parent) as scratch:
            rows = Path(scratch) / DATABASE
            sqlite_copy.copy(database, rows)
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                _fill(root, rows, file)
        summary = verify(part)
        os.replace(part, path)
        return summary
    except OSError as error:
        raise UserError(f"The backup could not be written to {path} ({error.strerror or error}).") from None
    finally:
        part.unlink(missing_ok=True)


def _fill(root, rows, file):
    """Write the members of a backup into an open file."""
    manifest = {
        "format": FORMAT,
        "version": __version__,
        "schema": schema.VERSION,
        "created": time.time(),
        "files": {},
    }
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in FILES:
            _add(tar, manifest, root / name, name)
        for folder in FOLDERS:
            for member in _files_below(root, folder):
                _add(tar, manifest, root / member, member)
        _forget_deleted(root, rows)
        _add(tar, manifest, rows, DATABASE)
        text = json.dumps(manifest).encode()
        tar.addfile(_member(MANIFEST, len(text)), io.BytesIO(text))
    file.flush()
    os.fsync(file.fileno())


def _files_below(root, folder):
    """The files of a folder of the data folder as relative paths; those that are being written or removed are left out."""
    for here, folders, files in os.walk(root / folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield (Path(here) / name).relative_to(root).as_posix()


def _member(name, size, changed=None):
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, int(changed or time.time()), 0o600
    return member


def _add(tar, manifest, path, name):
    """Add a file as it is now; one that has just been removed is left out."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        state = os.fstat(file.fileno())
        reader = _Hashing(file, state.st_size)
        tar.addfile(_member(name, state.st_size, state.st_mtime), reader)
        manifest["files"][name] = [state.st_size, reader.digest.hexdigest()]


class _Hashing:
    """A file of which at most `size` bytes are read, each into the digest."""

    def __init__(self, file, size):
        self.file, self.left, self.digest = file, size, hashlib.sha256()

    def read(self, n):
        data = self.file.read(min(n, self.left))
        self.left -= len(data)
        self.digest.update(data)
        return data


def _forget_deleted(root, rows):
    """Remove the rows of datasets and runs whose folders were deleted after the database was copied."""
    with closing(sqlite3.connect(rows)) as db, db:
        for kind, done in (("datasets", ("ready",)), ("runs", ("done",))):
            ids = [id for (id,) in db.execute(f"SELECT id FROM {kind} WHERE status IN ('{done[0]}')")]  # nosec B608
            for id in ids:
                if not (root / kind / id).is_dir():
                    db.execute(f"DELETE FROM {kind} WHERE id = ?", (id,))  # nosec B608
                    db.execute("DELETE FROM jobs WHERE target = ?", (id,))


def verify(path, keep=None):
    """The Summary of a backup whose every byte agrees with its checksums; with `keep`, its members are written below that folder.

    Raises UserError for a file that is none, or is damaged.
    """
    there, manifest = {}, None
    try:
        with tarfile.open(path, mode="r:") as tar:
            for member in tar:
                if manifest is not None or not member.isreg():
                    raise _damaged(path)
                content = tar.extractfile(member)
                if member.name == MANIFEST:
                    if member.size > MOST_MANIFEST:
                        raise _damaged(path)
                    manifest = json.loads(content.read())
                elif member.name in there:
                    raise _damaged(path)
                else:
                    there[member.name] = [member.size, _digest(content, _place(path, keep, member.name))]
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.") from None
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, UserError):
            raise
        raise _damaged(path) from None
    if not isinstance(manifest, dict) or manifest.get("files") != there or DATABASE not in there:
        raise _damaged(path)
    if manifest.get("format") != FORMAT or manifest["schema"] > schema.VERSION:
        raise UserError(
            f"The backup {path} was written by a newer Nuwa ({manifest.get('version')}): restore it with that version."
        )
    sizes = (size for size, _ in there.values())
    return Summary(len(there), sum(sizes), manifest["created"], manifest["version"], manifest["schema"])


def _damaged(path):
    return UserError(f"{path} is no backup of Nuwa, or it is damaged: nothing was restored.")


def _place(path, keep, name):
    """Where a member goes below `keep`, or None without it; raises UserError for a name that leads elsewhere."""
    parts = PurePosixPath(name).parts
    first = parts[0] if parts else ""
    if (
        not (name in (DATABASE, *FILES) or (first in FOLDERS and len(parts) > 1))
        or ".." in parts
        or "\\" in name
    ):
        raise _damaged(path)
    return keep and Path(keep).joinpath(*parts)


def _digest(content, target):
    """The SHA-256 of a member, which is written to `target` on the way, unless that is None."""
    digest = hashlib.sha256()
    if target is None:
        while data := content.read(PIECE):
            digest.update(data)
        return digest.hexdigest()
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while data := content.read(PIECE):
            digest.update(data)
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def restore(path, root):
    """Write the data folder of a backup to `root`, which must be empty or not be there; returns the Summary.

    All checksums are compared before anything gets its place, so a damaged backup leaves nothing behind. Raises UserError.
    """
    root = Path(root)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UserError(
            f"{root} is not empty: name an empty folder as NUWA_DATA_DIR, so that nothing is overwritten."
        )
    verify(path)  # before the first byte is written
    growing = root / RESTORING
    try:
        growing.mkdir(mode=0o700, parents=True)
        root.chmod(0o700)
        summary = verify(path, growing)
        if fault := sqlite_copy.fault(growing / DATABASE):
            raise UserError(f"The database in {path} is damaged ({fault}): restore another backup.")
        # The database comes last: without it, a half restored folder is no data folder.
        for entry in sorted(growing.iterdir(), key=lambda entry: entry.name == DATABASE):
            os.replace(entry, root / entry.name)
        growing.rmdir()
        return summary
    except OSError as error:
        raise UserError(f"The backup could not be restored to {root} ({error.strerror or error}).") from None
    finally:
        shutil.rmtree(growing, ignore_errors=True)
