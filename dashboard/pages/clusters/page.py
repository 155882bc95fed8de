"""Clusters: the latent space beside PCA, t-SNE and UMAP of the input, what it is worth, and the way to take it away."""

import uuid

from dash import Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core.store import ACTIVE
from dashboard import ids as shared
from dashboard.components import sections
from dashboard.components.sections import Section
from dashboard.components.widgets import card, empty, notice
from dashboard.pages.clusters import (
    downloads,
    ids,
    latent_effects,
    loadings,
    reconstruction,
    scores,
    spaces,
    stability,
    summary,
)
from dashboard.pages.clusters.annotate import callbacks as naming
from dashboard.pages.clusters.annotate.card import grouping_cards
from dashboard.pages.clusters.bundle import callbacks as taking
from dashboard.pages.clusters.bundle.card import takeaway_card
from dashboard.pages.clusters.mapping import callbacks as mapping
from dashboard.pages.clusters.mapping.card import asked_store, mapping_card
from dashboard.pages.clusters.markers import callbacks as marking
from dashboard.pages.clusters.markers import cell_types
from dashboard.pages.clusters.markers.card import markers_card
from dashboard.pages.clusters.viewer import callbacks, link_state, routes
from dashboard.pages.clusters.viewer import card as viewer
from dashboard.server import session

PATH, TITLE = "/clusters", "Clusters"


# The page below its pictures. A card is one function of (view, run): it is named here, in the section where a biologist
# would look for it, and `register` at the foot of this file hears its callbacks. Cards come when a person gets to them,
# so a callback has all its outputs in one section; of other sections it may hear and read what is in the viewer's alone.
SECTIONS = (
    Section("see", "See", lambda view, run: [summary.about_card(view, run)]),
    Section("clusters", "Clusters and names", grouping_cards),
    Section(
        "markers",
        "Markers",
        lambda view, run: [markers_card(view, run), cell_types.suggesting_card(view, run)],
    ),
    Section(
        "judge",
        "Judge",
        lambda view, run: [
            scores.scores_card(view, run),
            *spaces.judging_cards(view, run),
            stability.seeds_card(view, run),
        ],
    ),
    Section(
        "meaning",
        "Meaning",
        lambda view, run: [
            latent_effects.meaning_card(view, run),
            loadings.loadings_card(view, run),
            reconstruction.profile_card(view, run),
        ],
    ),
    Section("map", "Map", lambda view, run: [mapping_card(view, run)]),
    Section("take", "Take away", lambda view, run: [takeaway_card(view, run)]),
)


def layout(view, here):
    run = here.run
    if run is None:
        return empty(
            "No run yet. Create a model first.", here.link("/model"), "Create a model", "bi-diagram-3"
        )
    if run["explored"] != "ready":
        return not_yet(view, run)
    state = link_state.from_link(here.asked, view, run)
    return html.Div(
        [
            dcc.Store(id=shared.PAGE, data=uuid.uuid4().hex),
            dcc.Store(id=shared.RUN, data=run["id"]),
            dcc.Interval(id=ids.CLUSTERS_TICK, interval=1500),
            dcc.Store(id=ids.CLUSTERS_STATE),
            dcc.Store(id=ids.MADE_LINE),
            asked_store(here.asked),
            *[notice(note, "warn") for note in state.notes],
            sections.contents(SECTIONS),
            sections.place(SECTIONS[0], viewer.layout(view, run, state)),
            *[sections.place(section) for section in SECTIONS[1:]],
        ]
    )


def not_yet(view, run):
    """A run whose latent space is not drawn: why, and the way on."""
    link = f"/train?run={run['id']}"
    if run["explored"] == "failed":
        words = f"The clusters of this run could not be computed. {view.jobs.last(run['id'], 'explore')['message']}"
        again = html.Button("Compute them again", id=ids.EXPLORE_AGAIN, className="btn btn-primary")
        return card(
            None,
            dcc.Store(id=shared.RUN, data=run["id"]),
            notice(words, "bad"),
            html.P("The model, its weights and its latent space are there all the same."),
            html.Div(again, className="nuwa-actions"),
        )
    if run["status"] in (*ACTIVE, "created") or run["explored"] == "working":
        words = "The clusters come as soon as this run is trained and its neighbours are found."
        return html.Div(
            [
                empty(words, link, "To the training", "bi-hourglass-split"),
                dcc.Store(id=shared.RUN, data=run["id"]),
                dcc.Interval(id=ids.CLUSTERS_WAIT, interval=1500),
            ]
        )
    return empty(f"This run has no latent space. {run['message']}", link, "To the training", "bi-emoji-frown")


def register(app, store):
    sections.register(app, store, SECTIONS)
    callbacks.register(app, store)
    naming.register(app, store)
    marking.register(app, store)
    mapping.register(app, store)
    cell_types.register(app, store)
    summary.register(app, store)
    scores.register(app, store)
    reconstruction.register(app, store)
    spaces.register(app, store)
    stability.register(app, store)
    loadings.register(app, store)
    latent_effects.register(app, store)
    taking.register(app, store)
    downloads.register(app.server, store)
    routes.register(app.server, store)

    @app.callback(
        Output(shared.URL, "href", allow_duplicate=True),
        Input(ids.CLUSTERS_WAIT, "n_intervals"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def arrived(n, run_id):
        """Somebody waits on the page for clusters to come: show them when they are there."""
        ready = store.of(session.user()).runs.one(run_id)["explored"] in ("ready", "failed")
        return f"/clusters?run={run_id}&ready={n}" if ready else no_update

    @app.callback(
        Output(shared.URL, "href", allow_duplicate=True),
        Input(ids.EXPLORE_AGAIN, "n_clicks"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def again(clicks, run_id):
        if not clicks:
            raise PreventUpdate
        store.of(session.user()).runs.explore_again(run_id)
        return f"/clusters?run={run_id}&again={uuid.uuid4().hex[:6]}"
