"""The card of what each latent dimension means: the genes and proteins that the decoder moves with it."""

import numpy as np
from dash import Input, Output, State, ctx, dcc, html
from dash.exceptions import PreventUpdate

from core import figures
from dashboard import ids as shared
from dashboard.components import data_tables, job_card
from dashboard.components.widgets import card, graph, more
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.colours import colour_options
from dashboard.server import session

COLUMNS = [
    data_tables.text("feature", "feature", minWidth=120),
    data_tables.text("kind", "kind"),
    data_tables.number("effect", "effect", "+.3f"),
    data_tables.number("size", "mean absolute effect"),
]


def layout(view, run):
    """A button at first; then the choice of a dimension, its features as a table and as bars."""
    options = [{"label": f"latent {i + 1}", "value": i} for i in range(run["config"]["n_latent"])]
    return card(
        "What the latent dimensions mean",
        html.P(
            "The genes and proteins that change most when a cell moves along one dimension of the latent space."
        ),
        html.Div(
            html.Button("Find out", id=ids.EFFECTS_GO, className="btn btn-outline-primary"),
            className="nuwa-actions",
        ),
        *job_card.parts(view, ids.EFFECTS, view.jobs.mine(run["id"], "meaning")),
        html.Div(
            [
                html.P(id=ids.EFFECTS_NOTE, className="help"),
                html.Div(
                    [
                        html.Label("Dimension", htmlFor=ids.EFFECTS_DIMENSION),
                        dcc.Dropdown(options, 0, id=ids.EFFECTS_DIMENSION, clearable=False),
                    ],
                    className="nuwa-field",
                ),
                html.Div(
                    [
                        html.Button(
                            "Colour the cells by it",
                            id=ids.EFFECTS_COLOUR,
                            className="btn btn-sm btn-outline-secondary",
                        ),
                        html.A("All effects (CSV)", href=f"/download/{run['id']}/effects.csv"),
                    ],
                    className="nuwa-actions",
                ),
                html.Div(
                    [
                        data_tables.grid(
                            ids.EFFECTS_TABLE, COLUMNS, "Features of the chosen dimension", height=600
                        ),
                        graph(
                            ids.EFFECTS_FIGURE,
                            "The strongest effects of the chosen dimension",
                            style={"height": "600px"},
                        ),
                    ],
                    className="nuwa-grid even",
                ),
                html.P(
                    "A click on a row, or the space bar, colours the cells above by it.", className="help"
                ),
            ],
            id=ids.EFFECTS_SHOWN,
            hidden=True,
        ),
        more(
            "How is this found?",
            html.P(
                "The effect is the derivative of the decoder's output in the direction of the dimension (its Jacobian), at "
                "each of up to 4,000 cells, averaged, for a step of one standard deviation. Where the mean absolute effect "
                "is much larger than the effect, it has another sign in other cells. The sign of a whole dimension means "
                "nothing; what is opposed to what does."
            ),
        ),
    )


def rows(view, run_id, found, dimension):
    """The records of the table, the strongest effect first."""
    mean, size = (view.results.array(run_id, f"effects/{name}")[dimension] for name in ("mean", "size"))
    order = np.argsort(-np.abs(mean), kind="stable")
    return [
        {
            "feature": found["features"][i],
            "kind": "gene" if i < found["n_genes"] else "protein",
            "effect": round(float(mean[i]), 4),
            "size": round(float(size[i]), 4),
        }
        for i in order
    ]


def register(app, store):
    @job_card.asks(app, store, ids.EFFECTS, Input(ids.EFFECTS_GO, "n_clicks"), State(shared.RUN, "data"))
    def ask(view, clicks, run_id):
        return view.jobs.once("meaning", run_id, {})["id"]

    @app.callback(
        Output(ids.EFFECTS_SHOWN, "hidden"),
        Output(ids.EFFECTS_NOTE, "children"),
        Output(ids.EFFECTS_TABLE, "rowData"),
        Output(ids.EFFECTS_FIGURE, "figure"),
        Input(ids.EFFECTS.done, "data"),
        Input(ids.EFFECTS_DIMENSION, "value"),
        Input(shared.THEME, "data"),
        State(shared.RUN, "data"),
    )
    def show(job_id, dimension, theme, run_id):
        if not job_id:
            raise PreventUpdate
        view = store.of(session.user())
        found = view.jobs.one(job_id)["result"]
        mean, size = (view.results.array(run_id, f"effects/{name}")[dimension] for name in ("mean", "size"))
        unit = f"effect of one standard deviation of latent {dimension + 1}"
        said = f"Effects on {found['unit']}, a mean over {found['n_cells']:,} cells."
        bars = figures.dimension_bars(found["features"], mean, size, unit, theme)
        return False, said, rows(view, run_id, found, dimension), bars

    @app.callback(
        Output(ids.COLOUR, "value", allow_duplicate=True),
        Output(ids.COLOUR, "options", allow_duplicate=True),
        Input(ids.EFFECTS_TABLE, "selectedRows"),
        Input(ids.EFFECTS_COLOUR, "n_clicks"),
        State(ids.EFFECTS_DIMENSION, "value"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def paint(chosen, clicks, dimension, run_id):
        if ctx.triggered_id == ids.EFFECTS_COLOUR and clicks:
            choice = f"latent:{dimension + 1}"
        elif chosen:
            choice = f"{chosen[0]['kind']}:{chosen[0]['feature']}"
        else:
            raise PreventUpdate
        view = store.of(session.user())
        return choice, colour_options(view, view.runs.one(run_id), "", choice)
