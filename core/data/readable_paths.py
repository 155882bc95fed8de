"""Where files lie that may be read: the inbox, and the folders of this server that NUWA_DATA_ROOTS opens."""

from pathlib import Path

from core.data import ending
from core.errors import UserError

MOST_LETTERS, MOST_IN_A_NAME = 4096, 255  # of a path, and bytes of one name in it (PATH_MAX, NAME_MAX)


def listed(folder, roots=None):
    """What lies right in `folder` and could be read: [name, bytes] each, with None for the bytes of a folder.

    With `roots`, links that lead out of them are not listed.
    """
    found = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".") and _may_be(path)]
    if roots is not None:
        found = [path for path in found if _is_within(roots, path.resolve())]
    return [[path.name, None if path.is_dir() else path.stat().st_size] for path in found]


def within(roots, path, whole=False):
    """The real path of `path`; raises UserError where it is not below one of `roots`, or a link in it leads out.

    `whole` looks at everything in a folder, since all of it will be read.
    """
    if not is_path(path):
        raise UserError("This is not the path of a file. Choose a file from the list.")
    real = Path(path).resolve()
    if not Path(path).is_absolute() or not _is_within(roots, real) or not real.exists():
        raise UserError(f"There is no '{Path(path).name}' in the folders of this server that may be read.")
    if whole and real.is_dir() and not all(_is_within(roots, member.resolve()) for member in real.rglob("*")):
        raise UserError(f"'{real.name}' holds links that lead out of the folders that may be read.")
    return real


def is_path(text):
    """Whether a text could name a file: not empty, no longer than the system allows, without a NUL."""
    if not isinstance(text, str | Path) or not 0 < len(str(text)) < MOST_LETTERS or "\0" in str(text):
        return False
    return all(len(part.encode(errors="replace")) <= MOST_IN_A_NAME for part in Path(text).parts)


def _is_within(roots, real):
    return any(real.is_relative_to(root) for root in roots)


def _may_be(path):
    return path.is_dir() or (path.is_file() and bool(ending(path.name)))
