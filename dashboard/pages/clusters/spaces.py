"""The card that compares the latent space with all other embeddings of the same cells by the same scores."""

import json

from dash import Input, Output, State, html

from core.analysis.metrics.descriptions import FROM_PCA, SCORES, SPACES, is_clustering
from core.config import DEFAULT_RESOLUTION
from core.config.job_arguments import SpacesArguments
from core.text import interval
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.picker import picker
from dashboard.components.widgets import card, more, notice, table, term
from dashboard.ids import watched
from dashboard.pages.clusters import ids, run_jobs
from dashboard.pages.clusters.controls import categories, field, go
from dashboard.server import session

JOB = watched("spaces")
GO = "spaces-go"
LABELS = "spaces-labels"
BATCHES = "spaces-batches"
RESULT = "spaces-result"

# A score of these is missing where there are too few cells with a label.
NEEDS_CELLS = ("knn_accuracy", "label_silhouette", "silhouette", "isolated_labels")
WHY_MISSING = (
    "A dash means that the score cannot be computed: kNN accuracy needs two labels with 5 cells or more, a silhouette needs "
    "two groups that are not all of one cell, isolated labels need a label that a batch lacks, and a space needs coordinates "
    "for every cell."
)

INTERVALS = (
    "± is 1.96 standard errors over cells. A value in bold is above all others in its row by more than the error of the "
    "difference on the same cells. Clusters, and so their silhouette, come from the space itself."
)


def layout(view, run):
    columns = categories(view, run)
    placeholder = "Choose an obs column" if columns else "obs has no categorical columns"
    return card(
        "Latent space compared with other embeddings",
        html.P(
            [
                "The same scores for the latent space and every other ",
                term("embedding"),
                " of these cells: how well does each preserve ",
                term("neighbours"),
                ", and does it separate the labels? Computed on at most 20,000 cells.",
            ]
        ),
        html.Div(
            [
                field(
                    "Reference labels",
                    picker(LABELS, columns, placeholder=placeholder, clearable=True),
                    wide=True,
                ),
                field(
                    "Batch column",
                    picker(BATCHES, columns, placeholder=placeholder, clearable=True),
                    wide=True,
                ),
            ],
            className="nuwa-form",
        ),
        go("Compare embeddings", GO),
        *job_card.parts(view, JOB, view.jobs.last(run["id"], "spaces")),
        html.Div(id=RESULT),
    )


def register(app, store):
    @run_jobs.asks(
        app,
        store,
        JOB,
        Input(GO, "n_clicks"),
        State(LABELS, "value"),
        State(BATCHES, "value"),
        State(ids.RESOLUTION, "value"),
    )
    def compare(view, run, _, labels, batches, resolution):
        resolution = resolution or DEFAULT_RESOLUTION
        arguments = SpacesArguments(labels=labels, batches=batches, resolution=resolution)
        return view.jobs.ask("spaces", run["id"], arguments)

    @app.callback(Output(RESULT, "children"), Input(JOB.done, "data"), State(shared.RUN, "data"))
    def show(_, run_id):
        path = run_jobs.result_file(store.of(session.user()), run_id, "spaces.json")
        return result_table(json.loads(path.read_text())) if path else []


def result_table(result):
    """The scores as a table: a row a score, in bold a space that is ahead of all others, and what each score means."""
    records = result["records"]
    spaces, scores = (list(dict.fromkeys(r[name] for r in records)) for name in ("space", "score"))
    rows = _rows(records, spaces, scores)
    conditions = [_cells(records)]
    conditions += [f"Leiden at resolution {result['resolution']:g} in every space"]
    conditions += [f"labels: {result['labels']}"] if result.get("labels") else []
    conditions += [f"batches: {result['batches']}"] if result.get("batches") else []
    missing = {r["score"] for r in records if r["value"] is None} & set(NEEDS_CELLS)
    return [
        table(["", *(SPACES[space] for space in spaces)], rows, numeric=range(1, len(spaces) + 1)),
        html.P(f"{'; '.join(conditions)}. {INTERVALS}", className="help"),
        *([notice(FROM_PCA, "warn")] if is_clustering(result.get("labels") or "") else []),
        *([html.P(WHY_MISSING, className="help")] if missing else []),
        more(
            "What do these scores mean?",
            html.Ul([html.Li(SCORES[score].sentence) for score in scores]),
        ),
    ]


def _cells(records):
    """On which cells the scores are, in words; records of earlier versions have labels judged on the test cells."""
    labelled = [r["cells"] for r in records if SCORES[r["score"]].needs.startswith("labels") and "error" in r]
    others = [
        r["cells"] for r in records if not SCORES[r["score"]].needs.startswith("labels") or "error" not in r
    ]
    words = f"On {min(others):,} test cells"
    return words + (f", with labels on {max(labelled):,} of all cells" if labelled else "")


def _rows(records, spaces, scores):
    values = {(r["score"], r["space"]): r for r in records}
    notes = {r["score"]: r["note"] for r in records if r["note"]}
    rows = []
    for score in scores:
        cells = []
        for space in spaces:
            record = values[score, space]
            text = interval(record["value"], record.get("error"))
            cells.append(html.Strong(text) if record.get("ahead") else text)
        note = f" ({notes[score]})" if score in notes else ""
        rows.append([f"{SCORES[score].title}{note}", *cells])
    return rows
