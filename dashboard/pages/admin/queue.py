"""The card of the queue: everybody's jobs, running and waiting, each with a button that stops it."""

from dash import ALL, Input, Output, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core.errors import UserError
from core.store import Status
from dashboard.components.job_titles import title
from dashboard.components.widgets import card, notice, table, when
from dashboard.pages.admin import ids
from dashboard.server import session

MOST = 100  # jobs in the table
EVERY = 3000  # milliseconds


def layout(view):
    """The card."""
    return card(
        "Queue",
        dcc.Interval(id=ids.QUEUE_TICK, interval=EVERY),
        html.Div(pause_button(view), id=ids.PAUSE),
        html.Div(listing(view), id=ids.QUEUE),
        html.Div(id=ids.QUEUE_MESSAGE),
    )


def pause_button(view):
    """The button that pauses the queue or ends the pause, with what that means."""
    if view.admin.paused():
        button = html.Button("Resume queue", id=ids.pause(False), className="btn btn-sm btn-primary")
        return [notice("The queue is paused: no training and no slow job starts.", "warn"), button]
    button = html.Button("Pause queue", id=ids.pause(True), className="btn btn-sm btn-outline-secondary")
    text = "In a pause no training and no slow job starts. What runs goes on, and pages stay usable."
    return [button, html.Span(text, className="help ms-2")]


def listing(view):
    """The table of jobs, the running ones first, then in the order in which they are taken."""
    jobs = view.admin.queue()
    if not jobs:
        return html.P("No job runs and none waits.")
    rows = [
        [
            job["lane"],
            title(job),
            job["name"],
            "running" if job["status"] == Status.RUNNING else "waiting",
            when(job["started"] or job["created"]),
            [_button("Stop", ids.stop, "danger", job), *_front(job)],
        ]
        for job in jobs[:MOST]
    ]
    more = [html.P(f"{len(jobs) - MOST} more jobs wait.")] if len(jobs) > MOST else []
    return [table(["Lane", "Job", "Person", "Status", "Since", ""], rows), *more]


def _button(label, id, tone, job):
    described = f"{label}: {title(job)} of {job['name']}"
    names = f"btn btn-sm btn-outline-{tone} me-1"
    return html.Button(label, id=id(job["id"]), className=names, **{"aria-label": described})


def _front(job):
    """The button that moves a job to the front, of one that waits."""
    return [_button("Move to front", ids.front, "secondary", job)] if job["status"] == Status.QUEUED else []


def register(app, store):
    @app.callback(
        Output(ids.QUEUE, "children"),
        Output(ids.PAUSE, "children"),
        Input(ids.QUEUE_TICK, "n_intervals"),
        prevent_initial_call=True,
    )
    def refresh(_):
        return drawn(store.of(session.user()))

    def drawn(view):
        return listing(view), pause_button(view)

    @app.callback(
        Output(ids.QUEUE, "children", allow_duplicate=True),
        Output(ids.PAUSE, "children", allow_duplicate=True),
        Output(ids.QUEUE_MESSAGE, "children"),
        Input(ids.stop(ALL), "n_clicks"),
        Input(ids.front(ALL), "n_clicks"),
        Input(ids.pause(ALL), "n_clicks"),
        prevent_initial_call=True,
    )
    def act(*clicks):
        if not any(any(of_kind or ()) for of_kind in clicks):
            raise PreventUpdate
        view, pressed = store.of(session.user()), ctx.triggered_id
        try:
            sentence = ACTS[pressed["type"]](view.admin, pressed)
        except UserError as error:
            return no_update, no_update, notice(str(error), "bad")
        return *drawn(view), notice(sentence, "good")


def _stop(admin, pressed):
    admin.stop(pressed["job"])
    return "The job was asked to stop."


def _move_to_front(admin, pressed):
    admin.move_to_front(pressed["job"])
    return "The job is the next of its lane."


def _pause(admin, pressed):
    if pressed["on"]:
        admin.pause()
        return "The queue was paused."
    admin.unpause()
    return "Waiting jobs start again."


ACTS = {"admin-stop": _stop, "admin-front": _move_to_front, "admin-pause": _pause}
