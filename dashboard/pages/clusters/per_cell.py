"""The card of scores per cell, which can colour the panels."""

import numpy as np
from dash import Input, Output, State, html

from core.analysis.metrics.descriptions import CELL_SCORES
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.widgets import card, more, number, table
from dashboard.ids import watched
from dashboard.pages.clusters import run_jobs
from dashboard.pages.clusters.controls import go
from dashboard.server import session

JOB = watched("cell-scores")
GO = "cell-scores-go"
RESULT = "cell-scores-result"


def layout(view, run):
    return card(
        "Scores per cell",
        html.P(
            "Which cells does the latent space represent well, and which not? The share of neighbours kept, the "
            "reconstruction error and, with batches, the batch mixing around each cell. Each score can colour the panels: "
            "choose it under 'Colour by'."
        ),
        go("Compute scores per cell", GO),
        *job_card.parts(view, JOB, view.jobs.last(run["id"], "cell_scores")),
        html.Div(id=RESULT),
    )


def register(app, store):
    @run_jobs.asks(app, store, JOB, Input(GO, "n_clicks"))
    def score(view, run, _):
        return view.jobs.ask("cell_scores", run["id"])

    @app.callback(Output(RESULT, "children"), Input(JOB.done, "data"), State(shared.RUN, "data"))
    def show(_, run_id):
        view = store.of(session.user())
        names = view.results.names(run_id, "per_cell")
        scores = {
            name: view.results.array(run_id, f"per_cell/{name}") for name in CELL_SCORES if name in names
        }
        return result_table(scores) if scores else []


def result_table(scores):
    """Median and spread of each score, and what it means; `scores`: {name: (cells,) values}."""
    rows = []
    for name, values in scores.items():
        finite = values[np.isfinite(values)]
        quantiles = (
            [number(float(q)) for q in np.quantile(finite, (0.1, 0.5, 0.9))] if len(finite) else [""] * 3
        )
        title = CELL_SCORES[name].title
        rows.append([title[0].upper() + title[1:], CELL_SCORES[name].range, *quantiles, f"{len(finite):,}"])
    return [
        table(["", "unit", "10 %", "median", "90 %", "cells"], rows, numeric=range(2, 6)),
        more(
            "What do these scores mean?",
            html.Ul([html.Li(CELL_SCORES[name].sentence) for name in scores]),
        ),
    ]
