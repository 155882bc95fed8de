"""How far a job or a run is, as a page shows it; job_card.py has the card that polls a job."""

import os
import time
from contextlib import suppress
from typing import NamedTuple

from dash import html
from dash.exceptions import PreventUpdate

from core.store import FINISHED, Explored, Missing, Priority, Status
from core.text import duration
from dashboard.components import job_titles
from dashboard.components.widgets import notice, progress

# Kinds of jobs whose cards say how long they took; others are quick, or show something else.
TIMED = (
    "markers",
    "conditions",
    "spaces",
    "explained",
    "count_split",
    "support",
    "latent_sizes",
    "cell_scores",
    "stability",
    "seeds_together",
    "steadiness",
    "meaning",
)
POLL = 0.2  # seconds between two looks at the store


# A page polls until there is an answer for the values of its controls; an earlier answer is grey meanwhile.
# Grey by a colour of the theme: transparent text has too little contrast (WCAG 1.4.3).
CLOCK = """(values, request) => {
    const over = !!request && request.over && JSON.stringify(request.values) === JSON.stringify(values);
    return [over, over ? {} : {color: "var(--nuwa-quiet)"}];
}"""


def latest(app, view, request, values, ask):
    """(the job for `values`, or None where that of another tab replaced it; the request, for the next call).

    `request` is that of the last call, {"values", "job", "over"}, or None; `ask()` queues the job for other values, and
    may raise UserError: the request is then `answered(values)`.
    """
    job = None
    if request and request["values"] == values and request["job"]:
        with suppress(Missing):  # it made room for the answers to others
            job = view.jobs.one(request["job"])
    if job is None:
        job = ask()
        app.work_here()
        job = view.jobs.one(job["id"])
    if job["status"] == Status.CANCELLED:  # for other settings
        return None, {"values": values, "job": None, "over": False}
    return job, {"values": values, "job": job["id"], "over": job["status"] in FINISHED}


def answered(values):
    """The request for values that no job can answer."""
    return {"values": values, "job": None, "over": True}


def stop_if_alone(parent):
    """End a background callback whose web process has ended: nobody reads its progress."""
    if os.getppid() != parent:
        raise PreventUpdate


def status_text(view, row):
    """The status of a job as text: what it waits for, or what it does and for how long."""
    now = time.time()
    if row["status"] == Status.QUEUED:
        return job_titles.waiting(view, row, now)
    if row["cancel"]:
        return "Stopping ..."
    seconds = now - (row["started"] or now)
    return (row["message"] or "Working ...") + (f" {duration(seconds)} so far." if seconds >= 2 else "")


class JobState(NamedTuple):
    """The state of a job, for a page that polls it."""

    message: object  # a bar while it runs, the error of one that failed, or ""
    over: bool
    done: str | None  # its id, where there is a result to show


def job_state(view, row):
    """The JobState of a job's row; of None where no job was queued yet."""
    if row is None:
        return JobState("", True, None)
    if row["status"] not in FINISHED:
        return JobState(progress(status_text(view, row), row["progress"] or 0), False, None)
    tones = {Status.FAILED: "bad", Status.CANCELLED: "info"}
    # What failed before anybody asked for it is asked for by the button.
    said = row["status"] in tones and row["message"] and row["priority"] > Priority.AHEAD
    return JobState(
        notice(row["message"], tones[row["status"]]) if said else cost(row),
        True,
        row["id"] if row["status"] == Status.DONE else None,
    )


def cost(row):
    """How long a job that is done took, as children; "" of others."""
    if row["kind"] not in TIMED or row["status"] != Status.DONE or not (row["started"] and row["ended"]):
        return ""
    seconds = row["ended"] - row["started"]
    return html.Div(f"Computed in {duration(seconds) if seconds >= 1 else 'under 1 s'}.", className="help")


class RunState(NamedTuple):
    """What a page draws of a run: it draws again when `drawn` changes."""

    drawn: list
    over: bool


def run_state(store, view, run_id):
    """The RunState of a run; ["gone"] of a deleted one, whose page gives a message when it is drawn."""
    try:
        now = view.runs.stamp(run_id)
    except Missing:
        return RunState(["gone"], True)
    drawn = [now.status, now.phase, now.explored, now.last_epoch]
    if now.status == Status.QUEUED:
        ahead = store.ahead_of(view.jobs.last(run_id, "train"))
        drawn += [len(ahead), store.n_epochs(ahead[0]["target"]) if ahead else 0]
    return RunState(drawn, now.status in (*FINISHED, Status.CREATED) and now.explored != Explored.WORKING)


def follow_run(store, user, run_id, report):
    """Follow a run until it is finished and explored; `report(drawn)` is called after each change."""
    view, reported = store.of(user), None
    parent = os.getppid()
    while True:
        stop_if_alone(parent)
        drawn, over = run_state(store, view, run_id)
        if drawn != reported and drawn != ["gone"]:
            report(drawn)
            reported = drawn
        if over:
            return drawn
        time.sleep(POLL)
