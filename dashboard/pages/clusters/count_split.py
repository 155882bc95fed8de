"""The count-split score on the card of scores: the half of the molecules that a space has not seen."""

import json

from dash import Input, html

from core import figures
from core.analysis.metrics.descriptions import COUNT_SPLIT, SPACES, SPLIT_HALF
from core.config.run_facts import RunFacts
from core.text import NORMAL_95, interval
from dashboard.components import job_card
from dashboard.components.widgets import graph, more, notice, number, table
from dashboard.ids import watched
from dashboard.pages.clusters import run_jobs
from dashboard.pages.clusters.controls import go

JOB = watched("count-split")
GO = "count-split-go"
RESULT = "count-split-result"
FIGURE = "count-split-figure"
FILE = "count_split.json"


def parts(view, run):
    """The button and the place of the result."""
    return [
        html.H3("Is it signal or copied noise?", className="h6"),
        html.P(
            f"{_rewarded(run)} copied noise, which only ever asks for more dimensions. "
            "The count-split score splits the molecules of each cell into two halves and predicts one from the other, whose "
            "noise is independent."
        ),
        go("Compute count-split score", GO),
        *job_card.parts(view, JOB, view.jobs.last(run["id"], "count_split")),
        html.Div(id=RESULT),
    ]


def _rewarded(run):
    splits_counts = RunFacts.upgraded(run["facts"]).test_baselines.pca_size is not None
    return (
        "Neighbours kept rewards"
        if splits_counts
        else "Neighbours kept, variance explained and the loss reward"
    )


def register(app, store):
    @run_jobs.asks(app, store, JOB, Input(GO, "n_clicks"))
    def compute(view, run, _):
        return view.jobs.ask("count_split", run["id"], lane="slow")

    @run_jobs.draws(app, store, JOB, RESULT, FILE)
    def show(view, run, path, theme):
        return result(view, run, json.loads(path.read_text()), theme)


def result(view, run, record, theme):
    """The comparison in words, and the curve."""
    words, tone = outcome(record)
    plot = graph(
        FIGURE,
        "Error on the unseen half of the molecules by number of dimensions of PCA, and of the autoencoder",
        dataset=view.datasets.one(run["dataset"]),
        figure=figures.count_split(record, theme),
        style={"height": "340px"},
    )
    return [
        notice(words, tone),
        plot,
        html.P(COUNT_SPLIT.sentence, className="help"),
        *spaces_table(run, record),
    ]


def spaces_table(run, record):
    """All spaces on one scale; nothing for a record of an earlier version."""
    if "spaces" not in record:
        return []
    rows = [
        [
            SPACES[row["space"]],
            interval(row["explained"], row["error"], 3),
            *(number(row[name], 3) for name in ("neighbours", "clusters", "places")),
        ]
        for row in record["spaces"]
    ]
    head = ["Made of one half of the molecules", *(SPLIT_HALF[name].title for name in SPLIT_HALF)]
    return [
        html.H4("Every space by molecules it has not seen", className="h6 mt-3"),
        table(head, rows, numeric=(1, 2, 3, 4)),
        html.P(
            f"Computed on {record['n_cells']:,} test cells that training never saw, clusters on {record['all_cells']:,} "
            "training and test cells. Labels have no part in it, and it does not rank transforms by how well clusters agree "
            "with labels.",
            className="help",
        ),
        html.A(
            "Download deviance explained by gene (CSV)",
            href=f"/download/{run['id']}/count_split_genes.csv",
        ),
        more("What do these scores mean?", html.Ul([html.Li(one.sentence) for one in SPLIT_HALF.values()])),
    ]


def outcome(record):
    """(sentences, tone): the model beside PCA of the best size, with the error of the difference."""
    best = record["pca"][record["best"] - 1]
    difference, error = record["difference"], record["difference_error"]
    words = (
        f"Error on the unseen half: autoencoder {record['model']:.4f}, PCA at its best size ({record['best']} dimensions) "
        f"{best:.4f}, training mean {record['mean']:.4f}, on {record['n_cells']:,} cells. "
        f"The difference is {interval(difference, error, 4)}: "
    )
    if abs(difference) <= NORMAL_95 * error:
        return f"{words}within its 95 % interval, so the two are level.", "info"
    if difference < 0:
        return f"{words}the autoencoder predicts molecules it has not seen better than any PCA.", "good"
    return f"{words}PCA of {record['best']} dimensions predicts molecules it has not seen better.", "warn"
