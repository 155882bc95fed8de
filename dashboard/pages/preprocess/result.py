"""The result of the preprocessing: its numbers and pictures, and whether the settings on the page are others by now."""

import numpy as np
from dash import ALL, Input, Output, State, dcc, html

from core import figures
from core.config.dataset_record import DatasetRecord
from core.config.preparation_record import PreparationRecord
from core.figures import Binned
from core.store import Status
from dashboard import ids as shared
from dashboard.components.widgets import card, empty, graph, notice, tile
from dashboard.pages.preprocess import ids
from dashboard.server import session

OTHER_SETTINGS = "This result was made with other settings. Preprocess again to use those of the form."


def result(view, row):
    """The result of a preparation, with numbers before and after."""
    state = [html.Div(id=ids.RESULT_STATE, role="status"), html.Div(id=ids.RESULT_FORWARD)]
    if row is None:
        message = "This dataset is not preprocessed. Press the button at the bottom of the page to start."
        return html.Div([empty(message, icon="bi-sliders"), *state])
    if row["status"] == Status.FAILED:
        return card("Result", notice(row["message"], "bad"), *state)
    if row["status"] != Status.READY:
        return card("Result", html.P("Being preprocessed ...", role="status"), *state)
    record, dataset = PreparationRecord.of(row), view.datasets.one(row["dataset"])
    before = DatasetRecord.of(dataset)
    pictures = [
        graph(
            ids.prepare_picture(i),
            f"Values of {pair.name} before and after",
            save=False,
            dataset=dataset,
            style={"height": "270px"},
        )
        for i, pair in enumerate(record.histograms)
    ]
    return html.Div(
        [
            card(
                "Result",
                html.Div(
                    [
                        tile("Cells", f"{record.n_cells:,}", f"{record.n_train:,} train"),
                        tile("Genes", f"{record.n_genes:,}", f"of {before.genes:,}"),
                        tile("Proteins", f"{record.n_proteins:,}", f"of {len(before.proteins):,}"),
                    ],
                    className="nuwa-tiles",
                ),
                *[notice(note) for note in record.notes],
                *state,
            ),
            card("Values before and after", *pictures),
        ]
    )


def forward(preparation, is_current, idle):
    """The way on from a result: the first button while it is of the settings on the page, else the second one."""
    if preparation is None or preparation["status"] != Status.READY:
        return ""
    label = "Create a model"
    if not idle:
        return html.Button(label, disabled=True, className="btn btn-outline-primary")
    look = "btn-primary" if is_current else "btn-outline-secondary"
    return dcc.Link(label, href=f"/model?preparation={preparation['id']}", className=f"btn {look}")


def register(app, store):
    @app.callback(
        Output(ids.prepare_picture(ALL), "figure"),
        Input(ids.prepare_picture(ALL), "id"),
        Input(shared.THEME, "data"),
        State(ids.PREPARE_SHOWN, "data"),
    )
    def draw(names, theme, shown):
        if not names:
            return []
        record = PreparationRecord.of(store.of(session.user()).preparations.one(shown))
        return [picture(record, name["part"], theme) for name in names]


def picture(record, part, theme):
    """One figure of a preparation: a pair of histograms by number."""
    pair = PreparationRecord.upgraded(record).histograms[part]
    before, after = (
        Binned(np.array(values["counts"]), np.array(values["edges"])) for values in (pair.before, pair.after)
    )
    return figures.histogram_pair(before, after, (f"{pair.name}, raw", f"{pair.name}, preprocessed"), theme)
