"""The card of the curves of a run: what to draw, on which axis, how smooth; kept in the link."""

import math
from contextlib import suppress

import dash_bootstrap_components as dbc
import numpy as np
from dash import Input, Output, Patch, State, dcc, html, no_update

from core import figures
from core.config import RunConfig
from core.config.models import MODELS
from core.config.preparation_record import PreparationRecord
from core.config.run_facts import RunFacts
from core.config.run_files import HISTORY
from dashboard import ids as shared
from dashboard.components.widgets import card, graph, more, term
from dashboard.pages.train import history, ids, live_diagnosis
from dashboard.server import session

SMOOTHEST = 0.99  # the largest weight of the average: about the last hundred epochs
MOST_POINTS = 8 * figures.BUCKETS  # of a curve that grows in the page, before it is thinned again
MOST_AT_ONCE = 400  # epochs that are added one by one
GROWTH, LEAST = 1.5, 20  # a history that grew by half, and some epochs, may want narrower axes
MEMORY = [HISTORY.index(name) for name in ("memory_gb", "gpu_memory_gb")]

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


def drawing(view, run_id, look, drawn):
    """(figure or Patch, what is drawn now) of a run: all of it, or what the page lacks. `drawn` is the answer before."""
    rows, run = history.of(view, run_id), view.runs.one(run_id)
    diagnosis = live_diagnosis.of(view, run)
    evidence = diagnosis.evidence if diagnosis and look.view in figures.LOSSES else None
    mark = evidence if evidence and evidence.part in ("total", look.view) else None
    frame = [run_id, *look, run["n_epochs"], bool(run["facts"]), mark is not None]
    n, said = len(rows), [diagnosis.case, *mark] if mark else []
    if drawn and drawn["frame"] == frame and 1 < drawn["until"] <= n:
        if drawn["until"] == n and drawn["said"] == said:
            return no_update, no_update
        if _grows_in_place(rows, look, drawn):
            patch = addition(run, rows, look, drawn)
            if drawn["said"] != said:
                _move_mark(patch, drawn, mark, diagnosis.case, look.theme)
            shown = {"until": n, "points": drawn["points"] + n - drawn["until"], "best": run["best_epoch"]}
            return patch, drawn | shown | {"said": said}
    figure = curve_of(run, rows, look)
    if mark:
        figures.mark_evidence(figure, mark, diagnosis.case, look.theme)
    return figure, {
        "frame": frame,
        "said": said,
        "marks": [
            len(figure.layout.shapes) - 1,
            len(figure.layout.annotations) - 1,
        ],  # that of a diagnosis is the last
        "until": n,
        "points": figures.n_points(figure),
        "curves": figures.curves_of(figure),
        "ranges": [list(axis.range) for axis in figure.select_yaxes()],
        "at": n,  # epochs for which the ranges were computed
        "best": run["best_epoch"],
        "best_index": next(
            (i for i, t in enumerate(figure.data) if (t.name or "").startswith("best epoch")), None
        ),
    }


def _grows_in_place(rows, look, drawn):
    """Do the new epochs fit into the figure that is drawn, as few points within its axes?"""
    n, since = len(rows), drawn["until"]
    if (
        n - since > MOST_AT_ONCE
        or drawn["points"] + n - since > MOST_POINTS
        or n > GROWTH * drawn["at"] + LEAST
    ):
        return False
    if look.view == "machine":  # two rows of axes; the first is fixed
        return bool(np.nanmax(rows[since:, MEMORY], initial=0.0) <= drawn["ranges"][1][1] or look.log)
    columns = [HISTORY.index(figures.Curve(*curve).column) for curve in drawn["curves"]]
    values = rows[since:, columns]
    values = values[np.isfinite(values) & ((values > 0) | (not look.log))]
    low, high = drawn["ranges"][0]
    values = np.log10(values) if look.log else values
    return not len(values) or bool(low <= values.min() and values.max() <= high)


def _move_mark(patch, drawn, mark, case, theme):
    """Put the mark of what a diagnosis rests on where it is now."""
    marked = figures.mark_evidence(figures.empty(""), mark, case, theme).to_plotly_json()["layout"]
    for name, index in zip(("shapes", "annotations"), drawn["marks"], strict=True):
        patch["layout"][name][index] = marked[name][-1]


def addition(run, rows, look, drawn):
    """The Patch that adds the epochs that a figure lacks, and moves the mark of the best epoch."""
    curves, patch = [figures.Curve(*curve) for curve in drawn["curves"]], Patch()
    epochs, added = figures.additions(rows, curves, look, drawn["until"])
    for curve, values in zip(curves, added, strict=True):
        patch["data"][curve.index]["x"].extend(epochs)
        patch["data"][curve.index]["y"].extend(values)
    best, index = run["best_epoch"], drawn["best_index"]
    if index is not None and best and best != drawn["best"] and best <= len(rows):
        value = rows[best - 1, HISTORY.index(f"valid_{figures.LOSSES[look.view]}")]
        mark = {"x": [best], "y": [float(value)], "name": f"best epoch ({best})", "showlegend": True}
        for name, part in mark.items():
            patch["data"][index][name] = part
    return patch


def curve_of(run, rows, look):
    """The figure of a run's history."""
    facts = RunFacts.upgraded(run["facts"])
    return figures.live_curve(
        rows,
        look,
        n_epochs=run["n_epochs"],
        best_epoch=run["best_epoch"],
        baselines=facts and facts.valid_baselines,
        n_latent=run["config"]["n_latent"],
        loss_label=RunConfig(**run["config"]).loss_label,
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
        return drawing(store.of(session.user()), run_id, look, drawn)

    app.clientside_callback(
        UPDATE_ADDRESS,
        Input(ids.LOSS_PART, "value"),
        Input(ids.LOSS_LOG, "value"),
        Input(ids.SMOOTHING, "value"),
        prevent_initial_call=True,
    )
