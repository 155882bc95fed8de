"""python -m core stop RUN: stop a run of the server's data folder; its weights are kept."""

from core import settings
from core.errors import UserError


def add(parser):
    parser.add_argument("run", metavar="RUN", help="the id of the run, as in its address, or its name")


def run(arguments):
    """Ask the run to stop; returns the exit code. The worker of the server stops it after its epoch."""
    from core.cli.server_run import run_of
    from core.store import ACTIVE, Status, Store

    store = Store(settings.from_environment())
    row = run_of(store, arguments.run)
    if row["status"] not in ACTIVE:
        raise UserError(
            f"The run '{row['name']}' is {row['status']}: only one that waits or trains can be stopped."
        )
    store.of(row["owner"]).runs.cancel(row["id"])
    status = store.row("run", row["id"])["status"]
    store.engine.dispose()
    words = "was cancelled before it began" if status == Status.CANCELLED else "stops after this epoch"
    print(f"The run '{row['name']}' {words}.")
    return 0
