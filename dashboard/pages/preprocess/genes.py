"""Gene selection on the Preprocess page: the genes that the settings would use, drawn and counted as they change."""

import numpy as np
from dash import Input, Output, State, dcc, html, no_update

from core import figures
from core.config import PREPARE
from core.errors import UserError
from core.store import Missing, Status
from dashboard import ids as shared
from dashboard.components import job_progress
from dashboard.components.field_jobs import follows
from dashboard.components.forms import read_form
from dashboard.components.widgets import graph, more, notice, progress, term
from dashboard.pages.preprocess import ids
from dashboard.server import session


def choice(row):
    """The number of genes that are used, and the figure of their means and variances; both follow the fields above."""
    return [
        dcc.Interval(id=ids.GENES_TICK, interval=700),
        dcc.Store(id=ids.GENES_REQUEST),
        html.Div(id=ids.GENES_MESSAGE, role="status", className="mt-3"),
        graph(
            ids.GENES_PICTURE,
            "Mean and variance of each gene, marked by whether it is used",
            save=False,
            dataset=row,
            style={"height": "400px"},
        ),
        more(
            "What does this figure show?",
            html.P(
                [
                    "Each point is a gene: its mean over the ",
                    term("training cells"),
                    ", and its variance between them. Counts vary by chance, and more so with a higher mean, so genes are "
                    "compared with genes of the same mean. Those above the others vary for a reason, such as the cell "
                    "type, and are the ",
                    term("variable genes", "Variable gene"),
                    ". Point at one to read its name.",
                ]
            ),
        ),
    ]


def register(app, store):
    dataset = State(ids.PREPARE_DATASET, "data")
    follows(app, store, ids.GENES_TICK, ids.GENES_REQUEST, ids.GENES_MESSAGE, dataset)(count)

    @app.callback(
        Output(ids.GENES_PICTURE, "figure"),
        Input(ids.GENES_REQUEST, "data"),
        Input(shared.THEME, "data"),
    )
    def draw(request, theme):
        if not (request and request["over"] and request["job"]):
            return no_update if request else figures.empty("...", theme)
        try:
            result = store.of(session.user()).jobs.one(request["job"])["result"]
        except Missing:  # many other choices have been looked at since, in another tab
            return no_update
        return picture(result, theme)


def count(app, view, request, values, names, dataset_id):
    """(what to show, the request): how many genes the controls would use, or how far the choice is."""

    def ask():
        return view.preparations.choose_genes(dataset_id, read_form(values, names, PREPARE))

    try:
        job, request = job_progress.latest(app, view, request, values, ask)
    except UserError as error:
        return notice(str(error), "bad"), job_progress.answered(values)
    if job is None:
        return "", request
    if job["status"] == Status.FAILED:
        return notice(job["message"], "bad"), request
    if job["status"] != Status.DONE:
        return progress(job_progress.status_text(view, job), job["progress"]), request
    result = job["result"]
    alone = read_form(values, names, PREPARE).get("modalities") == "protein"
    unless = ", if the run were not trained on proteins alone" if alone else ""
    used = html.P(html.B(f"{result['used']:,} of {result['of']:,} genes would be used{unless}."))
    return [used, *(html.P(note, className="help") for note in result["notes"])], request


def picture(result, theme):
    """The figure of a choice of genes, from the result of its job."""
    if not result or not result["picture"]:
        return figures.empty(
            "These settings do not choose genes by variance: all remaining genes are used.", theme
        )
    drawn = result["picture"]
    return figures.mean_variance(
        np.array(drawn["means"]),
        np.array(drawn["spread"]),
        np.array(drawn["role"]),
        drawn["flavor"],
        drawn["names"],
        drawn["of"],
        theme,
    )
