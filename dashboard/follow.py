"""What every long callback does: see a job to its end, telling on the way how far it is."""

import os
import time
from contextlib import suppress

from dash.exceptions import PreventUpdate

from core.store import FINISHED, Missing
from dashboard.components import notice, progress

POLL = 0.2  # seconds between two looks at the store


def work_here(store):
    """With NUWA_INLINE=1 the process that asks does the work itself."""
    if store.settings.inline:
        from core.worker.execute import drain

        drain(store)


def job(store, user, job_id, say):
    """The job's row once it is finished; `say(words, share)` is called whenever it has news."""
    view, told = store.of(user), None
    work_here(store)
    parent = os.getppid()
    while (row := _row(view, job_id))["status"] not in FINISHED:
        stop_if_alone(parent)
        news = (words(store, row), row["progress"])
        if news != told:
            say(*news)
            told = news
        time.sleep(POLL)
    return row


# The clock of a page runs until there is an answer for what its controls say; an earlier answer is paler meanwhile.
CLOCK = """(values, asked) => {
    const known = !!asked && asked.over && JSON.stringify(asked.values) === JSON.stringify(values);
    return [known, {opacity: known ? 1 : 0.6}];
}"""


def latest(store, view, asked, values, ask):
    """(the job for `values`, or None where another tab's took its place; what was asked of it, for the next time).

    `asked` is what the last call gave, {"values", "job", "over"}, or None; `ask()` queues the job for other values, and
    may raise UserError: what was asked is then `answered(values)`.
    """
    job = None
    if asked and asked["values"] == values and asked["job"]:
        with suppress(Missing):  # it made room for the answers to others
            job = view.job(asked["job"])
    if job is None:
        job = ask()
        work_here(store)
        job = view.job(job["id"])
    if job["status"] == "cancelled":  # for other settings
        return None, {"values": values, "job": None, "over": False}
    return job, {"values": values, "job": job["id"], "over": job["status"] in FINISHED}


def answered(values):
    """What was asked where no job can answer."""
    return {"values": values, "job": None, "over": True}


def _row(view, job_id):
    """The job's row; one whose run was deleted in the meantime reads as failed, with the reason."""
    try:
        return view.job(job_id)
    except Missing as gone:
        return {"status": "failed", "message": str(gone)}


def stop_if_alone(parent):
    """Nobody can read what a long callback says once its web process is gone: end with it."""
    if os.getppid() != parent:
        raise PreventUpdate


def words(store, row):
    """How a job stands, in words."""
    if row["status"] == "queued":
        ahead = store.jobs_ahead(row)
        return (
            "Starting ..."
            if not ahead
            else f"Waiting: {ahead} {'job is' if ahead == 1 else 'jobs are'} ahead."
        )
    return row["message"] or "Working ..."


def standing(store, row):
    """What a page that looks at a job says of it, and whether it can stop looking: for work that a reload outlives."""
    if row["status"] not in FINISHED:
        return progress(words(store, row), row["progress"] or 0), False
    return (notice(row["message"], "bad") if row["status"] == "failed" else ""), True


def run(store, user, run_id, say):
    """Follow a run until it is finished and explored; `say(mark)` is called whenever something has changed."""
    view, told = store.of(user), None
    work_here(store)
    parent = os.getppid()
    while True:
        stop_if_alone(parent)
        row = view.readable("run", run_id)
        if row is None:  # deleted in the meantime: the page that hears of it says so
            return ["gone"]
        mark = [row["status"], row["phase"], row["explored"], len(view.epochs(run_id))]
        if row["status"] == "queued":
            mark.append(store.jobs_ahead(view.last_job(run_id, "train")))
        if mark != told:
            say(mark)
            told = mark
        if row["status"] in (*FINISHED, "created") and row["explored"] != "working":
            return mark
        time.sleep(POLL)
