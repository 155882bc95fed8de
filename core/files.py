"""Files that appear whole or not at all: JSON, .npy, CSV; and folders that disappear whole."""

import json
import os
import shutil
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from core import safe_csv


def write_json(path, value):
    """Write `value` as JSON, whole or not at all."""
    whole(path, lambda temporary: temporary.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n"))


def read_json(path):
    """The value of a JSON file."""
    return json.loads(Path(path).read_text())


def write_array(path, array):
    """Write a .npy without pickles, whole or not at all."""

    def save(temporary):
        with temporary.open("wb") as file:
            np.save(file, array, allow_pickle=False)

    whole(path, save)


def read_array(path):
    """The array of a .npy, memory-mapped."""
    return np.load(path, mmap_mode="r", allow_pickle=False)


@contextmanager
def growing(path, n, dtype):
    """A file for the bytes of a .npy of `n` values of `dtype`, written piece by piece; whole or not at all."""
    with _temporary(path) as temporary, temporary.open("wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False}
        np.lib.format.write_array_header_1_0(file, header | {"shape": (int(n),)})
        yield file


def write_csv(path, head, rows):
    """Write a table, whole or not at all."""

    def write(temporary):
        with temporary.open("w", newline="") as file:
            writer = safe_csv.Writer(file)
            writer.writerow(head)
            writer.writerows(rows)

    whole(path, write)


def whole(path, write):
    """Let `write` fill a temporary file beside `path`, then rename it to `path`: no reader sees half a file."""
    with _temporary(path) as temporary:
        write(temporary)


@contextmanager
def _temporary(path):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


GONE = ".gone-"  # at the beginning of the name of a folder that is being removed


def remove_folder(path):
    """Remove a folder. It is renamed first, so that a reader finds all of it or nothing."""
    path = Path(path)
    hidden = path.with_name(f"{GONE}{path.name}-{uuid.uuid4().hex[:6]}")
    with suppress(FileNotFoundError):  # another process may remove it at the same time
        path.rename(hidden)
        shutil.rmtree(hidden, ignore_errors=True)


def folder_bytes(folder):
    """Bytes of the files below a folder; 0 where there is none. Files that go meanwhile are not counted."""
    total, folders = 0, [Path(folder)]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue
    return total
