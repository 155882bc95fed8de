"""The cards that judge a run: all its spaces side by side, and what comes back of each gene and protein."""

import json

import numpy as np
from dash import Input, Output, State, dcc, html

from core import figures, safe_csv
from core.analysis.metrics.descriptions import CELL_SCORES, EXPLAINED, SCORES, SPACES
from core.config import DEFAULT_RESOLUTION
from core.store import FINISHED, Missing
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.data_tables import grid, text
from dashboard.components.data_tables import number as numeric
from dashboard.components.widgets import card, graph, more, number, table
from dashboard.pages.clusters import ids
from dashboard.server import session

FEW = ("knn_accuracy", "label_silhouette", "silhouette")  # of too few cells a label there is none
FEW_WORDS = (
    "kNN accuracy needs two labels of 5 cells or more, a silhouette two groups that are not all of one cell, and a space "
    "numbers for every cell"
)
FORMS = {"explained": ".3f", "explained_pca": ".3f", "variance": ".3g"}


def judging_cards(view, run):
    """The two cards; what was worked out before is there at once."""
    categories = [
        c["name"] for c in view.datasets.folder(run["dataset"]).columns() if c["kind"] == "category"
    ]
    return [_spaces_card(view, run, categories), _cells_card(view, run), _explained_card(view, run)]


def _spaces_card(view, run, categories):
    pick = "Choose a column of obs" if categories else "obs has no names"
    return card(
        "All spaces side by side",
        html.P(
            "The latent space and every other picture of these cells, judged alike: how well does each keep who is near "
            "whom, and does it keep the labels apart? On at most 20,000 cells."
        ),
        html.Div(
            [
                html.Div(
                    [html.Label(words, htmlFor=id), dcc.Dropdown(categories, id=id, placeholder=pick)],
                    className="nuwa-field wide",
                )
                for words, id in (
                    ("Labels to hold them against", ids.SPACES_LABELS),
                    ("Batches that should mix", ids.SPACES_BATCHES),
                )
            ],
            className="nuwa-form",
        ),
        html.Div(
            html.Button("Compare the spaces", id=ids.SPACES_GO, className="btn btn-outline-primary"),
            className="nuwa-actions",
        ),
        *job_card.parts(view, ids.SPACES, view.jobs.last(run["id"], "spaces")),
        html.Div(id=ids.SPACES_RESULT),
    )


def _cells_card(view, run):
    return card(
        "Every cell by itself",
        html.P(
            "Which cells does the latent space serve well, and which not? The neighbours that each cell keeps, how far what "
            "comes back of it is off, and with batches how they mix around it. Each then colours the panels: choose it "
            "under Colour by, as a score a cell."
        ),
        html.Div(
            html.Button("Score every cell", id=ids.CELL_SCORES_GO, className="btn btn-outline-primary"),
            className="nuwa-actions",
        ),
        *job_card.parts(view, ids.CELL_SCORES, view.jobs.last(run["id"], "cell_scores")),
        html.Div(id=ids.CELL_SCORES_RESULT),
    )


def _explained_card(view, run):
    return card(
        "What comes back, gene by gene",
        html.P(
            "How much of each gene's and protein's variance the model gives back in cells it has not seen, beside PCA of "
            "as many dimensions. Points above the line come back better than by PCA."
        ),
        html.Div(
            html.Button("Work it out", id=ids.EXPLAINED_GO, className="btn btn-outline-primary"),
            className="nuwa-actions",
        ),
        *job_card.parts(view, ids.EXPLAINED, view.jobs.last(run["id"], "explained")),
        html.Div(id=ids.EXPLAINED_RESULT),
    )


def ask(view, kind, run_id, arguments):
    """Queue work whose result the run keeps, unless somebody's is under way; returns the job's id."""
    job = view.jobs.last(run_id, kind)
    if job and job["status"] not in FINISHED:
        return job["id"]
    return view.jobs.submit(kind, run_id, arguments, priority=1)


def _left(view, run_id, name):
    """The path of a file that judging left, or None while it is not there."""
    try:
        return view.results.file(run_id, name)
    except Missing:
        return None


def register(app, store):
    @job_card.asks(
        app,
        store,
        ids.SPACES,
        Input(ids.SPACES_GO, "n_clicks"),
        State(ids.SPACES_LABELS, "value"),
        State(ids.SPACES_BATCHES, "value"),
        State(ids.RESOLUTION, "value"),
        State(shared.RUN, "data"),
    )
    def compare(view, clicks, labels, batches, resolution, run_id):
        asked = {"labels": labels, "batches": batches, "resolution": resolution or DEFAULT_RESOLUTION}
        return ask(view, "spaces", run_id, asked)

    @job_card.asks(app, store, ids.EXPLAINED, Input(ids.EXPLAINED_GO, "n_clicks"), State(shared.RUN, "data"))
    def explain(view, clicks, run_id):
        return ask(view, "explained", run_id, {})

    @job_card.asks(
        app, store, ids.CELL_SCORES, Input(ids.CELL_SCORES_GO, "n_clicks"), State(shared.RUN, "data")
    )
    def score_cells(view, clicks, run_id):
        return ask(view, "cell_scores", run_id, {})

    @app.callback(
        Output(ids.CELL_SCORES_RESULT, "children"),
        Input(ids.CELL_SCORES.done, "data"),
        State(shared.RUN, "data"),
    )
    def show_cells(_, run_id):
        view = store.of(session.user())
        left = [name for name in CELL_SCORES if name in view.results.names(run_id, "per_cell")]
        return (
            _cells_table({name: view.results.array(run_id, f"per_cell/{name}") for name in left})
            if left
            else []
        )

    @app.callback(
        Output(ids.SPACES_RESULT, "children"), Input(ids.SPACES.done, "data"), State(shared.RUN, "data")
    )
    def show_spaces(_, run_id):
        path = _left(store.of(session.user()), run_id, "spaces.json")
        return _spaces_table(json.loads(path.read_text())) if path else []

    @app.callback(
        Output(ids.EXPLAINED_RESULT, "children"),
        Input(ids.EXPLAINED.done, "data"),
        Input(shared.THEME, "data"),
        State(shared.RUN, "data"),
    )
    def show_explained(_, theme, run_id):
        view = store.of(session.user())
        path = _left(view, run_id, "explained.csv")
        return _explained(view, view.runs.one(run_id), path, theme) if path else []


def _spaces_table(found):
    """The scores as a table, a row a score, the best of each marked, with what each says."""
    records = found["records"]
    spaces, scores = (list(dict.fromkeys(r[what] for r in records)) for what in ("space", "score"))
    values = {(r["score"], r["space"]): r["value"] for r in records}
    notes = {r["score"]: r["note"] for r in records if r["note"]}
    rows = []
    for score in scores:
        line = [values[score, space] for space in spaces]
        best = max((value for value in line if value is not None), default=None)
        shown = [html.Strong(number(v)) if v is not None and v == best else number(v) for v in line]
        note = f" ({notes[score]})" if score in notes else ""
        rows.append([f"{SCORES[score].title}{note}", *shown])
    against = [f"labels: {found['labels']}"] if found.get("labels") else []
    against += [f"batches: {found['batches']}"] if found.get("batches") else []
    judges = min(r["cells"] for r in records)
    words = f"On {judges:,} judging cells; Leiden at {found['resolution']:g} in every space"
    gaps = {r["score"] for r in records if r["value"] is None} & set(FEW)
    dashes = [html.P(f"Where there is a dash: {FEW_WORDS}.", className="help")] if gaps else []
    return [
        table(["", *(SPACES[space] for space in spaces)], rows, numeric=range(1, len(spaces) + 1)),
        html.P(f"{'; '.join([words, *against])}. The highest of each row stands out.", className="help"),
        *dashes,
        more(
            "What do these say, and where are they from?",
            html.Ul([html.Li(SCORES[score].sentence) for score in scores]),
        ),
    ]


def _cells_table(found):
    """The middle and the spread of each score of cells, with what it says."""
    rows = []
    for name, values in found.items():
        known = values[np.isfinite(values)]
        middle = [number(float(q)) for q in np.quantile(known, (0.1, 0.5, 0.9))] if len(known) else [""] * 3
        title = CELL_SCORES[name].title
        rows.append([title[0].upper() + title[1:], CELL_SCORES[name].range, *middle, f"{len(known):,}"])
    return [
        table(["", "unit", "10 %", "median", "90 %", "cells"], rows, numeric=range(2, 6)),
        more(
            "What do these say, and where are they from?",
            html.Ul([html.Li(CELL_SCORES[name].sentence) for name in found]),
        ),
    ]


def _explained(view, run, path, theme):
    """The picture and the sortable table of explained.csv."""
    with path.open(newline="") as file:
        rows = [
            {name: value if name in ("feature", "kind") else _float(value) for name, value in row.items()}
            for row in safe_csv.records(file)
        ]
    columns = [text("feature", "gene or protein"), text("kind", "kind")]
    names = {"explained": "by the model", "explained_pca": "by PCA", "variance": "variance to explain"}
    columns += [numeric(field, name, FORMS[field]) for field, name in names.items()]
    label = "Variance explained by gene and protein, the worst first"
    shown = grid(ids.EXPLAINED_TABLE, columns, label, rows=rows)
    picture = graph(
        ids.EXPLAINED_FIGURE,
        "Variance explained by the model against by PCA, one point a gene or protein",
        dataset=view.datasets.one(run["dataset"]),
        figure=figures.explained(rows, theme),
        style={"height": "440px"},
    )
    link = html.A("All genes and proteins (CSV)", href=f"/download/{run['id']}/explained.csv")
    return [
        html.Div([picture, html.Div([shown, link])], className="nuwa-grid even"),
        html.P(EXPLAINED.sentence, className="help"),
    ]


def _float(value):
    return float(value) if value else None
