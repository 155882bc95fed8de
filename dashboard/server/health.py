"""Is the server alive, and is it ready: does the database answer, is there room on the disk, does the worker work?"""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core.store import limits
from core.worker import launch

PATHS = ("/health", "/health/live", "/health/ready")
SILENT = 30.0  # seconds without a sign of life after which the worker counts as gone
OK = "ok"


def register(server, store):
    """The routes of a Flask server. They need no session, and name no folder, person or dataset."""

    @server.get("/health")
    @server.get("/health/live", endpoint="live")
    def live():
        return {"status": OK}

    @server.get("/health/ready")
    def ready():
        parts = state(store)
        is_ready = all(part == OK for part in parts.values())
        return {"status": OK if is_ready else "not ready"} | parts, 200 if is_ready else 503


def state(store):
    """{"database", "disk", "worker"}: "ok", or what is wrong, in words."""
    return {"database": _database(store), "disk": _disk(store), "worker": _worker(store)}


def _database(store):
    try:
        with store.engine.connect() as db:
            db.execute(text("SELECT 1 FROM meta"))
    except SQLAlchemyError:
        return "does not answer"
    return OK


def _disk(store):
    try:
        limits.check_disk(store.root, store.settings.min_free_gb)
    except limits.NoRoom:
        return "nearly full"
    except OSError:
        return "cannot be read"
    return OK


def _worker(store):
    if store.settings.inline:
        return OK  # this process does its work
    age = launch.silence(store.root)
    if age is None:
        return "was not started"
    return OK if age < SILENT else f"silent for {age:.0f} seconds"
