"""Train: start or follow a run, see its loss beside the baselines, stop it."""

import uuid

import dash_bootstrap_components as dbc
from dash import Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core.store import ACTIVE, Explored, Status
from dashboard import ids as shared
from dashboard.components import job_progress
from dashboard.components.widgets import card, empty
from dashboard.pages.run_status import next_step, status, tiles, working
from dashboard.pages.train import curves, film, go_on, ids, watched
from dashboard.server import session

PATH, TITLE = "/train", "Train"
POLL = 1000  # milliseconds between two looks at a run at work
HIDDEN = {"display": "none"}


def is_active(run):
    """Is a run queued, training, or being explored?"""
    return run["status"] in ACTIVE or run["explored"] == Explored.WORKING


def layout(view, context):
    run = context.run
    if run is None:
        return empty(
            "There is no run. Create a model first.",
            context.link("/model"),
            "Create a model",
            "bi-graph-down",
        )
    return html.Div(
        [
            dcc.Store(id=shared.PAGE, data=uuid.uuid4().hex),
            dcc.Store(id=shared.RUN, data=run["id"]),
            dcc.Store(id=session.ASKER, data=session.signed(view.store.root, view.user)),
            dcc.Interval(id=ids.POLL, interval=POLL, disabled=not is_active(run)),
            dcc.Store(id=ids.TICK),
            dcc.Store(id=ids.STAGE),
            dcc.Store(id=ids.FINISHED),
            card(
                None,
                html.Div(
                    [
                        html.Span(id=ids.WORKING),
                        html.Div(id=ids.STATUS, role="status", className="nuwa-status"),
                        html.Button("Train", id=ids.TRAIN, className="btn btn-primary btn-lg"),
                        html.Button(
                            "Cancel", id=ids.CANCEL, className="btn btn-outline-danger", style=HIDDEN
                        ),
                    ],
                    className="nuwa-trainbar",
                ),
                html.Div(
                    dbc.Progress(id=ids.BAR, value=0, style={"height": "8px"}), **{"aria-hidden": "true"}
                ),
                html.Div(id=ids.TILES, className="nuwa-tiles"),
                html.Div(id=ids.TRAIN_NEXT),
            ),
            go_on.layout(view, run),
            curves.layout(view, context),
            film.layout(view, context),
        ]
    )


def register(app, store):
    go_on.register(app, store)
    work_here = app.work_here  # the background callback is pickled: it takes this function along, not the app

    @app.callback(
        Output(ids.FINISHED, "data"),
        Input(ids.TRAIN, "n_clicks"),
        State(session.ASKER, "data"),
        State(shared.RUN, "data"),
        State(shared.PAGE, "data"),
        background=True,
        prevent_initial_call=True,
        interval=400,
        progress=[Output(ids.TICK, "data")],
        running=[(Output(ids.TRAIN, "disabled"), True, False)],
        cancel=[Input(ids.CANCEL, "n_clicks")],
    )
    def train(set_progress, clicks, asker, run_id, page):
        """Submit the run and follow it, in the tab that pressed Train. The worker owns the run: losing this loses nothing."""
        if not clicks:
            raise PreventUpdate
        user = session.read_signed(store.root, asker)
        store.of(user).runs.train(run_id)
        work_here()
        return job_progress.follow_run(store, user, run_id, lambda drawn: set_progress((drawn,)))

    @app.callback(
        Output(ids.TICK, "data", allow_duplicate=True),
        Output(ids.POLL, "disabled"),
        Input(ids.POLL, "n_intervals"),
        State(ids.TICK, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def poll(_, drawn, run_id):
        """What a reloaded page or a second tab shows of a run at work: read from the store, with no process of its own."""
        state, over = job_progress.run_state(store, store.of(session.user()), run_id)
        return no_update if state == drawn else state, over

    # Dash holds back every callback that listens to an output of a background callback at work. So what is drawn listens
    # to the ticks alone, and the end of the background callback reaches them by set_props.
    app.clientside_callback(
        f"state => {{ if (state) dash_clientside.set_props('{ids.TICK}', {{data: state}}) }}",
        Input(ids.FINISHED, "data"),
    )

    app.clientside_callback(  # what depends on the status alone need not be asked for at every epoch
        """(tick, stage) => {
            const now = JSON.stringify(tick ? tick.slice(0, 3) : null);
            return now === stage ? window.dash_clientside.no_update : now;
        }""",
        Output(ids.STAGE, "data"),
        Input(ids.TICK, "data"),
        State(ids.STAGE, "data"),
    )

    app.clientside_callback(  # the process of the background callback needs a second to start: the press is answered at once
        "n => n ? 'Submitting the run ...' : window.dash_clientside.no_update",
        Output(ids.STATUS, "children", allow_duplicate=True),
        Input(ids.TRAIN, "n_clicks"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(ids.POLL, "disabled", allow_duplicate=True),
        Input(ids.CANCEL, "n_clicks"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def cancel(clicks, run_id):
        """Ask the worker to stop, then poll the run to its end: its weights are kept."""
        if not clicks:
            raise PreventUpdate
        store.of(session.user()).runs.cancel(run_id)
        return False

    @app.callback(
        Output(ids.STATUS, "children"),
        Output(ids.WORKING, "className"),
        Output(ids.TILES, "children"),
        Output(ids.BAR, "value"),
        Output(ids.TRAIN_NEXT, "children"),
        Output(ids.TRAIN, "style"),
        Output(ids.CANCEL, "style"),
        Input(ids.TICK, "data"),
        State(shared.RUN, "data"),
    )
    def show(_, run_id):
        view = store.of(session.user())
        now = watched.of(view, run_id)
        run, n = now.run, now.so_far.n
        return (
            status(view, run, n),
            working(run),
            tiles(run, now.so_far),
            100 * n / run["n_epochs"] if run["n_epochs"] else 0,
            next_step(run, [] if is_active(run) else view.runs.epochs(run_id), now.diagnosis),
            None if run["status"] == Status.CREATED else HIDDEN,
            None if run["status"] in ACTIVE else HIDDEN,
        )

    curves.register(app, store)
    film.register(app, store)
