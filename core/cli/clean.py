"""python -m core clean: list what lies in the data folder and nothing refers to; with --remove, remove it."""

import json
import sys

from core import settings
from core.errors import UserError
from core.text import size


def add(parser):
    parser.add_argument("--remove", action="store_true", help="remove what is listed, after a question")
    parser.add_argument("--yes", action="store_true", help="with --remove: ask nothing")
    parser.add_argument("--json", action="store_true", help="print records as JSON")


def run(arguments):
    """List and remove; returns the exit code."""
    from core.store import Store, leftovers

    here = settings.from_environment()
    if not here.data_dir.is_dir():
        raise UserError(f"There is no data folder {here.data_dir}: set NUWA_DATA_DIR.")
    store = Store(here)
    try:
        found = leftovers.find(store)
    finally:
        store.engine.dispose()
    total = sum(leftover.n_bytes for leftover in found)
    if arguments.json:
        print(json.dumps([leftover._asdict() for leftover in found], indent=2, default=str))
    else:
        for leftover in found:
            print(
                f"{size(leftover.n_bytes):>9}  {leftover.path.relative_to(here.data_dir)}  ({leftover.why})"
            )
        print(f"{len(found)} leftovers, {size(total)}." if found else "Nothing is left over.")
    if arguments.remove and found and _agreed(arguments, f"Remove {len(found)} leftovers ({size(total)})?"):
        print(f"Removed {size(leftovers.remove(found))}.", file=sys.stderr)
    return 0


def _agreed(arguments, question):
    if arguments.yes:
        return True
    if not sys.stdin.isatty():
        raise UserError("Nobody can be asked here: add --yes to remove what is listed.")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
