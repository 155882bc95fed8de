"""python -m core.worker: the queue; with a word behind it, one of its own children."""

import sys
import tempfile

from core import settings


def main(words):
    here = settings.from_environment()
    if not words:
        from core.worker.queue import Queue

        return Queue(here).run()
    settings.limit_threads()  # before the science is imported
    from core.store import Store
    from core.worker import execute

    store = Store(here)
    tempfile.tempdir = str(
        store.root / "cache"
    )  # on the disk of the datasets, since a copy of a large one needs as much room
    if words[0] == "one":
        return execute.one(store, words[1])
    return execute.serve_short(store)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
