"""The curves of several runs; of those that train, only new epochs are sent."""

import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core import figures
from core.store import ACTIVE, Explored
from dashboard import ids as shared
from dashboard.components.widgets import card, graph
from dashboard.pages.compare import ids
from dashboard.pages.compare.chosen import chosen
from dashboard.server import session

POLL = 1000  # milliseconds
PARTS = {"total": "Whole loss", "rna": "RNA", "protein": "Protein"}


def layout(view, runs):
    return [
        dcc.Store(id=ids.STATE, data=state(view, runs)),
        dcc.Store(id=ids.DRAWN),
        dcc.Store(id=ids.ADDED),
        dcc.Interval(id=ids.TICK, interval=POLL, disabled=not any(is_live(run) for run in runs)),
        card(
            "Losses",
            html.P(
                "Thick: validation cells. Thin: training cells. Dashed: PCA of the same size.",
                className="help",
            ),
            html.Div(
                [
                    dbc.RadioItems(
                        options=[{"label": label, "value": part} for part, label in PARTS.items()],
                        value="total",
                        id=ids.PART,
                        inline=True,
                    ),
                    dbc.Switch(id=ids.LOG, value=False, label="Logarithmic axis"),
                ],
                className="nuwa-actions",
            ),
            graph(ids.LOSSES, "Loss curves of the runs, over one another", height=420),
        ),
    ]


def is_live(run):
    """May a run still change?"""
    return run.row["status"] in ACTIVE or run.row["explored"] == Explored.WORKING


def state(view, runs):
    """What is redrawn when it changes: how far each run is, and whether it has its first epoch."""
    return [
        [
            run.id,
            run.row["status"],
            run.row["explored"],
            run.facts is not None,
            run.row["best_epoch"] is not None,
            run.row["name"],
        ]
        for run in runs
    ]


def losses(view, runs, part, log, theme):
    """The figure of the curves; its uirevision names the part and the axis."""
    compared = [
        figures.ComparedRun(
            run.name,
            run.colour,
            view.runs.epochs(run.id),
            run.facts and run.facts.valid_baselines,
            run.row["n_epochs"],
        )
        for run in runs
    ]
    labels = {run.loss_label for run in runs}
    return figures.compared_losses(compared, part, log, theme, labels.pop() if len(labels) == 1 else "")


def added(view, runs, drawn, part):
    """{"revision", "last", "x", "y", "traces"}: the points to add to a figure whose curves end at the epochs `drawn["last"]`."""
    out = {"revision": drawn["revision"], "last": drawn["last"], "x": [], "y": [], "traces": []}
    for i, (run, last) in enumerate(zip(runs, drawn["last"], strict=True)):
        x, train, valid = figures.points(view.runs.epochs(run.id, after=last), part)
        if x and last:  # the first epoch changes more than the points: the whole figure is drawn again
            out["x"] += [x, x]
            out["y"] += [train, valid]
            out["traces"] += [figures.TRACES * i, figures.TRACES * i + 1]
    return out


def register(app, store):
    @app.callback(
        Output(ids.LOSSES, "figure"),
        *(
            Input(ids.PART, "value"),
            Input(ids.LOG, "value"),
            Input(shared.THEME, "data"),
            Input(ids.STATE, "data"),
        ),
        State(ids.RUNS, "data"),
    )
    def draw(part, log, theme, _, run_ids):
        view = store.of(session.user())
        return losses(view, chosen(view, run_ids), part if part in PARTS else "total", bool(log), theme)

    def of(name):
        return ClientsideFunction("nuwaCompare", name)

    # The browser says what it has drawn, so that an answer that comes late is not added twice, nor to other curves.
    app.clientside_callback(
        of("drawn"),
        Output(ids.DRAWN, "data"),
        Input(ids.TICK, "n_intervals"),
        State(ids.LOSSES, "figure"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        of("add"),
        Output(ids.LOSSES, "extendData"),
        Input(ids.ADDED, "data"),
        State(ids.LOSSES, "figure"),
        prevent_initial_call=True,
    )

    @app.callback(
        *(Output(ids.ADDED, "data"), Output(ids.STATE, "data"), Output(ids.TICK, "disabled")),
        Input(ids.DRAWN, "data"),
        *(State(ids.RUNS, "data"), State(ids.PART, "value"), State(ids.STATE, "data")),
        prevent_initial_call=True,
    )
    def look(drawn, run_ids, part, before):
        view = store.of(session.user())
        runs = chosen(view, run_ids)
        if not drawn or len(drawn["last"]) != len(runs):
            raise PreventUpdate
        new, now = added(view, runs, drawn, part if part in PARTS else "total"), state(view, runs)
        over = not any(is_live(run) for run in runs)
        return new if new["traces"] else no_update, no_update if now == before else now, over
