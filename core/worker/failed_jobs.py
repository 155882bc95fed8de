"""What becomes of the rows of jobs that failed, were lost, or never existed."""

import time

from core.store import ACTIVE, Explored, Status
from core.store.schema import runs
from core.store.status import CANCELLED
from core.worker import notices

LOST = "The worker stopped in the middle of this work; start it again."
# Kinds of jobs that fill a row, by the kind of the row.
FILLS = {
    "dataset": ("read", "steps", "join", "select"),
    "preparation": ("prepare",),
    "run": ("train",),
}


def fail(store, job, message):
    """Mark a running job and the row that it worked for as failed; nothing where it has ended or was deleted."""
    with store.transaction():
        failed = store.move_job(job["id"], Status.RUNNING, Status.FAILED, message=message)
        if failed:
            _fail_row(store, job, message)
    if failed:
        _roll_back(store, job)
        if kind := {"train": "run", "search": "search"}.get(job["kind"]):
            notices.ended(store, kind, job["target"])
    fills_dataset = job["kind"] in FILLS["dataset"]
    if fills_dataset and (failed or not store.exists("dataset", job["target"])):
        store.remove_unfinished_folder(job["target"])


def cancel(store, job):
    """Mark a running job as cancelled; the row that it was to fill fails."""
    with store.transaction():
        if store.move_job(job["id"], Status.RUNNING, Status.CANCELLED, message=CANCELLED):
            _fail_row(store, job, CANCELLED)
    _roll_back(store, job)
    if job["kind"] in FILLS["dataset"]:
        store.remove_unfinished_folder(job["target"])


def _roll_back(store, job):
    """Remove what a job that makes several rows has begun."""
    view = store.of(job["owner"])
    if job["kind"] == "recipe":
        view.recipes.roll_back(job["id"])
    elif job["kind"] in ("recommended", "choose"):
        view.recommended.roll_back(job["id"])


def _fail_row(store, job, message):
    if job["kind"] == "explore":
        store.set("run", job["target"], explored=Explored.FAILED)
    if job["kind"] == "search":
        store.move("search", job["target"], Status.RUNNING, Status.FAILED, message=message)
    for kind, job_kinds in FILLS.items():
        if job["kind"] in job_kinds:
            _end(store, kind, job["target"], message)


def _end(store, kind, id, message):
    ended = {"ended": time.time()} if kind == "run" else {}
    store.move(kind, id, ACTIVE, Status.FAILED, message=message, **ended)


def settle(store):
    """Mark the rows that wait for a job which does not exist as failed: earlier versions may have left such rows.

    The rows are read before the jobs, and a row and its job are written together, so no job is overlooked.
    """
    waiting = [(kind, row["id"]) for kind in FILLS for row in store.rows(kind) if row["status"] in ACTIVE]
    exploring = store.rows("run", runs.c.explored == Explored.WORKING)
    jobs = {(job["kind"], job["target"]) for job in (*store.working(), *store.waiting())}
    for kind, id in waiting:
        if not any((job_kind, id) in jobs for job_kind in FILLS[kind]):
            _end(store, kind, id, LOST)
    for row in exploring:
        if ("explore", row["id"]) not in jobs:
            store.move_explored(row["id"], Explored.WORKING, Explored.FAILED)
