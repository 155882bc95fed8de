"""The card of latent effects: the genes and proteins that the decoder changes along each latent dimension."""

import numpy as np
from dash import Input, Output, State, html

from core.figures.latent_effects import dimension_bars
from dashboard import ids as shared
from dashboard.components import data_tables, job_card
from dashboard.components.picker import picker
from dashboard.components.widgets import card, graph, more
from dashboard.ids import watched
from dashboard.pages.clusters import run_jobs
from dashboard.pages.clusters.viewer.pickers import colours_cells, row_colours_cells

JOB = watched("effects")
GO = "effects-go"
DIMENSION = "effects-dimension"
NOTE = "effects-note"
COLOUR = "effects-colour"
TABLE = "effects-table"
FIGURE = "effects-figure"
BOX = "effects-box"

COLUMNS = [
    data_tables.text("feature", "feature", minWidth=120),
    data_tables.text("kind", "kind"),
    data_tables.number("effect", "effect", "+.3f"),
    data_tables.number("size", "mean absolute effect"),
]


def layout(view, run):
    """A button at first; then the choice of a dimension, and its features as a table and as bars."""
    options = [{"label": f"latent {i + 1}", "value": i} for i in range(run["config"]["n_latent"])]
    return card(
        "Effects of the latent dimensions",
        html.P(
            "The genes and proteins that change most when a cell moves along one dimension of the latent space."
        ),
        html.Div(
            html.Button("Compute effects", id=GO, className="btn btn-outline-primary"),
            className="nuwa-actions",
        ),
        *job_card.parts(view, JOB, view.jobs.mine(run["id"], "meaning")),
        html.Div(
            [
                html.P(id=NOTE, className="help"),
                html.Div(
                    [
                        html.Label("Dimension", htmlFor=DIMENSION),
                        picker(DIMENSION, options, 0),
                    ],
                    className="nuwa-field",
                ),
                html.Div(
                    [
                        html.Button(
                            "Colour cells by this dimension",
                            id=COLOUR,
                            className="btn btn-sm btn-outline-secondary",
                        ),
                        html.A("Download all effects (CSV)", href=f"/download/{run['id']}/effects.csv"),
                    ],
                    className="nuwa-actions",
                ),
                html.Div(
                    [
                        data_tables.grid(TABLE, COLUMNS, "Features of the chosen dimension", height=600),
                        graph(
                            FIGURE,
                            "The strongest effects of the chosen dimension",
                            style={"height": "600px"},
                        ),
                    ],
                    className="nuwa-grid even",
                ),
                html.P("Click a row, or press the space bar on it, to colour the maps.", className="help"),
            ],
            id=BOX,
            hidden=True,
        ),
        more(
            "How are effects computed?",
            html.P(
                "The effect is the derivative of the decoder's output along the dimension (its Jacobian), for a step of one "
                "standard deviation, averaged over up to 4,000 cells. Where the mean absolute effect is much larger than "
                "the effect, the sign differs between cells. The sign of a dimension is arbitrary; only which features are "
                "opposed is meaningful."
            ),
        ),
    )


def rows(view, run_id, result, dimension):
    """The records of the table, the strongest effect first."""
    mean, size = (view.results.array(run_id, f"effects/{name}")[dimension] for name in ("mean", "size"))
    order = np.argsort(-np.abs(mean), kind="stable")
    return [
        {
            "feature": result["features"][i],
            "kind": "gene" if i < result["n_genes"] else "protein",
            "effect": round(float(mean[i]), 4),
            "size": round(float(size[i]), 4),
        }
        for i in order
    ]


def register(app, store):
    @run_jobs.asks(app, store, JOB, Input(GO, "n_clicks"))
    def compute(view, run, _):
        return view.jobs.once("meaning", run["id"])["id"]

    @job_card.shows(
        app,
        store,
        JOB,
        Output(BOX, "hidden"),
        Output(NOTE, "children"),
        Output(TABLE, "rowData"),
        Output(FIGURE, "figure"),
        Input(DIMENSION, "value"),
        Input(shared.THEME, "data"),
        State(shared.RUN, "data"),
    )
    def show(view, job, dimension, theme, run_id):
        result = job["result"]
        mean, size = (view.results.array(run_id, f"effects/{name}")[dimension] for name in ("mean", "size"))
        unit = f"effect of one standard deviation of latent {dimension + 1}"
        note = f"Effects on {result['unit']}, mean over {result['n_cells']:,} cells."
        bars = dimension_bars(result["features"], mean, size, unit, theme)
        return False, note, rows(view, run_id, result, dimension), bars

    row_colours_cells(app, store, TABLE)

    @colours_cells(app, store, Input(COLOUR, "n_clicks"), State(DIMENSION, "value"))
    def choice_of_dimension(clicks, dimension):
        return f"latent:{dimension + 1}"
