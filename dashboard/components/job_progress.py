"""How far a job or a run is, as a page shows it; job_card.py has the card that polls a job."""

import os
import time
from contextlib import suppress
from typing import NamedTuple

from dash.exceptions import PreventUpdate

from core.store import FINISHED, Explored, Missing, Status
from dashboard.components.widgets import notice, progress

POLL = 0.2  # seconds between two looks at the store


# The clock of a page runs until there is an answer for what its controls say; an earlier answer is paler meanwhile.
CLOCK = """(values, asked) => {
    const known = !!asked && asked.over && JSON.stringify(asked.values) === JSON.stringify(values);
    return [known, {opacity: known ? 1 : 0.6}];
}"""


def latest(app, view, asked, values, ask):
    """(the job for `values`, or None where another tab's took its place; what was asked of it, for the next time).

    `asked` is what the last call gave, {"values", "job", "over"}, or None; `ask()` queues the job for other values, and
    may raise UserError: what was asked is then `answered(values)`.
    """
    job = None
    if asked and asked["values"] == values and asked["job"]:
        with suppress(Missing):  # it made room for the answers to others
            job = view.jobs.one(asked["job"])
    if job is None:
        job = ask()
        app.work_here()
        job = view.jobs.one(job["id"])
    if job["status"] == Status.CANCELLED:  # for other settings
        return None, {"values": values, "job": None, "over": False}
    return job, {"values": values, "job": job["id"], "over": job["status"] in FINISHED}


def answered(values):
    """What was asked where no job can answer."""
    return {"values": values, "job": None, "over": True}


def stop_if_alone(parent):
    """Nobody can read what a long callback says once its web process is gone: end with it."""
    if os.getppid() != parent:
        raise PreventUpdate


def words(store, row):
    """How a job stands, in words."""
    if row["status"] == Status.QUEUED:
        ahead = store.jobs_ahead(row)
        return (
            "Starting ..."
            if not ahead
            else f"Waiting: {ahead} {'job is' if ahead == 1 else 'jobs are'} ahead."
        )
    return row["message"] or "Working ..."


class Standing(NamedTuple):
    """How a job stands, for a page that looks at it."""

    words: object  # a bar while it is under way, why it failed, or ""
    over: bool
    done: str | None  # its id, where there is a result to show


def standing(store, row):
    """The Standing of a job's row, or of None where nobody has asked yet."""
    if row is None:
        return Standing("", True, None)
    if row["status"] not in FINISHED:
        return Standing(progress(words(store, row), row["progress"] or 0), False, None)
    failed = row["status"] == Status.FAILED
    return Standing(
        notice(row["message"], "bad") if failed else "",
        True,
        row["id"] if row["status"] == Status.DONE else None,
    )


class Mark(NamedTuple):
    """What a page has drawn of a run: drawn again when `seen` changes."""

    seen: list
    over: bool


def mark(store, view, run_id):
    """The Mark of a run as it stands; of one that was deleted, whose page says so when it is drawn, ["gone"]."""
    row = view.readable("run", run_id)
    if row is None:
        return Mark(["gone"], True)
    seen = [row["status"], row["phase"], row["explored"], len(view.runs.epochs(run_id))]
    if row["status"] == Status.QUEUED:
        seen.append(store.jobs_ahead(view.jobs.last(run_id, "train")))
    return Mark(seen, row["status"] in (*FINISHED, Status.CREATED) and row["explored"] != Explored.WORKING)


def run(store, user, run_id, say):
    """Follow a run until it is finished and explored; `say(seen)` is called whenever something has changed."""
    view, said = store.of(user), None
    parent = os.getppid()
    while True:
        stop_if_alone(parent)
        seen, over = mark(store, view, run_id)
        if seen != said and seen != ["gone"]:
            say(seen)
            said = seen
        if over:
            return seen
        time.sleep(POLL)
