"""Work that a card queues with a button and follows by polling until its result is drawn; a reload continues with it.

The work of a card has a name in its ids, `MARKERS = watched("markers")`. In its layout stand

    *job_card.parts(view, ids.MARKERS, view.jobs.mine(run["id"], "markers"))

and in its register() the function that queues the job, and the one that draws its result:

    @job_card.asks(app, store, ids.MARKERS, Input(ids.MARKERS_GO, "n_clicks"), State(shared.RUN, "data"))
    def find(view, clicks, run_id):
        return view.jobs.once("markers", run_id, arguments)["id"]

    @job_card.shows(app, store, ids.MARKERS, Output(ids.MARKERS_TABLE, "rowData"))
    def fill(view, job):
        return job["result"]["rows"]
"""

from dash import Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core.errors import UserError
from core.store import Missing
from dashboard.components import job_progress
from dashboard.components.buttons import pressed
from dashboard.components.widgets import notice, working
from dashboard.server import session

TICK = 700  # milliseconds between two polls of a job
OTHERS_JOB = "Somebody else started this job: only they can stop it."


def parts(view, watched, job=None, at_once=False):
    """The message about the job, the button that stops it, and three invisible parts: its id, the interval that polls it,
    its id when it is done.

    `job` is the row of the job that a page continues with after a reload, if there is one. `at_once` says that the page
    asks for the work as soon as it is drawn.
    """
    message, over, done = job_progress.job_state(view, job)
    over = over and not at_once
    return [
        working(watched.message, message),
        html.Div(
            html.Button("Cancel", id=watched.stop, className="btn btn-sm btn-outline-secondary", hidden=over),
            className="nuwa-actions",
        ),
        dcc.Store(id=watched.job, data=job and job["id"]),
        dcc.Interval(id=watched.tick, interval=TICK, disabled=over),
        dcc.Store(id=watched.done, data=done),
    ]


def asks(app, store, watched, *parts, at_once=False):
    """Decorate the function that queues the job: it gets a View and the values of `parts`, and returns the job's id.

    It is called when an Input of `parts` is pressed or chosen (`at_once`: and when the page is drawn). The message of a
    UserError that it raises is shown in the card. The job is polled until it is over; then the id of a job that is done
    arrives at Input(watched.done, "data"), and None where it failed.
    """

    def register(ask):
        _press(app, store, watched, parts, ask, at_once)
        _cancel(app, store, watched)

        @app.callback(
            Output(watched.message, "children", allow_duplicate=True),
            Output(watched.tick, "disabled", allow_duplicate=True),
            Output(watched.done, "data"),
            Input(watched.tick, "n_intervals"),
            Input(watched.job, "data"),
            prevent_initial_call=True,
        )
        def look(_, job_id):
            if not job_id:
                raise PreventUpdate
            view = store.of(session.user())
            message, over, done = job_progress.job_state(view, view.jobs.one(job_id))
            return message, over, done if over else no_update

        return ask

    return register


def asks_too(app, store, watched, *parts):
    """Decorate the function of another button that queues the same kind of job: as `asks`, which has to be there once."""

    def register(ask):
        _press(app, store, watched, parts, ask, another=True)
        return ask

    return register


def _press(app, store, watched, parts, ask, at_once=False, another=False):
    """The callback of a button: it queues the job, or shows why it cannot."""
    n_inputs = sum(isinstance(part, Input) for part in parts)

    @app.callback(
        Output(watched.job, "data", allow_duplicate=another),
        Output(watched.tick, "disabled", allow_duplicate=another),
        Output(watched.message, "children", allow_duplicate=another),
        *parts,
        prevent_initial_call=not at_once,
    )
    def press(*values):
        if not any(pressed(value) for value in values[:n_inputs]):  # the buttons have just been drawn
            raise PreventUpdate
        try:
            job_id = ask(store.of(session.user()), *values)
        except Missing:
            raise
        except UserError as error:
            return no_update, True if at_once else no_update, notice(str(error), "warn")
        app.work_here()
        return job_id, False, ""


def _cancel(app, store, watched):
    """The button that stops the job; it is there while the job waits or runs."""
    app.clientside_callback("over => over", Output(watched.stop, "hidden"), Input(watched.tick, "disabled"))

    @app.callback(
        Output(watched.message, "children", allow_duplicate=True),
        Input(watched.stop, "n_clicks"),
        State(watched.job, "data"),
        prevent_initial_call=True,
    )
    def cancel(clicks, job_id):
        if not clicks or not job_id:
            raise PreventUpdate
        try:
            store.of(session.user()).jobs.cancel(job_id)
        except Missing:
            return notice(OTHERS_JOB, "warn")
        return "Stopping ..."


def shows(app, store, watched, *parts, **callback):
    """Decorate the function that draws the result of a job that is done; `parts` are its Outputs, Inputs and States.

    It gets a View, the job and the values of the Inputs and States, and is not called before there is a result.
    `callback` has further arguments of app.callback.
    """
    outputs = [part for part in parts if isinstance(part, Output)]
    others = [part for part in parts if not isinstance(part, Output)]

    def register(show):
        @app.callback(*outputs, Input(watched.done, "data"), *others, **callback)
        def draw(job_id, *values):
            if not job_id:
                raise PreventUpdate
            view = store.of(session.user())
            return show(view, view.jobs.one(job_id), *values)

        return show

    return register


def hold(app, watched, *buttons):
    """Disable buttons while the job runs."""
    app.clientside_callback(
        f"over => Array({len(buttons)}).fill(!over)",
        [Output(button, "disabled") for button in buttons],
        Input(watched.tick, "disabled"),
        prevent_initial_call=True,
    )
