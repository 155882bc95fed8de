"""python -m core.worker: the queue; with an argument, one of its child processes, or the worker of another machine."""

import sys
import tempfile

from core import logs, settings
from core.errors import UserError


def main(arguments):
    try:
        chosen = settings.from_environment()
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    if not arguments:
        from core.worker.queue import Queue

        return Queue(chosen).run()
    if arguments[0] == "celery":
        return serve_celery(chosen, arguments[1:])
    settings.limit_threads()  # before numeric libraries are imported
    from core.store import Store
    from core.worker import execute

    logs.set_up(chosen.log_json)
    store = Store(chosen)
    tempfile.tempdir = str(
        store.root / "cache"
    )  # on the disk of the datasets, since a copy of a large one needs as much room
    if arguments[0] == "spare":
        from core.worker import job_kinds  # noqa: F401  seconds, which the job then does not wait for

        arguments = ["one", sys.stdin.readline().strip()]
        if not arguments[1]:
            return 0  # the queue has ended
    if arguments[0] == "attend":
        from core.worker.attend import run

        return run(store, *arguments[1:])
    if arguments[0] == "one":
        return execute.one(store, arguments[1])
    return execute.serve(store, arguments[0])


def serve_celery(chosen, lanes):
    """The worker of a host that Celery gives jobs; returns the exit code, 2 for a mistake in the settings."""
    if chosen.executor != "celery":
        print("Set NUWA_EXECUTOR=celery, with the settings of the server.", file=sys.stderr)
        return 2
    from core.worker.executors.celery_app import serve

    try:
        return serve(lanes)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
