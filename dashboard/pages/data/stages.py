"""How far a run with recommended settings is: its stages from the data to named clusters."""

from typing import NamedTuple

import dash_bootstrap_components as dbc
from dash import dcc, html

from core.store import FINISHED, Explored, Status
from dashboard.components.job_progress import status_text
from dashboard.components.widgets import notice

READ, PREPROCESS, TRAIN = "Read and check the data", "Preprocess", "Train"
DRAW, SUGGEST = "Find clusters and draw maps", "Suggest cell types"
STAGES = (READ, PREPROCESS, TRAIN, DRAW, SUGGEST)
MARKS = {"done": "bi-check-circle-fill", "working": "bi-arrow-right-circle", "waiting": "bi-circle"}
SPOKEN = {"done": "done", "working": "under way", "waiting": "waiting"}


class Progress(NamedTuple):
    """The stage of STAGES that is under way (all before it are done), in words, and how much of it is done, 0 to 1.

    `over`: nothing more will happen. `run` is the id of a run whose clusters can be seen; `failure` is a sentence.
    """

    stage: int
    text: str = ""
    share: float = 0.0
    over: bool = False
    run: str | None = None
    failure: str = ""


def progress_of(view, job):
    """The Progress of a job that starts a run with recommended settings, and of the run."""
    if job["status"] in (Status.FAILED, Status.CANCELLED):
        return Progress(_first(view, job), over=True, failure=job["message"] or "Cancelled.")
    if job["status"] not in FINISHED:
        return Progress(_first(view, job), status_text(view, job), job["progress"] or 0.0)
    run = view.recommended.run(job)
    if run is None:
        return Progress(2, over=True, failure="The run was deleted.")
    if run["status"] in (Status.FAILED, Status.CANCELLED):
        return Progress(2, over=True, failure=run["message"] or "The training was cancelled.")
    if run["status"] != Status.DONE:
        return _training(view, run)
    if run["explored"] == Explored.FAILED:
        failure = "The clusters of this run could not be computed. See the reason on the Clusters page."
        return Progress(3, over=True, failure=failure)
    if run["explored"] != Explored.READY:
        return _by_job(view, 3, view.jobs.last(run["id"], "explore"))
    job = view.jobs.last(run["id"], "suggest")
    if job is not None and job["status"] not in FINISHED:
        return _by_job(view, 4, job)
    return Progress(len(STAGES), over=True, run=run["id"])  # without markers there is nothing to suggest


def _by_job(view, stage, job):
    text = status_text(view, job) if job else ""
    return Progress(stage, text[:1].upper() + text[1:], (job and job["progress"]) or 0.0)


def clusters_link(view, run_id):
    """The address of the clusters of a run, coloured by suggested cell types where there are any."""
    names = view.recommended.suggested_names(run_id)
    return f"/clusters?run={run_id}" + ("&by=suggested" if names else "")


def _first(view, job):
    """The stage of a job that has not created its run: reading or preprocessing."""
    row = view.readable("dataset", job["target"])
    return 0 if row is None or row["status"] != Status.READY else 1


def _training(view, run):
    n_done, n_epochs = view.runs.n_epochs(run["id"]), run["n_epochs"]
    if run["status"] == Status.QUEUED:
        return Progress(2, status_text(view, view.jobs.last(run["id"], "train")))
    if run["status"] == Status.CANCELLING:
        return Progress(2, "Stopping after this epoch.")
    if not n_done:
        return Progress(2, run["phase"].capitalize())
    return Progress(2, f"Epoch {n_done} of {n_epochs}", n_done / n_epochs)


def drawn(view, job):
    """The stages of a job as a list, with a bar at the one under way; after a failure the reason."""
    progress = progress_of(view, job)
    items = [
        _item(name, _state(i, progress), progress if i == progress.stage and not progress.over else None)
        for i, name in enumerate(STAGES)
    ]
    parts = [html.Ol(items, className="nuwa-stages")]
    if progress.failure:
        parts.append(notice(progress.failure, "bad"))
    elif progress.run:
        link = clusters_link(view, progress.run)
        parts.append(dcc.Link("See the clusters", href=link, className="btn btn-primary"))
    else:
        parts.append(
            html.P(
                "You can close this page: the work goes on, and this page finds it again.", className="help"
            )
        )
    return parts


def _state(i, progress):
    if i < progress.stage:
        return "done"
    return "working" if i == progress.stage and not progress.over else "waiting"


def _item(name, state, progress):
    mark = html.I(className=f"bi {MARKS[state]}", **{"aria-hidden": "true"})
    parts = [mark, html.Span(name), html.Span(f"({SPOKEN[state]})", className="visually-hidden")]
    if progress is not None:
        bar = dbc.Progress(value=round(100 * progress.share), style={"height": "6px"})
        parts += [html.Div(progress.text, className="help"), html.Div(bar, **{"aria-hidden": "true"})]
    current = {"aria-current": "step"} if state == "working" else {}
    return html.Li(parts, className=state, **current)
