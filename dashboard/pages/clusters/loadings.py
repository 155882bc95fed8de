"""The card of a linear model: which genes and proteins make each latent dimension."""

from dash import Input, Output, State, html

from core import safe_csv
from core.store import Missing
from dashboard import ids as shared
from dashboard.components.picker import picker
from dashboard.components.widgets import card, more, number, table
from dashboard.server import session

DIMENSION = "loadings-dimension"
TABLE = "loadings"

N_FEATURES = 12  # at each end of a dimension


def layout(view, run):
    """The choice of a dimension and its features; an empty part where the model has no loadings."""
    try:
        view.results.file(run["id"], "loadings.csv")
    except Missing:
        return html.Div()
    dimensions = [{"label": f"latent {i + 1}", "value": i} for i in range(run["config"]["n_latent"])]
    return card(
        "Loadings",
        html.P(
            "The decoder is linear: one unit of a latent dimension adds this much to each feature, in standard deviations."
        ),
        html.Label("Dimension", htmlFor=DIMENSION),
        picker(DIMENSION, dimensions, 0),
        html.Div(id=TABLE),
        html.A("Download all loadings (CSV)", href=f"/download/{run['id']}/loadings.csv"),
        more(
            "How to read loadings",
            html.P(
                "Features at the same end increase and decrease together in cells with large values of this dimension. "
                "The sign of a dimension is arbitrary; only which features are opposed is meaningful."
            ),
        ),
    )


def register(app, store):
    @app.callback(
        Output(TABLE, "children"),
        Input(DIMENSION, "value"),
        State(shared.RUN, "data"),
    )
    def show(dimension, run_id):
        with store.of(session.user()).results.file(run_id, "loadings.csv").open(newline="") as file:
            rows = [
                (float(r[f"latent_{dimension + 1}"]), r["feature"], r["kind"]) for r in safe_csv.records(file)
            ]
        rows.sort()
        ends = zip(reversed(rows[-N_FEATURES:]), rows[:N_FEATURES], strict=False)
        lines = [
            [f"{a} ({kind_a})", number(x), f"{b} ({kind_b})", number(y)]
            for (x, a, kind_a), (y, b, kind_b) in ends
        ]
        return table(["positive", "loading", "negative", "loading"], lines, numeric=(1, 3))
