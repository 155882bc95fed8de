"""python -m core backup FILE: everything in the data folder that cannot be computed again, in one file, while the server runs."""

from core import settings
from core.errors import UserError
from core.text import size


def add(parser):
    parser.add_argument(
        "file", metavar="FILE", help="the new file, outside the data folder, such as nuwa.tar"
    )


def run(arguments):
    """Write the backup of NUWA_DATA_DIR, read it again and compare its checksums; returns the exit code."""
    from core.store import backup

    here = settings.from_environment()
    database = here.database.database
    if here.database_url:
        raise UserError(
            "The database of this server is no SQLite file: copy it with pg_dump, and the folders of NUWA_DATA_DIR beside it."
        )
    if not (here.data_dir / backup.DATABASE).is_file():
        raise UserError(f"{here.data_dir} is no data folder of Nuwa: set NUWA_DATA_DIR.")
    summary = backup.write(here.data_dir, database, arguments.file)
    print(f"{arguments.file}: {summary.n_files:,} files, {size(summary.n_bytes)}, all checksums agree.")
    return 0
