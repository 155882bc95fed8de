"""The batch column of a dataset: its choice, the cells of each batch, and what it may remove with the batches."""

import dash_bootstrap_components as dbc
import numpy as np
from dash import Input, Output, State, html

from core.config import PREPARE
from core.config.dataset_record import DatasetRecord
from core.text import listed
from dashboard import ids as shared
from dashboard.components.batch_questions import questions
from dashboard.components.forms import NONE, form
from dashboard.components.widgets import more, notice, table, term
from dashboard.pages.preprocess import ids
from dashboard.pages.preprocess.limits import ALL_CELLS
from dashboard.server import session

FEW = 30  # cells; the model over-fits so few
SHOWN = 12  # batches in the table before the rest is folded away
MOST_LIMITS = 12  # batches with limits of their own: more violins would be unreadable
NAMES = ("batch_key",)
UNANSWERED = "The question about the batch column is open. Tick its box, or choose another column."


def batch_part(view, row, values, steps, is_done):
    """The choice of the batch column, with its cells and a question where it may be wrong.

    `is_done`: the dataset was preprocessed with these values, so the question was answered.
    """
    columns = view.datasets.folder(row["id"]).group_columns()
    likely = [f"{c['name']} ({len(c['categories'])})" for c in columns if c["role"] == "batch"]
    hint = f"These columns look like batches: {listed(likely)}." if likely else ""
    if not columns:
        hint = "No column of obs can name batches: each has one value, or a value for each cell."
    question = questions(view, row["id"], values.get("batch_key"))
    return html.Div(
        [
            html.Div(
                form(PREPARE, values, steps, columns=[c["name"] for c in columns], names=NAMES),
                hidden=not columns,
            ),
            html.P(hint, className="help mt-2"),
            html.Div(_question(question), id=ids.BATCH_QUESTION, role="status"),
            html.Div(
                dbc.Checkbox(
                    id=ids.BATCH_SURE,
                    value=bool(question and is_done),
                    label="Use this batch column all the same",
                ),
                id=ids.BATCH_SURE_PART,
                hidden=not question,
            ),
            html.Div(id=ids.BATCHES_CELLS, role="status"),
            more(
                "What does a batch column do, and when is it wrong?",
                html.P(
                    [
                        "Donors, runs and chips differ for technical reasons, and a ",
                        term("latent space"),
                        " would separate cells by them. A model that gets the batch of each cell as a ",
                        term("batch covariate"),
                        ", one-hot encoded before and after the latent space (Lopez 2018), need not encode it there. "
                        "Limits of cells and scores of doublets are computed within each batch, too.",
                    ]
                ),
                html.P(
                    "The Clusters page then says how well batches mix (iLISI), with Harmony on the principal components "
                    "beside it. A batch column is wrong where batch and biology cannot be separated, such as one donor "
                    "for each treatment: the difference of the treatments would be removed with the batch."
                ),
            ),
        ]
    )


def grouping(row, column):
    """How cells are grouped for their limits: by the batch column, or ALL_CELLS without one of few batches."""
    few = [
        c.name
        for c in DatasetRecord.of(row).columns
        if c.kind == "category" and 2 <= c.distinct <= MOST_LIMITS
    ]
    return column if column in few else ALL_CELLS


def _question(sentences):
    return notice([html.Div(sentence) for sentence in sentences], "warn") if sentences else ""


def cells(names, codes):
    """The number of cells of each batch, the largest first, with a warning for small ones; a code of -1 is no value."""
    sizes = [(name, int((codes == i).sum())) for i, name in enumerate(names)]
    sizes = sorted([(name, n) for name, n in sizes if n], key=lambda size: -size[1])
    if lost := int((codes < 0).sum()):
        sizes.append(("(no value)", lost))
    rows = [[name, f"{n:,}"] for name, n in sizes]
    head = ["batch", "cells"]
    small = [f"{name} ({n:,})" for name, n in sizes if n < FEW]
    parts = [
        more(
            f"{len(rows):,} batches",
            html.Div(table(head, rows[:SHOWN], numeric=(1,)), style={"maxWidth": "30rem"}),
            *(
                [more(f"{len(rows) - SHOWN:,} more batches", table(head, rows[SHOWN:], numeric=(1,)))]
                if rows[SHOWN:]
                else []
            ),
        )
    ]
    if lost:
        parts.append(notice("Cells without a value form a batch of their own.", "warn"))
    if small:
        names = listed(small[:5]) if len(small) <= 5 else f"{', '.join(small[:5])} ..."
        sentence = (
            f"{len(small):,} batch{'' if len(small) == 1 else 'es'} of fewer than {FEW} cells: {names}. The model "
            "over-fits such small batches. Remove them, or merge them with others."
        )
        parts.append(notice(sentence, "warn"))
    return parts


def register(app, store):
    column = Input(shared.setting("batch_key"), "value")

    @app.callback(Output(ids.BATCHES_CELLS, "children"), column, State(ids.PREPARE_DATASET, "data"))
    def count(column, dataset_id):
        if column in (None, NONE):
            return html.P("No batch column: the model gets no batch covariate.", className="help")
        entry, codes = store.of(session.user()).datasets.folder(dataset_id).column(column)
        return cells(entry["categories"], np.asarray(codes))

    @app.callback(
        Output(ids.BATCH_QUESTION, "children"),
        Output(ids.BATCH_SURE, "value"),
        Output(ids.BATCH_SURE_PART, "hidden"),
        column,
        State(ids.PREPARE_DATASET, "data"),
        prevent_initial_call=True,
    )
    def question(column, dataset_id):
        """Another column is asked about again."""
        sentences = questions(store.of(session.user()), dataset_id, column)
        return _question(sentences), False, not sentences

    @app.callback(
        Output(ids.QUALITY_BATCHES, "options"),
        Output(ids.QUALITY_BATCHES, "value"),
        column,
        State(ids.PREPARE_DATASET, "data"),
        prevent_initial_call=True,
    )
    def group_limits(column, dataset_id):
        """Limits of cells follow the batch column."""
        by = grouping(store.of(session.user()).datasets.one(dataset_id), column)
        return limit_groupings(by), by


def limit_groupings(by):
    """The options of how limits of cells are grouped."""
    options = [{"label": "the same for all cells", "value": ALL_CELLS}]
    return options + ([{"label": f"by {by}", "value": by}] if by != ALL_CELLS else [])
