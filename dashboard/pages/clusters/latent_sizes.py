"""The card of the number of latent dimensions: the model with 2 to 100 of them on molecules that it has not seen."""

import json

from dash import Input, html

from core import figures
from dashboard.components import job_card
from dashboard.components.widgets import card, graph, more, notice
from dashboard.ids import watched
from dashboard.pages.clusters import run_jobs
from dashboard.pages.clusters.controls import go

JOB = watched("latent-sizes")
GO = "latent-sizes-go"
RESULT = "latent-sizes-result"
FIGURE = "latent-sizes-figure"
FILE = "latent_sizes.json"


def layout(view, run):
    return card(
        "How many latent dimensions do the molecules support?",
        html.P(
            "Trains the settings of this run with 2, 5, 10, 20, 50 and 100 latent dimensions and scores each on molecules of "
            "test cells that it has not seen, with PCA beside it. It waits for trainings in the queue."
        ),
        go("Compare numbers of dimensions", GO),
        *job_card.parts(view, JOB, view.jobs.last(run["id"], "latent_sizes")),
        html.Div(id=RESULT),
        more(
            "How is this read?",
            html.P(
                "More dimensions always lower a plain loss, since they copy noise. On unseen molecules the curve turns where "
                "further dimensions describe noise alone. The left curve asks the decoder, the right one the 30 nearest "
                "training cells of each test cell. Both say how many dimensions these molecules support. They are no "
                "accuracy of cell types: a rare type weighs as little in them as it has cells."
            ),
        ),
    )


def register(app, store):
    @run_jobs.asks(app, store, JOB, Input(GO, "n_clicks"))
    def ask(view, run, _):
        return view.jobs.ask("latent_sizes", run["id"], lane="train")

    @run_jobs.draws(app, store, JOB, RESULT, FILE)
    def show(view, run, path, theme):
        return result(view, run, json.loads(path.read_text()), theme)


def result(view, run, record, theme):
    """The best number of dimensions by both scores, and the curves."""
    by_error = min(record["sizes"], key=lambda one: one["error"])["n_latent"]
    by_deviance = max(record["sizes"], key=lambda one: one["deviance"])["n_latent"]
    best_pca = record["pca"].index(min(record["pca"])) + 1
    words = (
        f"Of the numbers tried, {by_error} latent dimensions predict unseen molecules best by the decoder and {by_deviance} "
        f"by neighbours; for PCA it is {best_pca}. This run has {run['config']['n_latent']}. On {record['cells']:,} test "
        "cells, one seed: small differences are chance."
    )
    plot = graph(
        FIGURE,
        "Error on unseen molecules and deviance explained by number of dimensions, for the autoencoder and PCA",
        dataset=view.datasets.one(run["dataset"]),
        figure=figures.latent_sizes(record, theme),
        style={"height": "340px"},
    )
    return [notice(words, "info"), plot]
