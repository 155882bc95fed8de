"""Preprocess: the steps between a matrix and a model, each with its reason, and what they did."""

import uuid

import numpy as np
from dash import ALL, Input, Output, State, dcc, html, no_update

from core import figures
from core.config import PREPARE, steps_for
from core.errors import UserError
from core.figures import Binned
from dashboard import follow, ids, session
from dashboard.components import (
    SETTINGS,
    card,
    empty,
    form,
    graph,
    more,
    notice,
    progress,
    read_form,
    tile,
    working,
)

PATH, TITLE = "/preprocess", "Preprocess"


def layout(view, here):
    if here.dataset is None or here.dataset["status"] != "ready":
        return empty("No data set is ready. Choose one first.", "/data", "To the data")
    row, done = here.dataset, here.preparation
    steps = steps_for(row["record"]["kind"], bool(row["record"]["proteins"]))
    values = done["settings"] if done else {}
    return html.Div(
        [
            dcc.Store(id=ids.PAGE, data=uuid.uuid4().hex),
            dcc.Store(id=ids.PREPARE_DATASET, data=row["id"]),
            dcc.Store(id=ids.PREPARE_SHOWN, data=done["id"] if done else None),
            dcc.Store(id=ids.PREPARE_GO),
            html.Div(
                [
                    card(
                        "Steps, in this order",
                        notice(
                            "Scaling and normalising the data is recommended for better results: the recommended steps are on."
                        ),
                        form(PREPARE, values, steps),
                        html.P(
                            "Means, deviations and the choice of genes come from the training cells only, so that the "
                            "cells that judge the model stay unseen.",
                            className="help",
                        ),
                        html.Button("Preprocess", id=ids.PREPARE, className="btn btn-primary"),
                        working(ids.PREPARE_PROGRESS),
                        html.Div(id=ids.PREPARE_MESSAGE),
                        more(
                            "Why preprocess at all?",
                            html.P(
                                "A cell that was sequenced twice as deeply has twice the counts of everything, and a few "
                                "genes have most of all counts. Left alone, the model would spend itself on both. "
                                "Normalising removes the first, the logarithm and scaling the second."
                            ),
                        ),
                    ),
                    html.Div(result(view, done), id=ids.PREPARE_RESULT),
                ],
                className="nuwa-grid even top",
            ),
        ]
    )


def result(view, row):
    """What a preparation did, with numbers before and after."""
    if row is None:
        return empty("Not preprocessed yet. The steps beside are ready to go.", icon="bi-sliders")
    if row["status"] == "failed":
        return card("Result", notice(row["message"], "bad"))
    if row["status"] != "ready":
        return card("Result", html.P("Being preprocessed ...", role="status"))
    record, dataset = row["record"], view.dataset(row["dataset"])
    before = dataset["record"]
    pictures = [
        graph(
            ids.prepare_picture(i),
            f"Values of {h['name']} before and after",
            save=False,
            dataset=dataset,
            style={"height": "270px"},
        )
        for i, h in enumerate(record["histograms"])
    ]
    if record["mean_variance"]:
        pictures.append(
            graph(
                ids.prepare_picture("genes"),
                "Mean and spread of each gene, the chosen ones marked",
                save=False,
                dataset=dataset,
            )
        )
    return html.Div(
        [
            card(
                "Result",
                html.Div(
                    [
                        tile("Cells", f"{record['n_cells']:,}", f"{record['n_train']:,} train"),
                        tile("Genes", f"{record['n_genes']:,}", f"of {before['genes']:,}"),
                        tile("Proteins", f"{record['n_proteins']:,}", f"of {len(before['proteins']):,}"),
                    ],
                    className="nuwa-tiles",
                ),
                *[notice(words) for words in record["notes"]],
                dcc.Link(
                    "Create a model on it",
                    href=f"/model?preparation={row['id']}",
                    className="btn btn-primary",
                ),
            ),
            card("Values before and after", *pictures),
        ]
    )


def register(app, store):
    @app.callback(
        Output(ids.PREPARE_GO, "data"),
        Output(ids.PREPARE_MESSAGE, "children"),
        Input(ids.PREPARE, "n_clicks"),
        State(SETTINGS, "value"),
        State(SETTINGS, "id"),
        State(ids.PREPARE_DATASET, "data"),
        State(ids.PAGE, "data"),
        background=True,
        prevent_initial_call=True,
        interval=400,
        progress=[Output(ids.PREPARE_PROGRESS, "children")],
        running=[(Output(ids.PREPARE, "disabled"), True, False)],
    )
    def prepare(set_progress, clicks, values, names, dataset_id, page):
        view = store.of(session.LOCAL)
        try:
            settings = read_form(values, names, PREPARE)
            id, job = view.prepare(dataset_id, settings, f"{page}:{clicks}")
        except UserError as error:
            return no_update, notice(str(error), "bad")
        row = follow.job(
            store, session.LOCAL, job, lambda words, share: set_progress((progress(words, share),))
        )
        set_progress(("",))
        if row["status"] != "done":
            return no_update, notice(row["message"], "bad")
        return id, ""

    @app.callback(
        Output(ids.URL, "href", allow_duplicate=True),
        Input(ids.PREPARE_GO, "data"),
        prevent_initial_call=True,
    )
    def go(id):
        return f"/preprocess?preparation={id}" if id else no_update

    @app.callback(
        Output(ids.prepare_picture(ALL), "figure"),
        Input(ids.prepare_picture(ALL), "id"),
        Input(ids.THEME, "data"),
        State(ids.PREPARE_SHOWN, "data"),
    )
    def draw(names, theme, shown):
        if not names:
            return []
        record = store.of(session.user()).preparation(shown)["record"]
        return [picture(record, name["part"], theme) for name in names]


def picture(record, part, theme):
    """One figure of a preparation: a pair of histograms by number, or the genes."""
    if part == "genes":
        drawn = record["mean_variance"]
        return figures.mean_variance(
            np.array(drawn["means"]),
            np.array(drawn["spread"]),
            np.array(drawn["chosen"]),
            drawn["spread_name"],
            theme,
        )
    pair = record["histograms"][part]
    before, after = (
        Binned(np.array(pair[side]["counts"]), np.array(pair[side]["edges"])) for side in ("before", "after")
    )
    return figures.histogram_pair(
        before, after, (f"{pair['name']} as it came", f"{pair['name']} as the model sees it"), theme
    )
