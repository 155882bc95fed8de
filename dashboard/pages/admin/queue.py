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
        html.Div(listing(view), id=ids.QUEUE),
        html.Div(id=ids.QUEUE_MESSAGE),
    )


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
            html.Button(
                "Stop",
                id=ids.stop(job["id"]),
                className="btn btn-sm btn-outline-danger",
                **{"aria-label": f"Stop {title(job)} of {job['name']}"},
            ),
        ]
        for job in jobs[:MOST]
    ]
    more = [html.P(f"{len(jobs) - MOST} more jobs wait.")] if len(jobs) > MOST else []
    return [table(["Lane", "Job", "Person", "Status", "Since", ""], rows), *more]


def register(app, store):
    @app.callback(
        Output(ids.QUEUE, "children"), Input(ids.QUEUE_TICK, "n_intervals"), prevent_initial_call=True
    )
    def refresh(_):
        return listing(store.of(session.user()))

    @app.callback(
        Output(ids.QUEUE, "children", allow_duplicate=True),
        Output(ids.QUEUE_MESSAGE, "children"),
        Input(ids.stop(ALL), "n_clicks"),
        prevent_initial_call=True,
    )
    def stop(clicks):
        if not any(clicks or ()):
            raise PreventUpdate
        view = store.of(session.user())
        try:
            view.admin.stop(ctx.triggered_id["job"])
        except UserError as error:
            return no_update, notice(str(error), "bad")
        return listing(view), notice("The job was asked to stop.", "good")
