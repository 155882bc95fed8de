"""python -m core restore FILE: the data folder of a backup, into an empty folder."""

from datetime import UTC, datetime

from core import settings
from core.text import size


def add(parser):
    parser.add_argument("file", metavar="FILE", help="a file of python -m core backup")
    parser.add_argument("--check", action="store_true", help="compare the checksums only, and write nothing")


def run(arguments):
    """Restore a backup into NUWA_DATA_DIR, which must be empty; returns the exit code."""
    from core.store import backup

    root = settings.from_environment().data_dir
    summary = backup.verify(arguments.file) if arguments.check else backup.restore(arguments.file, root)
    when = datetime.fromtimestamp(summary.created, UTC).strftime("%Y-%m-%d %H:%M UTC")
    what = f"{summary.n_files:,} files, {size(summary.n_bytes)}, of {when}, by Nuwa {summary.version}"
    print(f"{arguments.file} is sound: {what}." if arguments.check else f"{root}: {what}.")
    return 0
