"""The files of uploads in the data folder: of each upload a part file that grows, and a record beside it.

The length of the part file says how much has arrived. Nothing else counts, so nothing can disagree with it after a crash.
"""

import time
from contextlib import suppress
from pathlib import Path

from core.data import ENDINGS, ending, unreadable
from core.data.readable_paths import is_path
from core.errors import UserError
from core.files import read_json
from core.store.schema import jobs

DAY = 24 * 3600  # seconds without new bytes after which an upload is removed


def accepted(name):
    """The name of a file without its folders; raises UserError for a file that Nuwa does not read."""
    name = Path(str(name).replace("\\", "/")).name
    if not is_path(name) or not name.isprintable():
        raise UserError(f"{ascii(name[:60])} is not a file name. Rename the file and upload it again.")
    if sentence := unreadable(name):
        raise UserError(sentence)
    if not ending(name) or ending(name) == name.lower():
        raise UserError(f"'{name}' is not a file Nuwa reads: choose one of {', '.join(ENDINGS)}.")
    return name


def files_of(root, arguments):
    """The uploaded files among those of the ReadArguments of a job."""
    return [path for path in map(Path, arguments.files) if path.parent == Path(root) / "uploads"]


def read_record(path):
    """The record of an upload, with the bytes that are "here" (None once its file was moved) and when it "changed"."""
    changed, here = path.stat().st_mtime, None
    with suppress(FileNotFoundError):
        part = path.with_suffix(".part").stat()
        changed, here = max(changed, part.st_mtime), part.st_size
    return read_json(path) | {"here": here, "changed": changed}


def records(folder):
    """The records of everybody's uploads, the oldest first."""
    dated = []
    for path in folder.glob("[!.]*.json"):
        try:
            dated.append((path.stat().st_mtime, read_record(path)))
        except FileNotFoundError:  # finished in this moment
            continue
    return [record for _, record in sorted(dated, key=lambda pair: pair[0])]


def remove(folder, record):
    """Remove the files of an upload: its part, a moved file that was never read, its record."""
    for suffix in (".part", ending(record["name"]), ".json"):
        (folder / f"{record['id']}{suffix}").unlink(missing_ok=True)


def sweep(store):
    """Remove the uploads that received nothing for a day."""
    folder = store.root / "uploads"
    for record in records(folder):
        path = folder / f"{record['id']}.json"
        part = path.with_suffix(".part")
        try:
            changed = max(p.stat().st_mtime for p in (path, part) if p.exists())
        except (FileNotFoundError, ValueError):  # finished in this moment
            continue
        if time.time() - changed < DAY:
            continue
        if store.jobs(jobs.c.token == f"upload:{record['id']}"):  # a job has the file; only the record stayed
            path.unlink(missing_ok=True)
        else:
            remove(folder, record)
