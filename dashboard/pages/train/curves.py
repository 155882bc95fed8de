"""The card of the curves of a run: what to draw, on which axis, how smooth; kept in the link."""

import math
from contextlib import suppress

import dash_bootstrap_components as dbc
from dash import Input, Output, State, dcc, html

from core import figures
from core.config.models import MODELS
from core.config.preparation_record import PreparationRecord
from dashboard import ids as shared
from dashboard.components.widgets import card, graph, more, term
from dashboard.pages.train import curve_updates, ids
from dashboard.server import session

SMOOTHEST = 0.99  # the largest weight of the average: about the last hundred epochs

# The address holds what the card shows.
UPDATE_ADDRESS = """(view, log, smoothing) => {
    const query = new URLSearchParams(location.search);
    const shown = {curve: view === "total" ? null : view, log: log ? 1 : null, smooth: smoothing || null};
    for (const [name, value] of Object.entries(shown)) {
        if (value !== null && value !== undefined) query.set(name, value);
        else query.delete(name);
    }
    if (location.pathname === "/train") history.replaceState(history.state, "", `?${query}${location.hash}`);
}"""


def from_link(query, views):
    """The figures.Look that the query of a link asks for; what it does not know is the default."""
    view, smoothing = query.get("curve"), 0.0
    with suppress(ValueError):
        wanted = float(query.get("smooth", 0))
        smoothing = min(max(wanted, 0.0), SMOOTHEST) if math.isfinite(wanted) else 0.0
    return figures.Look(view if view in views else "total", query.get("log") == "1", smoothing)


def layout(view, context):
    run = context.run
    record = PreparationRecord.of(view.preparations.one(run["preparation"]))
    variational = MODELS[run["config"]["model"]].variational
    views = figures.views_of(bool(record.n_genes), bool(record.n_proteins), variational)
    look = from_link(context.query, views)
    options = [{"label": figures.VIEWS[name].title, "value": name} for name in views]
    return card(
        "Loss convergence",
        html.Div(
            [
                dbc.RadioItems(options=options, value=look.view, id=ids.LOSS_PART, inline=True),
                dbc.Switch(id=ids.LOSS_LOG, value=look.log, label="Logarithmic axis"),
            ],
            className="nuwa-actions",
        ),
        html.Div(
            [
                html.Label("Smoothing", htmlFor=ids.SMOOTHING, className="nuwa-slider-label"),
                html.Div(
                    dcc.Slider(
                        0,
                        SMOOTHEST,
                        0.01,
                        value=look.smoothing,
                        id=ids.SMOOTHING,
                        marks={0: "none", 0.5: "0.5", 0.9: "0.9", SMOOTHEST: "0.99"},
                    ),
                    style={"flex": "0 1 420px"},
                ),
            ],
            className="nuwa-actions",
        ),
        dcc.Store(id=ids.DRAWN),
        graph(
            ids.LOSS,
            "Training and validation loss by epoch, with the baselines",
            dataset=context.dataset,
            style={"height": "420px"},
        ),
        _explained(),
    )


def _explained():
    return more(
        "How to read this",
        html.P(
            "The loss is the mean squared difference between target and reconstruction, with RNA and protein weighted "
            "(for the model counts: the negative log-likelihood of the raw counts). Where counts are split, the "
            "target is the part of the molecules that the encoder has not seen, so the loss is one of molecules "
            "and, on validation cells, of cells that are new to the model. Proteins are not split. The training curve is of "
            "cells that the model trains on, as many as validation cells; the validation curve is of cells that it does not "
            "see. Both are measured without dropout, after each epoch, so they compare. When the "
            "validation loss rises while the training loss falls, the model over-fits: dropout or fewer "
            "units help. Early stopping saves time only, as the weights of the best epoch are kept."
        ),
        html.P(
            [
                "The dashed lines are ",
                term("baselines", "Baseline"),
                " on the same ",
                term("validation cells"),
                ": the training mean, predicted for every cell, and PCA with as many dimensions, the best "
                "linear autoencoder for a squared error (for the model counts: PCA turned back into counts). "
                "Where counts are split, all baselines predict the part that is not seen: PCA has the size that "
                "does so best, and the third baseline is a linear regression from one part to the other. "
                "A good model ends below PCA; one near the mean has learnt nothing. Where counts are not split, "
                "the loss rewards copied noise as well: the count-split score on the Clusters page does not.",
            ]
        ),
        html.P(
            [
                "Penalties are what KL, L1 and L2 add to the loss. The ",
                term("gradient norm"),
                " is measured before it is clipped. Smoothing draws a moving average; the measured curve stays as a thin line.",
            ]
        ),
    )


def register(app, store):
    @app.callback(
        Output(ids.LOSS, "figure"),
        Output(ids.DRAWN, "data"),
        Input(ids.TICK, "data"),
        Input(ids.LOSS_PART, "value"),
        Input(ids.LOSS_LOG, "value"),
        Input(ids.SMOOTHING, "value"),
        Input(shared.THEME, "data"),
        State(ids.DRAWN, "data"),
        State(shared.RUN, "data"),
    )
    def draw_curves(_, view, log, smoothing, theme, drawn, run_id):
        look = figures.Look(view or "total", bool(log), float(smoothing or 0), theme)
        return curve_updates.drawing(store.of(session.user()), run_id, look, drawn)

    app.clientside_callback(
        UPDATE_ADDRESS,
        Input(ids.LOSS_PART, "value"),
        Input(ids.LOSS_LOG, "value"),
        Input(ids.SMOOTHING, "value"),
        prevent_initial_call=True,
    )
