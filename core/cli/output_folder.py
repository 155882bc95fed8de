"""Where a command writes: the folder or file of --out, checked before the work begins."""

import os
from pathlib import Path

from core.errors import UserError


def output_folder(name):
    """The Path of --out, a folder that exists or can be created; raises UserError."""
    out = Path(name)
    parent = existing_parent(out)
    if not parent.is_dir():
        raise UserError(f"'{parent}' is a file: name a folder with --out.")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UserError(f"'{parent}' cannot be written to: name another folder with --out.")
    return out


def existing_parent(out):
    """The folder that `out` names, or the nearest above it that exists."""
    return next(place for place in (out.absolute(), *out.absolute().parents) if place.exists())


def output_file(name, endings):
    """The Path of --out, a file with one of the endings in a folder that exists; raises UserError."""
    out = Path(name)
    if out.suffix not in endings:
        raise UserError(
            f"'{out.name}' does not end with {' or '.join(endings)}: name such a file with --out."
        )
    if not out.absolute().parent.is_dir():
        raise UserError(
            f"There is no folder '{out.parent}': create it first, or name another file with --out."
        )
    return out
