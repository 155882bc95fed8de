"""Clusters: the latent space beside PCA, t-SNE and UMAP of the input, its quality, and its downloads.

A card is a module or package with `layout(view, run)` and `register(app, store)`; it is named once, in CARDS below. To add
one, write it (its ids at its top, or in ids.py of its package) and name it there.
"""

import uuid
from functools import partial
from itertools import chain

from dash import Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core.store import ACTIVE, Explored, Status
from dashboard import ids as shared
from dashboard.components import tabs
from dashboard.components.tabs import Tab
from dashboard.components.widgets import card, empty, notice
from dashboard.pages.clusters import (
    annotate,
    batch_note,
    bundle,
    clustering,
    composition,
    conditions,
    downloads,
    ids,
    latent_effects,
    latent_sizes,
    loadings,
    mapping,
    markers,
    metadata,
    per_cell,
    per_feature,
    reconstruction,
    scores,
    seeds_together,
    selection_bar,
    spaces,
    stability,
    summary,
    supported,
    workspace,
)
from dashboard.pages.clusters.mapping.card import query_store
from dashboard.pages.clusters.markers import cell_types
from dashboard.pages.clusters.viewer import callbacks, colour_controls, link_state, routes
from dashboard.pages.clusters.viewer import card as viewer
from dashboard.server import session

PATH, TITLE = "/clusters", "Clusters"

# The cards of each tab, (name, title). The names are in links (#judge) that people keep. The cards of a tab are loaded
# when it is first opened, so a callback has all its outputs in one tab; of other tabs it may read what is there at once,
# which is the maps, the selection and the resolution.
CARDS = {
    ("see", "Colour and metadata"): (metadata,),
    ("clusters", "Clusters and names"): (clustering, annotate, composition),
    ("markers", "Markers"): (markers, cell_types, conditions),
    ("judge", "Quality"): (
        scores,
        spaces,
        per_cell,
        per_feature,
        stability,
        seeds_together,
        supported,
        latent_sizes,
        summary,
    ),
    ("meaning", "Latent dimensions"): (latent_effects, loadings, reconstruction),
    ("map", "Map new data"): (mapping,),
    ("take", "Export"): (bundle,),
}


def _layouts(cards, view, run):
    return [each.layout(view, run) for each in cards]


TABS = tuple(Tab(name, title, partial(_layouts, cards)) for (name, title), cards in CARDS.items())


def layout(view, context):
    run = context.run
    if run is None:
        return empty(
            "There is no run. Create a model first.", context.link("/model"), "Create a model", "bi-diagram-3"
        )
    if run["explored"] != Explored.READY:
        return not_yet(view, run)
    state = link_state.from_link(context.query, view, run)
    return html.Div(
        [
            dcc.Store(id=shared.PAGE, data=uuid.uuid4().hex),
            dcc.Store(id=shared.RUN, data=run["id"]),
            dcc.Interval(id=ids.PANELS_TICK, interval=1500),
            dcc.Store(id=ids.PANELS_MISSING),
            dcc.Store(id=ids.CLUSTERING),
            query_store(context.query),
            workspace.layout(
                viewer.layout(
                    view, run, state, selection_bar.layout(view, run, state), [batch_note.line(run)]
                ),
                tabs.layout(
                    TABS,
                    "Tools and results",
                    before={
                        "see": [colour_controls.card(view, run, state)],
                        "clusters": [viewer.resolution(state)],
                    },
                    after={"see": viewer.reading()},
                    beside=[workspace.buttons()],
                ),
            ),
        ],
        className="nuwa-workspace-page",
    )


def not_yet(view, run):
    """A run without clusters: why, and what to do."""
    link = f"/train?run={run['id']}"
    if run["explored"] == Explored.FAILED:
        message = f"The clusters of this run could not be computed. {view.jobs.last(run['id'], 'explore')['message']}"
        retry = html.Button("Compute again", id=ids.EXPLORE_RETRY, className="btn btn-primary")
        return card(
            None,
            dcc.Store(id=shared.RUN, data=run["id"]),
            notice(message, "bad"),
            html.P("The model, its weights and its latent space are saved and can be used."),
            html.Div(retry, className="nuwa-actions"),
        )
    if run["status"] in (*ACTIVE, Status.CREATED) or run["explored"] == Explored.WORKING:
        message = "The clusters are shown as soon as this run is trained and its neighbour graph is computed."
        return html.Div(
            [
                empty(message, link, "Go to Train", "bi-hourglass-split"),
                dcc.Store(id=shared.RUN, data=run["id"]),
                dcc.Interval(id=ids.CLUSTERS_WAIT, interval=1500),
            ]
        )
    return empty(f"This run has no latent space. {run['message']}", link, "Go to Train", "bi-emoji-frown")


def register(app, store):
    tabs.register(app, store, TABS)
    callbacks.register(app, store)
    selection_bar.register(app, store)
    for each in chain(*CARDS.values()):
        each.register(app, store)
    downloads.register(app.server, store)
    routes.register(app.server, store)

    @app.callback(
        Output(shared.URL, "href", allow_duplicate=True),
        Input(ids.CLUSTERS_WAIT, "n_intervals"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def open_when_ready(n, run_id):
        """Open the page again as soon as the clusters are computed."""
        ready = store.of(session.user()).runs.one(run_id)["explored"] in (Explored.READY, Explored.FAILED)
        return f"/clusters?run={run_id}&ready={n}" if ready else no_update

    @app.callback(
        Output(shared.URL, "href", allow_duplicate=True),
        Input(ids.EXPLORE_RETRY, "n_clicks"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def compute_again(clicks, run_id):
        if not clicks:
            raise PreventUpdate
        store.of(session.user()).runs.explore_again(run_id)
        return f"/clusters?run={run_id}&again={uuid.uuid4().hex[:6]}"
