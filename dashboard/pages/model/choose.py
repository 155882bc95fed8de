"""The card that trains a handful of candidates and keeps the best: "choose for me" on the Create model page."""

from dash import Input, Output, State, dcc, html

from core import figures
from core.config.candidates import CANDIDATES, DEFAULT_MINUTES, MINUTES, RULE, not_compared
from core.text import interval, listed
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.number_field import number_field, watch
from dashboard.components.picker import picker_field
from dashboard.components.widgets import card, graph, more, notice, number, table
from dashboard.ids import watched
from dashboard.pages.model import ids

JOB = watched("choose")
GO = "choose-go"
MINUTES_FIELD = "choose-minutes"
LABELS = "choose-labels"
RESULT = "choose-result"
FIGURE = "choose-figure"

INTRODUCTION = (
    "Trains a handful of candidates, each with two seeds, compares them on test cells, and creates a run with the best. "
    "The candidates differ in the model, the number of latent dimensions and the scale of the genes. When the minutes are "
    "over, the candidate in training is stopped, and the best of the finished ones is kept."
)
LIMITS = (
    "Deviance explained says how well a space predicts molecules that it has not seen, by the mean profile of the 30 "
    "nearest training cells; ± is 1.96 standard errors over cells. It is no accuracy of cell types, and a higher value need "
    "not mean that clusters agree better with labels. Neighbours kept rewards copied noise, and labels that were drawn from "
    "a PCA favour PCA. Stability is the co-clustering consistency of all cells over the two seeds."
)


def layout(view, preparation):
    folder = view.datasets.folder(preparation["dataset"])
    columns = [column["name"] for column in folder.columns() if column["kind"] == "category"]
    return card(
        "Choose for me",
        html.P(INTRODUCTION),
        html.Div(
            [
                number_field(MINUTES_FIELD, MINUTES, DEFAULT_MINUTES),
                picker_field(
                    "Labels to show (no part of the choice)",
                    LABELS,
                    columns,
                    placeholder="none",
                    clearable=True,
                    wide=True,
                ),
            ],
            className="nuwa-form",
        ),
        html.Div(
            html.Button("Train candidates", id=GO, className="btn btn-outline-primary"),
            className="nuwa-actions",
        ),
        *job_card.parts(view, JOB, view.choices.last(preparation["id"])),
        html.Div(id=RESULT),
        more("Which candidates, and by which rule?", html.P(f"Candidates: {_names()}. {RULE} {LIMITS}")),
    )


def _names():
    return listed([candidate.name for candidate in CANDIDATES])


def register(app, store):
    watch(app, {MINUTES_FIELD: MINUTES}, [GO])

    @job_card.asks(
        app,
        store,
        JOB,
        Input(GO, "n_clicks"),
        State(MINUTES_FIELD, "value"),
        State(LABELS, "value"),
        State(ids.MODEL_PREPARATION, "data"),
    )
    def ask(view, _, minutes, labels, preparation_id):
        return view.choices.start(preparation_id, minutes, labels)

    @job_card.shows(app, store, JOB, Output(RESULT, "children"), Input(shared.THEME, "data"))
    def show(view, job, theme):
        return result(view, job["result"], theme)


def result(view, choice, theme):
    """The kept candidate with a link to its run, the picture and the numbers."""
    best = choice["records"][choice["best"]]
    words = f"Kept: {best['name']}, deviance explained {interval(best['explained'], best['error'], 3)}."
    if others := not_compared(choice):
        words += f" {others}"
    run = view.readable("run", choice["run"])
    link = (
        dcc.Link(f"Open the run '{run['name']}'", href=f"/train?run={run['id']}")
        if run
        else "Its run was deleted."
    )
    plot = graph(
        FIGURE,
        "Scores of each candidate: deviance explained, stability, neighbours kept, labels and batches",
        figure=figures.candidates(choice, theme),
    )
    return [
        notice(words, "good"),
        html.P(link),
        plot,
        html.P(
            f"On {choice['cells']:,} test cells for each seed. Hollow marks: PCA of as many dimensions.",
            className="help",
        ),
        table(
            ["", *(title for title, _ in COLUMNS.values())], rows(choice), numeric=range(1, len(COLUMNS) + 1)
        ),
    ]


COLUMNS = {
    "explained": ("deviance explained", 3),
    "pca": ("PCA, explained", 3),
    "consistency": ("stability", 2),
    "kept": ("neighbours kept", 2),
    "knn": ("kNN accuracy of labels", 3),
    "ilisi": ("iLISI", 2),
    "seconds": ("seconds", 0),
}


def rows(choice):
    """A row for each candidate, the kept one in bold."""
    lines = []
    for i, record in enumerate(choice["records"]):
        values = [
            interval(record["explained"], record["error"], 3)
            if name == "explained"
            else number(record[name], digits)
            for name, (_, digits) in COLUMNS.items()
        ]
        lines.append([html.Strong(record["name"]) if i == choice["best"] else record["name"], *values])
    return lines
