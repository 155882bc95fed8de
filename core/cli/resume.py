"""python -m core resume RUN: queue the rest of a stopped or failed run of the server's data folder."""

from core import settings
from core.cli import say


def add(parser):
    parser.add_argument("run", metavar="RUN", help="the id of the run, as in its address, or its name")


def run(arguments):
    """Queue the run; returns 0. The worker of the server carries it out."""
    from core.cli.server_run import run_of
    from core.store import Store

    store = Store(settings.from_environment())
    row = run_of(store, arguments.run)
    view = store.of(row["owner"])
    kept = view.resumed.kept(row["id"])
    if kept.damaged:
        say("The newest checkpoint is damaged. The older one is used.")
    view.resumed.resume(row["id"])
    store.engine.dispose()
    total = f" of {row['n_epochs']:,}" if row["n_epochs"] else ""
    print(f"The run '{row['name']}' is queued. It continues after epoch {kept.epoch:,}{total}.")
    return 0
