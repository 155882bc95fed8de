"""The settings and scores in which runs differ: a table, and parallel coordinates of settings beside a score."""

from dash import Input, Output, State, html

from core import config, figures
from core.analysis.metrics.descriptions import SCORES
from core.text import duration
from dashboard import ids as shared
from dashboard.components.picker import picker_field
from dashboard.components.widgets import card, graph, number, table, term
from dashboard.pages.compare import ids
from dashboard.pages.compare.chosen import chosen
from dashboard.pages.runs.columns import value_text
from dashboard.server import session

# Column of a run's row: its label; "difference" is computed.
MEASURES = {
    "loss": "Loss",
    "pca_loss": "PCA loss",
    "difference": "Loss above PCA",
    "explained_rna": "Explained variance, RNA",
    "explained_protein": "Explained variance, protein",
    "neighbours_kept": SCORES["neighbours_kept_15"].title,
    "knn_accuracy": SCORES["knn_accuracy"].title,
    "nmi": SCORES["nmi"].title,
    "ilisi": SCORES["ilisi"].title,
}


def layout(runs):
    options = [{"label": label, "value": name} for name, label in MEASURES.items()]
    known = [name for name in MEASURES if sum(measure(run, name) is not None for run in runs) > 1]
    return [
        card("What differs", html.Div(id=ids.DIFFERENCES)),
        card(
            "Settings beside a score",
            html.P(
                "Each line is a run. Drag along an axis to choose runs; drag a label to move its axis.",
                className="help",
            ),
            picker_field("Score", ids.SCORE, options, known[0] if known else "loss"),
            graph(ids.PARALLEL, "Parallel coordinates of the settings of the runs and a score", height=360),
        ),
    ]


def measure(run, name):
    """A score of a run as a number, or None."""
    if name != "difference":
        return run.row.get(name)
    loss, pca = run.row["loss"], run.row["pca_loss"]
    return (loss - pca) / pca if loss is not None and pca else None


def differing_settings(runs):
    """[(Spec, values)] of the settings of which not all runs have the same value, in the order of the form."""
    out = []
    for spec in config.specs():
        values = [run.row["config"].get(spec.name, spec.default) for run in runs]
        if any(value != values[0] for value in values):
            out.append((spec, values))
    return out


def rows_of(runs):
    """[label, text of each run ...] of the settings and scores that differ; settings first."""
    rows = []
    if len({run.row["dataset"] for run in runs}) > 1:
        rows.append(["Dataset", *(run.dataset for run in runs)])
    for spec, values in differing_settings(runs):
        label = f"{spec.label} ({spec.unit})" if spec.unit else spec.label
        rows.append([label, *("–" if value in (None, "") else value_text(value) for value in values)])
    for name, label in MEASURES.items():
        values = [measure(run, name) for run in runs]
        if any(value != values[0] for value in values):
            rows.append(
                [label, *(_score_text(run, name, value) for run, value in zip(runs, values, strict=True))]
            )
    rows += _facts(runs)
    return rows


def _score_text(run, name, value):
    if name == "difference":
        return "–" if value is None else f"{100 * value:+.1f} %"
    on = " (validation cells; no test set)" if name == "loss" and run.row["judged_on"] == "valid" else ""
    return number(value) + (on if value is not None else "")


def _facts(runs):
    """The rows of epochs, duration and device, where they differ."""

    def took(row):
        return duration(row["ended"] - row["started"]) if row["started"] and row["ended"] else "–"

    columns = {
        "Best epoch": [f"{run.row['best_epoch'] or '–'} of {run.row['n_epochs'] or '–'}" for run in runs],
        "Duration": [took(run.row) for run in runs],
        "Device": [run.row["device"] or "–" for run in runs],
    }
    return [[label, *texts] for label, texts in columns.items() if len(set(texts)) > 1]


def differences(runs):
    """The table of what differs, and how many settings are the same."""
    rows = rows_of(runs)
    same = len(config.specs()) - len(differing_settings(runs))
    if not rows:
        return html.P("These runs have the same settings, and their scores are equal.")
    head = ["", *(_named(run) for run in runs)]
    rows = [[[term("PCA"), " loss"] if row[0] == MEASURES["pca_loss"] else row[0], *row[1:]] for row in rows]
    return [
        table(head, rows, numeric=range(1, len(head))),
        html.P(f"The other {same} settings are the same.", className="help"),
    ]


def _named(run):
    """The name of a run with the colour of its curves."""
    swatch = html.Span(className="nuwa-swatch", style={"background": run.colour}, **{"aria-hidden": "true"})
    return html.Span([swatch, run.name])


def parallel(runs, name, theme):
    """Parallel coordinates of the differing settings beside a score."""
    settings = [(spec.label, values) for spec, values in differing_settings(runs)]
    scores = [measure(run, name) for run in runs]
    return figures.parallel_settings([run.name for run in runs], settings, MEASURES[name], scores, theme)


def register(app, store):
    @app.callback(Output(ids.DIFFERENCES, "children"), Input(ids.STATE, "data"), State(ids.RUNS, "data"))
    def show(_, run_ids):
        return differences(chosen(store.of(session.user()), run_ids))

    @app.callback(
        Output(ids.PARALLEL, "figure"),
        *(Input(ids.SCORE, "value"), Input(ids.STATE, "data"), Input(shared.THEME, "data")),
        State(ids.RUNS, "data"),
    )
    def draw(name, _, theme, run_ids):
        return parallel(
            chosen(store.of(session.user()), run_ids), name if name in MEASURES else "loss", theme
        )
