"""python -m core.worker: the queue; with an argument, one of its child processes."""

import sys
import tempfile

from core import settings


def main(arguments):
    chosen = settings.from_environment()
    if not arguments:
        from core.worker.queue import Queue

        return Queue(chosen).run()
    settings.limit_threads()  # before numeric libraries are imported
    from core.store import Store
    from core.worker import execute

    store = Store(chosen)
    tempfile.tempdir = str(
        store.root / "cache"
    )  # on the disk of the datasets, since a copy of a large one needs as much room
    if arguments[0] == "spare":
        from core.worker import job_kinds  # noqa: F401  seconds, which the job then does not wait for

        arguments = ["one", sys.stdin.readline().strip()]
        if not arguments[1]:
            return 0  # the queue has ended
    if arguments[0] == "one":
        return execute.one(store, arguments[1])
    return execute.serve_short(store)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
