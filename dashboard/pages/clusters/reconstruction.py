"""The card of reconstructed profiles: a cell or a cluster as the model gives it back, beside its input."""

import dash_bootstrap_components as dbc
import numpy as np
from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core import figures
from core.config.run_files import clusters_of
from core.errors import UserError
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.widgets import card, graph, number, table
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.links import profile_link
from dashboard.server import session


def layout(view, run):
    """Input X beside reconstruction X' of a cell or a cluster."""
    return card(
        "Generated profile",
        html.P(
            "What the model makes of a cell: the input X (after preprocessing) beside the reconstruction X'."
        ),
        html.Div(
            [
                dbc.RadioItems(
                    options=[
                        {"label": "a cluster", "value": "cluster"},
                        {"label": "a cell", "value": "cell"},
                    ],
                    value="cluster",
                    id=ids.PROFILE_OF,
                    inline=True,
                ),
                html.Div(
                    dcc.Dropdown(id=ids.PROFILE_CLUSTER, placeholder="cluster", clearable=False),
                    id="profile-cluster-box",
                    className="nuwa-pick",
                ),
                html.Div(
                    dcc.Dropdown(
                        id=ids.PROFILE_CELL, placeholder="type a cell's name, or click a point above"
                    ),
                    id="profile-cell-box",
                    className="nuwa-pick",
                    hidden=True,
                ),
                html.Button("Show", id=ids.PROFILE_GO, className="btn btn-outline-primary"),
            ],
            className="nuwa-actions",
        ),
        *job_card.parts(view, ids.PROFILE),
        html.Div(
            [
                graph(
                    ids.PROFILE_FIGURE,
                    "Input against reconstruction, one point a gene or protein",
                    dataset=view.datasets.one(run["dataset"]),
                    style={"height": "460px"},
                ),
                html.Div(id=ids.PROFILE_TABLE),
            ],
            id="profile-shown",
            className="nuwa-grid even",
            hidden=True,
        ),
    )


def register(app, store):
    @app.callback(
        Output(ids.PROFILE_CLUSTER, "options"),
        Output(ids.PROFILE_CLUSTER, "value"),
        Input(ids.RESOLUTION, "value"),
        State(shared.RUN, "data"),
    )
    def clusters(resolution, run_id):
        labels = np.asarray(store.of(session.user()).results.array(run_id, clusters_of(resolution)))
        sizes = np.bincount(labels)
        return [{"label": f"cluster {i} ({n:,} cells)", "value": i} for i, n in enumerate(sizes)], 0

    @app.callback(
        Output(ids.PROFILE_CELL, "options"),
        Input(ids.PROFILE_CELL, "search_value"),
        Input(ids.PROFILE_CELL, "value"),
        State(shared.RUN, "data"),
    )
    def cells(text, chosen, run_id):
        view = store.of(session.user())
        names = view.datasets.folder(view.runs.one(run_id)["dataset"]).cells()
        wanted = (text or "").encode()
        hits = (
            np.flatnonzero(np.char.find(names, wanted) >= 0)[:30]
            if wanted
            else np.arange(min(30, len(names)))
        )
        if chosen is not None and chosen not in hits:
            hits = [chosen, *hits]
        return [{"label": names[i].decode(), "value": int(i)} for i in hits]

    @app.callback(
        Output(ids.PROFILE_CELL, "value"),
        Output(ids.PROFILE_OF, "value"),
        Input(ids.PANELS, "clickData"),
        Input(ids.CELLS_CLICKED, "data"),
        prevent_initial_call=True,
    )
    def click(data, cell):
        """A click on a point chooses its cell."""
        if ctx.triggered_id == ids.CELLS_CLICKED and cell is not None:
            return cell, "cell"
        if not data:
            raise PreventUpdate
        cell = data["points"][0].get("customdata")
        cell = cell[0] if isinstance(cell, list) else cell
        return (int(cell), "cell") if cell is not None else (no_update, no_update)

    app.clientside_callback(
        "of => [of !== 'cluster', of !== 'cell']",
        Output("profile-cluster-box", "hidden"),
        Output("profile-cell-box", "hidden"),
        Input(ids.PROFILE_OF, "value"),
    )

    @job_card.asks(
        app,
        store,
        ids.PROFILE,
        Input(ids.PROFILE_GO, "n_clicks"),
        State(ids.PROFILE_OF, "value"),
        State(ids.PROFILE_CLUSTER, "value"),
        State(ids.PROFILE_CELL, "value"),
        State(ids.RESOLUTION, "value"),
        State(shared.RUN, "data"),
        State(shared.PAGE, "data"),
    )
    def profile(view, clicks, of, cluster, cell, resolution, run_id, page):
        if of == "cell" and cell is None:
            raise UserError("Choose a cell first: type its name, or click a point above.")
        asked = {"cell": cell} if of == "cell" else {"cluster": cluster, "resolution": resolution}
        return view.jobs.submit("profile", run_id, asked, f"{page}:profile:{clicks}", priority=1)

    job_card.hold(app, ids.PROFILE, ids.PROFILE_GO)

    @app.callback(
        Output(ids.PROFILE_FIGURE, "figure"),
        Output(ids.PROFILE_TABLE, "children"),
        Output("profile-shown", "hidden"),
        Input(ids.PROFILE.done, "data"),
        Input(shared.THEME, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def draw(job_id, theme, run_id):
        if not job_id:
            raise PreventUpdate
        r = store.of(session.user()).jobs.one(job_id)["result"]
        given, made = np.array(r["given"]), np.array(r["made"])
        figure = figures.profile(given, made, r["names"], r["n_genes"], theme)
        largest = figures.largest_differences(given, made, r["names"], r["n_genes"])
        rows = [
            [d["name"], d["kind"], number(d["input"]), number(d["reconstruction"]), number(d["difference"])]
            for d in largest
        ]
        words = "mean of 1 cell" if r["cells"] == 1 else f"mean of {r['cells']:,} cells"
        return (
            figure,
            [
                html.H3(f"Largest differences, {words}"),
                table(["feature", "kind", "X", "X'", "X' - X"], rows, (2, 3, 4)),
                html.A("The table behind this plot (CSV)", href=profile_link(run_id, job_id)),
            ],
            False,
        )
