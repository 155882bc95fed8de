"""Preprocess: the batch column, filters of cells and genes, the settings that make the input of a model, their result."""

import uuid

from dash import Input, Output, State, dcc, html, no_update

from core import figures
from core.config import MOST_BATCHES, PREPARE, specs, steps_for, upgraded
from core.config.dataset_record import DatasetRecord
from core.store import Status
from dashboard import ids as shared
from dashboard.components.forms import form
from dashboard.components.widgets import card, empty, graph, more, notice
from dashboard.pages.data.findings import finding_notice
from dashboard.pages.data.provenance import steps_card
from dashboard.pages.preprocess import (
    action_bar,
    batches,
    cell_quality,
    genes,
    ids,
    limit_callbacks,
    limits,
    presets,
    proteins,
    recipe_files,
    result,
    single_steps,
)
from dashboard.server import session

PATH, TITLE = "/preprocess", "Preprocess"

VALUES = ("gene_transform", "normalize", "target_sum", "log1p", "scale", "scale_exponent", "clip")
BUSY = (Status.QUEUED, Status.RUNNING)
UNSEEN = (
    "Means, deviations and the choice of genes come from the training cells only, so that validation and test cells "
    "stay unseen."
)


def layout(view, context):
    row = context.dataset
    if row is not None and row["status"] in BUSY:
        message = html.P("This dataset is being made. The page continues by itself.", role="status")
        return html.Div([card(row["name"], message), dcc.Interval(id=ids.WAIT_TICK, interval=700)])
    if row is not None and row["status"] == Status.FAILED:
        return html.Div(
            [notice(row["message"], "bad"), empty("The dataset was not made.", "/data", "Go to Data")]
        )
    if row is None or row["status"] != Status.READY:  # one that asks is answered on the Data page
        return empty("No dataset is ready. Choose one first.", "/data", "Go to Data")
    preparation = context.preparation
    done = preparation if preparation and preparation["dataset"] == row["id"] else None
    record = DatasetRecord.of(row)
    steps = steps_for(record.kind, bool(record.proteins), bool(record.protein_background))
    values = upgraded(done["settings"]) if done else {"batch_key": record.batch}
    linked = context.query.get("batch")  # of the note on the Clusters page
    if linked in batch_columns(row):
        values = values | {"batch_key": linked}
    is_done = done is not None and linked in (None, upgraded(done["settings"]).get("batch_key"))
    by = batches.grouping(row, values.get("batch_key"))
    others = VALUES + proteins.NAMES + batches.NAMES
    of_genes = [spec.name for spec in specs(PREPARE) if spec.name not in others]
    return html.Div(
        [
            dcc.Store(id=shared.PAGE, data=uuid.uuid4().hex),
            dcc.Store(id=ids.PREPARE_DATASET, data=row["id"]),
            dcc.Store(id=ids.PREPARE_SHOWN, data=done["id"] if done else None),
            dcc.Store(id=ids.QUALITY_LIMITS, data=limits.suggest(view, row["id"], by)),
            html.Div(
                [
                    _first_card(view, row, values, steps, is_done),
                    html.Div(result.result(view, done), id=ids.PREPARE_RESULT),
                ],
                className="nuwa-grid even top",
            ),
            steps_card(view, row, PATH),
            cell_quality.quality_card(view, row, by),
            card(
                "Genes",
                form(PREPARE, values, steps, batch_columns(row), names=of_genes),
                *genes.choice(row),
                more("Genes found in very few cells", single_steps.genes_step()),
                more(
                    "Genes with the highest counts",
                    graph(
                        ids.HIGHEST,
                        "Share of a cell's counts of the highest genes",
                        save=False,
                        dataset=row,
                        height=200,
                    ),
                ),
                single_steps.scores_steps(row),
            ),
            card("Values", form(PREPARE, values, steps, names=VALUES), html.P(UNSEEN, className="help")),
            proteins.proteins_card(view, row, values, steps),
            action_bar.bar(view, row),
        ]
    )


def _first_card(view, row, values, steps, is_done):
    """What preprocessing is, the batch column, presets and recipes."""
    return card(
        "From counts to the input of a model",
        html.P(
            "Scaling and normalising the data is recommended for better results: the recommended steps are switched on. "
            "The button at the bottom of the page says what it will do. Press it to continue, or check cells and genes "
            "below first."
        ),
        *forbidden(row),
        batches.batch_part(view, row, values, steps, is_done),
        presets.presets(),
        recipe_files.exchange(row),
        more(
            "Why preprocess at all?",
            html.P(
                "A cell that was sequenced twice as deeply has twice the counts of every gene, and a few genes have most of "
                "the counts. Without preprocessing, the model would mainly learn these two. Normalising removes the first, "
                "the logarithm and scaling the second."
            ),
        ),
    )


def batch_columns(row):
    """The obs columns that can name batches, the likely ones first."""
    columns = [
        c for c in DatasetRecord.of(row).columns if c.kind == "category" and 2 <= c.distinct <= MOST_BATCHES
    ]
    return [c.name for c in sorted(columns, key=lambda c: c.role != "batch")]


def forbidden(row):
    """The findings that block training on a dataset, with a link to their repairs."""
    link = dcc.Link("See the repairs on the Data page.", href=f"/data?dataset={row['id']}")
    return [finding_notice(finding, link) for finding in DatasetRecord.of(row).stops]


def register(app, store):
    for part in (
        action_bar,
        batches,
        limit_callbacks,
        genes,
        presets,
        proteins,
        recipe_files,
        result,
        single_steps,
    ):
        part.register(app, store)

    @app.callback(
        Output(shared.URL, "href", allow_duplicate=True),
        Input(ids.WAIT_TICK, "n_intervals"),
        State(shared.CONTEXT, "data"),
        prevent_initial_call=True,
    )
    def wait(_, place):
        row = store.of(session.user()).readable("dataset", place["dataset"])
        if row is None or row["status"] in BUSY:
            return no_update
        return f"{PATH}?dataset={row['id']}&made={row['status']}"  # another link than before, or nothing is drawn

    @app.callback(
        Output(ids.HIGHEST, "figure"),
        Input(ids.HIGHEST, "id"),
        Input(shared.THEME, "data"),
        State(ids.PREPARE_DATASET, "data"),
    )
    def highest(_, theme, dataset_id):
        record = DatasetRecord.of(store.of(session.user()).datasets.one(dataset_id))
        return figures.highest_genes(record.top_genes, theme)
