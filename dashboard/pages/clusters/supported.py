"""The card of clusters whose markers are tested on molecules that did not make them."""

import json

from dash import Input, State, html

from core.config import DEFAULT_RESOLUTION
from core.config.job_arguments import SupportArguments
from core.config.run_files import survival_of
from dashboard.components import job_card
from dashboard.components.widgets import card, more, notice, number, table
from dashboard.ids import watched
from dashboard.pages.clusters import ids, run_jobs
from dashboard.pages.clusters.controls import go

JOB = watched("support")
GO = "support-go"
RESULT = "support-result"
FILE = "support.json"

RESULTS = {
    "supported": "supported",
    "no marker": "unsupported: no marker",
    "not found": "unsupported: not found by one half",
}


def layout(view, run):
    return card(
        "Clusters with markers on other molecules",
        html.P(
            "Markers of clusters that were found by the same molecules have p values that are too small: even clusters of "
            "noise have markers. Here each molecule goes to one of two halves by chance. Clusters are found by one half and "
            "their markers are tested on the other."
        ),
        go("Test the clusters", GO),
        *job_card.parts(view, JOB, view.jobs.last(run["id"], "support")),
        html.Div(id=RESULT),
        more(
            "How is this tested?",
            html.P(
                "Counts are thinned binomially, so the halves are independent given the expression of the cell (Neufeld "
                "2023). One half is encoded and clustered by Leiden at the chosen resolution. A marker is a gene that is "
                "higher in the cluster on the other half (rank-sum test, adjusted p below 0.05, each cell normalised by its "
                "molecules of that half). A cluster is matched to the cluster of the half with the highest Jaccard index. "
                "It is unsupported where that cluster has no marker, or where no cluster of the half shares more than half of "
                "the cells. Cells are still taken as replicates: other samples can differ. Each half has half of the molecules, "
                "so a small real cluster can be missed."
            ),
        ),
    )


def register(app, store):
    @run_jobs.asks(app, store, JOB, Input(GO, "n_clicks"), State(ids.RESOLUTION, "value"))
    def ask(view, run, _, resolution):
        arguments = SupportArguments(resolution=resolution or DEFAULT_RESOLUTION)
        return view.jobs.ask("support", run["id"], arguments)

    @run_jobs.draws(app, store, JOB, RESULT, FILE)
    def show(view, run, path, _):
        return result(view, run, json.loads(path.read_text()))


def result(view, run, record):
    """How many clusters are supported, and each of them beside its stability over seeds, where that was computed."""
    lines, resolution = record["clusters"], record["resolution"]
    survival = view.results.array(run["id"], survival_of(resolution))
    n = sum(line["result"] == "supported" for line in lines)
    words = f"{n} of {len(lines)} clusters at resolution {resolution:g} are supported."
    rows = [
        [
            line["cluster"],
            f"{line['cells']:,}",
            line["markers"],
            line["markers_same"],
            number(line["jaccard"], 2),
            number(None if survival is None else float(survival[line["cluster"]].mean()), 2),
            ", ".join(line["names"]),
            RESULTS[line["result"]],
        ]
        for line in lines
    ]
    head = [
        *("cluster", "cells", "markers on the other half", "on the same half", "Jaccard with the half"),
        *("stability over seeds", "first markers", "result"),
    ]
    return [
        notice(words, "good" if n == len(lines) else "warn"),
        table(head, rows, numeric=(0, 1, 2, 3, 4, 5)),
        html.P(
            f"On {record['cells']:,} training and test cells and the {record['genes']:,} genes that the model reads.",
            className="help",
        ),
    ]
