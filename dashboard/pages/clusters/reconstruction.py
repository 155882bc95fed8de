"""The card of reconstructed profiles: the reconstruction of a cell or a cluster beside its input."""

import dash_bootstrap_components as dbc
import numpy as np
from dash import Input, Output, State, html

from core import figures
from core.analysis.metrics.descriptions import LOW_VARIANCE
from core.config.job_arguments import ProfileArguments
from core.config.run_files import clusters_of
from core.errors import UserError
from dashboard import ids as shared
from dashboard.components import job_card, picker
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
    cluster = picker.picker(CLUSTER, placeholder="cluster")
    cell = picker.picker(
        CELL,
        source=f"/cells/{run['id']}/options/cells",
        placeholder="type a cell's name, or click a point in a map",
        clearable=True,
    )
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
        Input(CELL, "value"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def name_chosen_cell(chosen, run_id):
        return [] if chosen is None else cell_options(_cells(store.of(session.user()), run_id), [chosen])

    def cells(view, text, recent, run_id):
        names = _cells(view, run_id)
        matching = matching_cells(names, text)
        return [
            picker.group(
                "Cells", cell_options(names, matching[:MOST_OPTIONS]), len(matching) - MOST_OPTIONS, "cells"
            )
        ]

    picker.answers(app, store, "/cells/<run_id>/options/cells", cells)

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


def _cells(view, run_id):
    """(cells,) names of a run's cells, as bytes."""
    return view.datasets.folder(view.runs.one(run_id)["dataset"]).cells()


def matching_cells(names, text):
    """Which of the (cells,) `names`, bytes, contain a typed text in any case: those that start with it come first."""
    at = np.char.find(np.char.lower(names), text.strip().lower().encode())
    matching = np.flatnonzero(at >= 0)
    return matching[np.argsort(at[matching] > 0, kind="stable")]


def cell_options(names, cells):
    """The options of some cells, by their index into the (cells,) `names`."""
    return [{"label": names[i].decode(), "value": int(i)} for i in cells]


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
            raise UserError("Choose a cell first: type its name, or click a point in a map.")
        cells = {"cell": cell} if of == "cell" else {"cluster": cluster, "resolution": resolution}
        return view.jobs.submit("profile", run["id"], ProfileArguments(**cells), token)

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
        enough = profile.get("varies")  # jobs of earlier versions lack it
        figure = figures.profile(input, reconstruction, names, n_genes, theme, varies=enough)
        largest = figures.largest_differences(input, reconstruction, names, n_genes, varies=enough)
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
        html.P(LOW_VARIANCE, className="help"),
        html.A("Download the data of this plot (CSV)", href=link),
    ]
