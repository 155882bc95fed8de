"""Work that a card asks for with a button and watches by a clock until its result can be shown; a reload goes on with it.

A card of such work has a name in ids.py, `MEANING = watched("meaning")`. In its layout stand

    *watch.parts(view, ids.MEANING, view.jobs.mine(run["id"], "meaning"))

and in its register() the function that queues the job, and the one that shows what came of it:

    @watch.asks(app, store, ids.MEANING, Input(ids.MEANING_GO, "n_clicks"), State(ids.RUN, "data"))
    def ask(view, clicks, run_id):
        return view.jobs.once("meaning", run_id, {})["id"]

    @app.callback(Output(...), Input(ids.MEANING.done, "data"), State(ids.RUN, "data"))
    def show(job_id, run_id):
        if not job_id:
            raise PreventUpdate
        found = store.of(session.user()).job(job_id)["result"]
"""

from dash import Input, Output, dcc, no_update
from dash.exceptions import PreventUpdate

from core.errors import UserError
from core.store import Missing
from dashboard.components import job_progress
from dashboard.components.widgets import notice, working
from dashboard.server import session

TICK = 700  # milliseconds between two looks at work under way


def parts(view, watched, job=None, at_once=False):
    """The message about the work and three invisible parts: the id of the job, the clock that polls it, the id when done.

    `job` is the row of the job that a page continues with after a reload, if there is one. `at_once` says that the page
    asks for the work as soon as it is drawn.
    """
    words, over, done = job_progress.standing(view.store, job)
    over = over and not at_once
    return [
        working(watched.message, words),
        dcc.Store(id=watched.job, data=job and job["id"]),
        dcc.Interval(id=watched.tick, interval=TICK, disabled=over),
        dcc.Store(id=watched.done, data=done),
    ]


def asks(app, store, watched, *heard, at_once=False):
    """Decorate the function that queues the job: it gets a View and the values of `heard`, and returns the job's id.

    It is called when an Input of `heard` is pressed or chosen (`at_once`: and when the page is drawn). The message of a
    UserError that it raises is shown in the card. The job is polled until it is over; then the id of a job that is done
    arrives at Input(watched.done, "data"), and None where it failed.
    """
    n_buttons = sum(isinstance(part, Input) for part in heard)

    def register(ask):
        @app.callback(
            Output(watched.job, "data"),
            Output(watched.tick, "disabled"),
            Output(watched.message, "children"),
            *heard,
            prevent_initial_call=not at_once,
        )
        def press(*values):
            if not any(_pressed(value) for value in values[:n_buttons]):  # the buttons have just been drawn
                raise PreventUpdate
            try:
                job_id = ask(store.of(session.user()), *values)
            except Missing:
                raise
            except UserError as error:
                return no_update, True if at_once else no_update, notice(str(error), "warn")
            app.work_here()
            return job_id, False, ""

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
            words, over, done = job_progress.standing(store, store.of(session.user()).jobs.one(job_id))
            return words, over, done if over else no_update

        return ask

    return register


def _pressed(value):
    """Was this button pressed? Of a pattern of buttons the values are a list."""
    return any(value) if isinstance(value, list) else value


def hold(app, watched, *buttons):
    """Disable buttons while the work is under way."""
    app.clientside_callback(
        f"over => Array({len(buttons)}).fill(!over)",
        [Output(button, "disabled") for button in buttons],
        Input(watched.tick, "disabled"),
        prevent_initial_call=True,
    )
