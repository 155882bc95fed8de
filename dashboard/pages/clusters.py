"""Clusters: the latent space beside PCA, t-SNE and UMAP of the input, what it is worth, and the way to take it away."""

import uuid

import dash_bootstrap_components as dbc
from dash import Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core import figures
from core.config import DEFAULT_RESOLUTION, RESOLUTIONS
from core.store import ACTIVE
from dashboard import downloads, follow, ids, loadings, pictures, scoring, session
from dashboard.components import card, empty, graph, more, notice, progress, working
from dashboard.pages.train import loss
from dashboard.painting import CLUSTERS, colour_of, colour_options

PATH, TITLE = "/clusters", "Clusters"


def layout(view, here):
    run = here.run
    if run is None:
        return empty(
            "No run yet. Create a model first.", here.link("/model"), "Create a model", "bi-diagram-3"
        )
    if run["explored"] != "ready":
        return not_yet(view, run)
    return html.Div(
        [
            dcc.Store(id=ids.PAGE, data=uuid.uuid4().hex),
            dcc.Store(id=ids.RUN, data=run["id"]),
            dcc.Interval(id=ids.CLUSTERS_TICK, interval=1500),
            dcc.Store(id=ids.CLUSTERS_STATE),
            card(
                "The latent space beside the input",
                controls(view, run),
                working(ids.PANELS_WORDS),
                maps(view, run),
            ),
            html.Div([scoring.scores_card(view, run), takeaway(run)], className="nuwa-grid even"),
            scoring.profile_card(view, run),
            loadings.loadings_card(view, run),
            card(
                "Loss convergence of this run",
                graph(ids.CLUSTERS_LOSS, "Loss by epoch", style={"height": "340px"}),
            ),
        ]
    )


def not_yet(view, run):
    """A run whose latent space is not drawn: why, and the way on."""
    link = f"/train?run={run['id']}"
    if run["explored"] == "failed":
        words = f"The clusters of this run could not be computed. {view.last_job(run['id'], 'explore')['message']}"
        again = html.Button("Compute them again", id=ids.EXPLORE_AGAIN, className="btn btn-primary")
        return card(
            None,
            dcc.Store(id=ids.RUN, data=run["id"]),
            notice(words, "bad"),
            html.P("The model, its weights and its latent space are there all the same."),
            html.Div(again, className="nuwa-actions"),
        )
    if run["status"] in (*ACTIVE, "created") or run["explored"] == "working":
        words = "The clusters come as soon as this run is trained and its neighbours are found."
        return html.Div(
            [
                empty(words, link, "To the training", "bi-hourglass-split"),
                dcc.Store(id=ids.RUN, data=run["id"]),
                dcc.Interval(id=ids.CLUSTERS_WAIT, interval=1500),
            ]
        )
    return empty(f"This run has no latent space. {run['message']}", link, "To the training", "bi-emoji-frown")


def controls(view, run):
    """What colours the cells, how fine the clusters are, two dimensions or three."""
    return html.Div(
        [
            html.Div(
                [
                    html.Label("Colour by", htmlFor=ids.COLOUR),
                    dcc.Dropdown(
                        colour_options(view, run, "", CLUSTERS),
                        CLUSTERS,
                        id=ids.COLOUR,
                        clearable=False,
                        optionHeight=30,
                    ),
                    html.Div(
                        "clusters, an obs column, a gene or a protein: type to search", className="help"
                    ),
                ],
                className="nuwa-field wide",
            ),
            html.Div(
                [
                    html.Label("Resolution of the clusters", htmlFor=ids.RESOLUTION),
                    dcc.Slider(
                        min=RESOLUTIONS[0],
                        max=RESOLUTIONS[-1],
                        step=0.2,
                        value=DEFAULT_RESOLUTION,
                        marks={r if r % 1 else int(r): f"{r:g}" for r in (0.2, 0.6, 1.0, 1.4, 2.0)},
                        id=ids.RESOLUTION,
                    ),
                    html.Div(
                        "Leiden on the latent's neighbours; higher means more, smaller clusters",
                        className="help",
                    ),
                ],
                className="nuwa-field wide",
            ),
            html.Div(
                [
                    html.Label("View"),
                    dbc.RadioItems(
                        options=[{"label": "2-D", "value": 2}, {"label": "3-D", "value": 3}],
                        value=2,
                        id=ids.DIMENSIONS,
                        inline=True,
                    ),
                ],
                className="nuwa-field",
            ),
        ],
        className="nuwa-form",
    )


def maps(view, run):
    return html.Div(
        [
            graph(
                ids.PANELS,
                "The cells as points: latent space, and PCA, t-SNE and UMAP of the input",
                dataset=view.dataset(run["dataset"]),
            ),
            html.Div(
                html.A(
                    "The table behind this plot (CSV)",
                    id=ids.LINK_TABLE,
                    href=downloads.table_link(run["id"], CLUSTERS, DEFAULT_RESOLUTION, 2),
                ),
                className="nuwa-actions",
            ),
            more(
                "How to read these maps",
                html.P(
                    "Each point is a cell. The first panel is the autoencoder's latent space, the others show the same "
                    "cells as they went in, after preprocessing; the colours are the same everywhere. UMAP and t-SNE keep "
                    "near cells near, but distances between groups and their sizes mean little: trust the scores below."
                ),
            ),
        ]
    )


def takeaway(run):
    base = f"/download/{run['id']}"
    return card(
        "Take it away",
        html.Ul(
            [
                html.Li(
                    html.A(
                        "Latent space as CSV",
                        id=ids.LINK_LATENT,
                        href=f"{base}/latent.csv?resolution={DEFAULT_RESOLUTION}",
                    )
                ),
                html.Li(html.A("Weights (model.pt)", href=f"{base}/model.pt")),
                html.Li(html.A("Settings (config.json)", href=f"{base}/config.json")),
                html.Li(html.A("Losses by epoch (history.csv)", href=f"{base}/history.csv")),
                html.Li(html.A("Scores (scores.json)", href=f"{base}/scores.json")),
            ]
        ),
        html.P(
            "For scanpy and friends: the file as it came with the latent space, its UMAP and the clusters.",
            className="help",
        ),
        dbc.Switch(
            id=ids.DENOISED,
            value=False,
            label="with the denoised values of the used genes and proteins, which make the file larger",
        ),
        html.Button("Make result.h5ad", id=ids.EXPORT, className="btn btn-outline-primary"),
        working(ids.EXPORT_MESSAGE),
    )


def register(app, store):
    scoring.register(app, store)
    loadings.register(app, store)
    downloads.register(app.server, store)

    @app.callback(
        Output(ids.URL, "href", allow_duplicate=True),
        Input(ids.CLUSTERS_WAIT, "n_intervals"),
        State(ids.RUN, "data"),
        prevent_initial_call=True,
    )
    def arrived(n, run_id):
        """Somebody waits on the page for clusters to come: show them when they are there."""
        ready = store.of(session.user()).run(run_id)["explored"] in ("ready", "failed")
        return f"/clusters?run={run_id}&ready={n}" if ready else no_update

    @app.callback(
        Output(ids.URL, "href", allow_duplicate=True),
        Input(ids.EXPLORE_AGAIN, "n_clicks"),
        State(ids.RUN, "data"),
        prevent_initial_call=True,
    )
    def again(clicks, run_id):
        if not clicks:
            raise PreventUpdate
        store.of(session.user()).explore_again(run_id)
        return f"/clusters?run={run_id}&again={uuid.uuid4().hex[:6]}"

    @app.callback(
        Output(ids.COLOUR, "options"),
        Input(ids.COLOUR, "search_value"),
        State(ids.COLOUR, "value"),
        State(ids.RUN, "data"),
        prevent_initial_call=True,
    )
    def search(text, chosen, run_id):
        view = store.of(session.user())
        return colour_options(view, view.run(run_id), text or "", chosen)

    @app.callback(
        Output(ids.CLUSTERS_STATE, "data"),
        Output(ids.CLUSTERS_TICK, "disabled"),
        Input(ids.CLUSTERS_TICK, "n_intervals"),
        Input(ids.DIMENSIONS, "value"),
        State(ids.CLUSTERS_STATE, "data"),
        State(ids.RUN, "data"),
    )
    def watch(_, k, seen, run_id):
        """Some pictures come after the rest: look for them until all are there or none is under way."""
        view = store.of(session.user())
        missing = pictures.missing(view, view.run(run_id), k)
        over = not missing or (k == 2 and not pictures.under_way(store, run_id, missing))
        return missing if missing != seen else no_update, over

    @app.callback(
        Output(ids.PANELS, "figure"),
        Output(ids.LINK_TABLE, "href"),
        Output(ids.LINK_LATENT, "href"),
        Input(ids.COLOUR, "value"),
        Input(ids.RESOLUTION, "value"),
        Input(ids.DIMENSIONS, "value"),
        Input(ids.CLUSTERS_STATE, "data"),
        Input(ids.THEME, "data"),
        State(ids.RUN, "data"),
    )
    def draw(by, resolution, k, _, theme, run_id):
        view = store.of(session.user())
        run = view.run(run_id)
        colour = colour_of(view, run, by, resolution)
        cells = [name.decode() for name in view.shelf(run["dataset"]).cells()]
        drawn = figures.panels(pictures.panels(store, view, run, k), colour, cells, theme)
        latent = f"/download/{run_id}/latent.csv?resolution={resolution}"
        return drawn, downloads.table_link(run_id, by, resolution, k), latent

    @app.callback(
        Output(ids.PANELS_WORDS, "children"),
        Input(ids.DIMENSIONS, "value"),
        State(ids.RUN, "data"),
        State(ids.PAGE, "data"),
        background=True,
        prevent_initial_call=True,
        interval=400,
        progress=[Output(ids.PANELS_WORDS, "children")],
    )
    def three(set_progress, k, run_id, page):
        """The pictures in three dimensions are made when somebody wants to see them."""
        view = store.of(session.LOCAL)
        if k != 3:
            return ""
        asked = [view.draw(run_id, name) for name in pictures.missing(view, view.run(run_id), 3)]
        for job in asked:
            row = follow.job(store, session.LOCAL, job, lambda w, s: set_progress((progress(w, s),)))
            if row["status"] != "done":
                return notice(row["message"], "bad")
        return ""

    @app.callback(Output(ids.CLUSTERS_LOSS, "figure"), Input(ids.THEME, "data"), State(ids.RUN, "data"))
    def draw_loss(theme, run_id):
        return loss(store.of(session.user()), run_id, False, "total", theme)

    @app.callback(
        Output(ids.EXPORT_MESSAGE, "children"),
        Input(ids.EXPORT, "n_clicks"),
        State(ids.RESOLUTION, "value"),
        State(ids.DENOISED, "value"),
        State(ids.RUN, "data"),
        State(ids.PAGE, "data"),
        background=True,
        prevent_initial_call=True,
        interval=400,
        progress=[Output(ids.EXPORT_MESSAGE, "children")],
        running=[(Output(ids.EXPORT, "disabled"), True, False)],
    )
    def export(set_progress, clicks, resolution, denoised, run_id, page):
        if not clicks:
            raise PreventUpdate
        asked = {"resolution": resolution, "denoised": bool(denoised)}
        job = store.of(session.LOCAL).ask("export", run_id, asked, f"{page}:export:{clicks}")
        row = follow.job(store, session.LOCAL, job, lambda w, s: set_progress((progress(w, s),)))
        if row["status"] != "done":
            return notice(row["message"], "bad")
        link = html.A(
            "Download result.h5ad", href=f"/download/{run_id}/result.h5ad", className="btn btn-primary"
        )
        words = f"Ready, with the clusters of resolution {resolution}{' and denoised values' if denoised else ''}."
        return [notice(words, "good"), link]
