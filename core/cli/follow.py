"""python -m core follow RUN: the epochs of a run of the server's data folder as they end."""

import time

from core import settings
from core.cli import FAILED

PAUSE = 1.0  # seconds between two looks


def add(parser):
    parser.add_argument("run", metavar="RUN", help="the id of the run, as in its address, or its name")


def run(arguments):
    """Print a line for each epoch until the run has ended; returns 0 where it is done, else 1."""
    from core.cli.server_run import run_of
    from core.store import ACTIVE, Status, Store

    store = Store(settings.from_environment())
    row = run_of(store, arguments.run)
    shown = 0
    while True:
        row = store.row("run", row["id"])  # before the epochs, so that none of an ended run is missed
        for epoch in store.epochs(row["id"], shown):
            print(line(epoch, row["n_epochs"]), flush=True)
            shown = epoch["epoch"]
        if row["status"] not in ACTIVE:
            break
        time.sleep(PAUSE)
    store.engine.dispose()
    print(f"The run '{row['name']}' is {row['status']}. {row['message']}".strip())
    return 0 if row["status"] == Status.DONE else FAILED


def line(epoch, n_epochs):
    """An epoch as text."""
    return (
        f"epoch {epoch['epoch']} of {n_epochs}: training {epoch['train_loss']:.4f}, validation {epoch['valid_loss']:.4f}, "
        f"{epoch['seconds'] or 0:.1f} s"
    )
