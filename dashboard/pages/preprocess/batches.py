"""The batch covariate of a dataset: the column that names it, and the cells of each batch."""

import numpy as np
from dash import Input, Output, State, html

from core.config import PREPARE
from core.text import listed
from dashboard import ids as shared
from dashboard.components.forms import NONE, form
from dashboard.components.widgets import card, more, notice, table, term
from dashboard.pages.preprocess import ids
from dashboard.server import session

FEW = 30  # cells; the model over-fits so few
SHOWN = 12  # batches in the table before the rest is folded away
NAMES = ("batch_key",)


def batches_card(view, row, values, steps):
    """The choice of the batch column, and what it does."""
    columns = view.datasets.folder(row["id"]).group_columns()
    if not columns:
        return card(
            "Batches",
            html.P("No column of obs can name batches: each has one value, or a value for each cell."),
        )
    likely = [f"{c['name']} ({len(c['categories'])})" for c in columns if c["role"] == "batch"]
    return card(
        "Batches",
        html.P(
            [
                "Donors, runs and chips differ for technical reasons, and a ",
                term("latent space"),
                " would separate cells by them. A model that gets the batch of each cell as a ",
                term("batch covariate"),
                " need not encode it there.",
            ]
        ),
        html.P(
            f"These columns look like batches: {listed(likely)}." if likely else "",
            className="help",
        ),
        form(PREPARE, values, steps, columns=[c["name"] for c in columns], names=NAMES),
        html.Div(id=ids.BATCHES_CELLS, role="status"),
        more(
            "What does it do, and when is it wrong?",
            html.P(
                "Every model gets the batch, one-hot encoded, beside the genes and proteins, before and after the latent space "
                "(Lopez 2018). The Clusters page then says how well batches mix (iLISI), with Harmony on the principal "
                "components beside it. It is wrong where batch and biology cannot be separated, such as one donor "
                "for each treatment: the difference of the treatments would be removed with the batch."
            ),
        ),
    )


def cells(names, codes):
    """The number of cells of each batch, the largest first, with a warning for small ones; a code of -1 is no value."""
    sizes = [(name, int((codes == i).sum())) for i, name in enumerate(names)]
    sizes = sorted([(name, n) for name, n in sizes if n], key=lambda one: -one[1])
    if lost := int((codes < 0).sum()):
        sizes.append(("(no value)", lost))
    rows = [[name, f"{n:,}"] for name, n in sizes]
    head = ["batch", "cells"]
    parts = [html.Div(table(head, rows[:SHOWN], numeric=(1,)), style={"maxWidth": "30rem"}, className="mt-2")]
    if rows[SHOWN:]:
        parts.append(more(f"{len(rows) - SHOWN:,} more batches", table(head, rows[SHOWN:], numeric=(1,))))
    if lost:
        parts.append(notice("Cells without a value form a batch of their own.", "warn"))
    if few := [f"{name} ({n:,})" for name, n in sizes if n < FEW]:
        shown = listed(few[:5]) if len(few) <= 5 else f"{', '.join(few[:5])} ..."
        one = len(few) == 1
        words = f"{len(few):,} batch{'' if one else 'es'} of fewer than {FEW} cells: {shown}. The model over-fits "
        parts.append(
            notice(
                f"{words}such small batches. Remove them, or merge them with others.",
                "warn",
            )
        )
    return parts


def register(app, store):
    @app.callback(
        Output(ids.BATCHES_CELLS, "children"),
        Input(shared.setting("batch_key"), "value"),
        State(ids.PREPARE_DATASET, "data"),
    )
    def count(column, dataset_id):
        if column in (None, NONE):
            return html.P("No batch column: the model gets no batch covariate.", className="help")
        entry, codes = store.of(session.user()).datasets.folder(dataset_id).column(column)
        return cells(entry["categories"], np.asarray(codes))
