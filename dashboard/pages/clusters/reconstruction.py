"""The card of reconstructed profiles: the reconstruction of a cell or a cluster beside its input."""

import dash_bootstrap_components as dbc
import numpy as np
from dash import Input, Output, State, dcc, html

from core import figures
from core.config.job_arguments import ProfileArguments
from core.config.run_files import clusters_of
from core.errors import UserError
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.widgets import card, graph, number, table
from dashboard.ids import watched
from dashboard.pages.clusters import ids, run_jobs
from dashboard.pages.clusters.links import profile_link
from dashboard.server import session

JOB = watched("profile")
GO = "profile-go"
OF = "profile-of"
CELL = "profile-cell"
CELL_BOX = "profile-cell-box"
CLUSTER = "profile-cluster"
CLUSTER_BOX = "profile-cluster-box"
FIGURE = "profile-figure"
TABLE = "profile-table"
BOX = "profile-box"

MOST_OPTIONS = 30  # cells offered at once; typing narrows them


def layout(view, run):
    cluster = dcc.Dropdown(id=CLUSTER, placeholder="cluster", clearable=False)
    cell = dcc.Dropdown(id=CELL, placeholder="type a cell's name, or click a point above")
    options = [{"label": "a cluster", "value": "cluster"}, {"label": "a cell", "value": "cell"}]
    plot = graph(
        FIGURE,
        "Input against reconstruction, one point per gene or protein",
        dataset=view.datasets.one(run["dataset"]),
        style={"height": "460px"},
    )
    return card(
        "Reconstructed profile",
        html.P("The input X of a cell or cluster (after preprocessing) beside its reconstruction X'."),
        html.Div(
            [
                dbc.RadioItems(options=options, value="cluster", id=OF, inline=True),
                html.Div(cluster, id=CLUSTER_BOX, className="nuwa-pick"),
                html.Div(cell, id=CELL_BOX, className="nuwa-pick", hidden=True),
                html.Button("Show profile", id=GO, className="btn btn-outline-primary"),
            ],
            className="nuwa-actions",
        ),
        *job_card.parts(view, JOB),
        html.Div([plot, html.Div(id=TABLE)], id=BOX, className="nuwa-grid even", hidden=True),
    )


def register(app, store):
    _choice(app, store)
    _job(app, store)


def _choice(app, store):
    @app.callback(
        Output(CLUSTER, "options"),
        Output(CLUSTER, "value"),
        Input(ids.RESOLUTION, "value"),
        State(shared.RUN, "data"),
    )
    def offer_clusters(resolution, run_id):
        labels = np.asarray(store.of(session.user()).results.array(run_id, clusters_of(resolution)))
        sizes = np.bincount(labels)
        return [{"label": f"cluster {i} ({n:,} cells)", "value": i} for i, n in enumerate(sizes)], 0

    @app.callback(
        Output(CELL, "options"),
        Input(CELL, "search_value"),
        Input(CELL, "value"),
        State(shared.RUN, "data"),
    )
    def offer_cells(text, chosen, run_id):
        view = store.of(session.user())
        names = view.datasets.folder(view.runs.one(run_id)["dataset"]).cells()
        return cell_options(names, text, chosen)

    # A click on a point chooses its cell: a point that the browser draws itself, or one of plotly's.
    for click, cell_of in (
        (Input(ids.CELLS_CLICKED, "data"), "cell => cell"),
        (Input(ids.PANELS, "clickData"), "click => click && [click.points[0].customdata].flat()[0]"),
    ):
        app.clientside_callback(
            f"""click => {{
                const cell = ({cell_of})(click), {{ no_update }} = window.dash_clientside;
                return cell === null || cell === undefined ? [no_update, no_update] : [cell, "cell"];
            }}""",
            Output(CELL, "value", allow_duplicate=True),
            Output(OF, "value", allow_duplicate=True),
            click,
            prevent_initial_call=True,
        )

    app.clientside_callback(
        "of => [of !== 'cluster', of !== 'cell']",
        Output(CLUSTER_BOX, "hidden"),
        Output(CELL_BOX, "hidden"),
        Input(OF, "value"),
    )


def cell_options(names, text, chosen):
    """The options for cells whose name contains `text`, with the present choice among them; `names`: (cells,) bytes."""
    if text:
        matching = np.flatnonzero(np.char.find(names, text.encode()) >= 0)[:MOST_OPTIONS]
    else:
        matching = np.arange(min(MOST_OPTIONS, len(names)))
    if chosen is not None and chosen not in matching:
        matching = [chosen, *matching]
    return [{"label": names[i].decode(), "value": int(i)} for i in matching]


def _job(app, store):
    @run_jobs.asks(
        app,
        store,
        JOB,
        Input(GO, "n_clicks"),
        State(OF, "value"),
        State(CLUSTER, "value"),
        State(CELL, "value"),
        State(ids.RESOLUTION, "value"),
    )
    def reconstruct(view, run, token, of, cluster, cell, resolution):
        if of == "cell" and cell is None:
            raise UserError("Choose a cell first: type its name, or click a point above.")
        cells = {"cell": cell} if of == "cell" else {"cluster": cluster, "resolution": resolution}
        return view.jobs.submit("profile", run["id"], ProfileArguments(**cells), token, priority=1)

    job_card.hold(app, JOB, GO)

    @job_card.shows(
        app,
        store,
        JOB,
        Output(FIGURE, "figure"),
        Output(TABLE, "children"),
        Output(BOX, "hidden"),
        Input(shared.THEME, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def draw(view, job, theme, run_id):
        profile = job["result"]
        input, reconstruction = np.array(profile["given"]), np.array(profile["made"])  # keys of jobs on disk
        names, n_genes = profile["names"], profile["n_genes"]
        figure = figures.profile(input, reconstruction, names, n_genes, theme)
        largest = figures.largest_differences(input, reconstruction, names, n_genes)
        return figure, _differences(largest, profile["cells"], profile_link(run_id, job["id"])), False


def _differences(largest, n_cells, link):
    """The table of the features that differ most."""
    rows = [
        [d["name"], d["kind"], number(d["input"]), number(d["reconstruction"]), number(d["difference"])]
        for d in largest
    ]
    mean = "1 cell" if n_cells == 1 else f"mean of {n_cells:,} cells"
    return [
        html.H3(f"Largest differences, {mean}"),
        table(["feature", "kind", "X", "X'", "X' - X"], rows, (2, 3, 4)),
        html.A("Download the data of this plot (CSV)", href=link),
    ]
