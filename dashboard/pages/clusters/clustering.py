"""The card of other clusterings: which Leiden resolution is most stable, and k-means and HDBSCAN."""

import dash_bootstrap_components as dbc
from dash import Input, Output, State, dcc, html

from core import figures
from core.config import RESOLUTIONS
from core.config.dataset_record import DatasetRecord
from core.config.job_arguments import ClustersArguments
from core.config.numbers import Number
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.number_field import block, error_id, error_of, number_field
from dashboard.components.widgets import card, graph, more
from dashboard.ids import watched
from dashboard.pages.clusters import ids, run_jobs
from dashboard.pages.clusters.controls import button, field, go
from dashboard.server import session

STABILITY = watched("resolutions")
STABILITY_GO = "resolutions-go"
STABILITY_FIGURE = "resolutions-figure"
STABILITY_BOX = "resolutions-box"
MOST_STABLE = "most-stable"
METHOD = "method"
METHOD_VALUE = "method-value"
METHOD_GO = "method-go"
CLUSTER = watched("cluster")

METHODS = {"kmeans": "k-means: number of clusters", "hdbscan": "HDBSCAN: cells in the smallest cluster"}
NUMBERS = {
    "kmeans": Number("Number of clusters", whole=True, low=2),
    "hdbscan": Number("Cells in the smallest cluster", whole=True, low=2),
}
LABELLED = (0.2, 0.6, 1.0, 1.4, 2.0)  # resolutions written below the slider


def layout(view, run):
    return card(
        "How many clusters?",
        html.P("A clustering that is found again without a fifth of the cells is more than chance."),
        go("Find the most stable resolution", STABILITY_GO),
        *job_card.parts(view, STABILITY, view.jobs.mine(run["id"], "steadiness")),
        dcc.Store(id=MOST_STABLE),
        html.Div(
            graph(STABILITY_FIGURE, "Cluster stability by resolution", style={"height": "280px"}),
            id=STABILITY_BOX,
            hidden=True,
        ),
        html.Div(
            [
                field("Other method, on the latent space", dbc.Select(METHODS, "kmeans", id=METHOD)),
                number_field(METHOD_VALUE, NUMBERS["kmeans"], 10, label="Number"),
                button("Cluster cells", METHOD_GO),
            ],
            className="nuwa-form",
        ),
        *job_card.parts(view, CLUSTER),
        more(
            "How is stability measured?",
            html.P(
                "Eight times, four fifths of the cells are drawn at random and clustered on their part of the neighbour "
                "graph (Tang 2021). Each pair of results is compared by the adjusted Rand index (ARI) over the cells that "
                "both have (Lange 2004). Coarse clusters are more stable simply because they are coarse, so the finest "
                "resolution within one standard error of the best is marked. A single cluster always agrees with itself "
                "and is left out."
            ),
        ),
    )


def register(app, store):
    _stability(app, store)
    _methods(app, store)


def _stability(app, store):
    @run_jobs.asks(app, store, STABILITY, Input(STABILITY_GO, "n_clicks"))
    def find_stability(view, run, _):
        return view.jobs.once("steadiness", run["id"], lane="slow")["id"]

    @job_card.shows(
        app,
        store,
        STABILITY,
        Output(STABILITY_BOX, "hidden"),
        Output(STABILITY_FIGURE, "figure"),
        Output(MOST_STABLE, "data"),
        Input(shared.THEME, "data"),
    )
    def show(view, job, theme):
        result = job["result"]
        return False, figures.resolution_stability(result, theme), result["steadiest"]

    @app.callback(Output(ids.RESOLUTION, "marks"), Input(MOST_STABLE, "data"), prevent_initial_call=True)
    def mark(most_stable):
        return marks(most_stable)


def marks(most_stable):
    """The marks of the resolution slider, with a star at the most stable resolution."""
    labels = {r: {"label": f"{r:g}"} for r in LABELLED}
    if most_stable is not None:
        nearest = min(RESOLUTIONS, key=lambda r: abs(r - most_stable))
        style = {"fontWeight": 600, "color": "var(--nuwa-accent)", "whiteSpace": "nowrap"}
        labels[nearest] = {"label": f"{nearest:g} ★", "style": style}
    return {r if r % 1 else int(r): mark for r, mark in labels.items()}


def number_of(view, run, method):
    """The Number that a method takes, for the cells of a run."""
    dataset = view.datasets.one(run["dataset"])
    return NUMBERS[method]._replace(high=DatasetRecord.of(dataset).cells)


def _methods(app, store):
    @app.callback(
        Output(error_id(METHOD_VALUE), "children"),
        Input(METHOD_VALUE, "value"),
        Input(METHOD, "value"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def check(value, method, run_id):
        view = store.of(session.user())
        return error_of(number_of(view, view.runs.one(run_id), method), value)

    block(app, [METHOD_GO], [Input(error_id(METHOD_VALUE), "children")])

    @run_jobs.asks(
        app,
        store,
        CLUSTER,
        Input(METHOD_GO, "n_clicks"),
        State(METHOD, "value"),
        State(METHOD_VALUE, "value"),
    )
    def cluster(view, run, token, method, value):
        arguments = ClustersArguments(method=method, value=number_of(view, run, method).read(value))
        return view.jobs.submit("clusters", run["id"], arguments, token)

    run_jobs.shows_clustering(app, store, CLUSTER)
