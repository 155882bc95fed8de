"""Steps that are taken at once, each by a button of its own: each makes a dataset, to which further steps can be added."""

import dash_bootstrap_components as dbc
from dash import Input, State, html

from core.config.dataset_record import DatasetRecord
from core.config.numbers import Number
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.number_field import number_field, watch
from dashboard.components.widgets import more
from dashboard.pages.preprocess import ids
from dashboard.pages.preprocess.batches import grouping
from dashboard.pages.preprocess.limits import ALL_CELLS, LIMIT_FIELDS, refuse_unreadable
from dashboard.pages.preprocess.plan import MIN_CELLS

DOUBLETS_RATE = Number("Expected doublets, % per thousand cells", low=0, high=20, unit="%")


def genes_step():
    """The number of cells below which genes are removed, when preprocessing or at once."""
    field = number_field(
        ids.MIN_CELLS,
        MIN_CELLS,
        3,
        "A gene that is above 0 in fewer cells carries little information; 3 is scanpy's usual value.",
    )
    button = html.Button(
        "Remove genes found in fewer cells now",
        id=ids.take("filter_genes"),
        className="btn btn-sm btn-outline-primary",
    )
    switch = dbc.Switch(
        id=ids.REMOVE_GENES, value=False, label="Remove genes found in fewer cells when preprocessing"
    )
    return html.Div([field, switch, html.Div(button, className="nuwa-actions")])


def scores_steps(row):
    """Scores of doublets and the cell cycle: columns of obs that can colour plots."""
    has_counts = bool(DatasetRecord.of(row).counts_where)
    reason = "" if has_counts else "Doublets are simulated from raw counts, and this dataset has none."
    return more(
        "Doublets and cell cycle",
        html.P(
            "Scrublet adds cells together in pairs and asks which cells look like such a sum; a limit on the score then "
            "appears above. It takes seconds to minutes, and is best done after broken cells are gone. Doublets are scored "
            "within each batch of the batch column, if there are at most 12 of them."
        ),
        number_field(
            ids.DOUBLETS_RATE,
            DOUBLETS_RATE,
            0.8,
            "0.8 % for each thousand cells of a batch is usual for 10x.",
        ),
        html.Div(
            [
                html.Button(
                    "Score doublets",
                    id=ids.take("score_doublets"),
                    className="btn btn-sm btn-outline-primary",
                    disabled=not has_counts,
                    title=reason,
                ),
                html.Button(
                    "Score the cell cycle",
                    id=ids.take("score_cell_cycle"),
                    className="btn btn-sm btn-outline-primary",
                ),
            ],
            className="nuwa-actions",
        ),
        html.Div(reason, id=ids.DOUBLETS_REASON, className="help"),
        html.P(
            "The cell cycle is scored by the genes of Tirosh 2016, found by name in human and mouse.",
            className="help",
        ),
    )


def register(app, store):
    idle = Input(ids.APPLY_RECIPE.tick, "disabled")
    watch(app, {ids.MIN_CELLS: MIN_CELLS}, [ids.take("filter_genes")], idle)
    reasons = [Input(ids.DOUBLETS_REASON, "children")]
    watch(app, {ids.DOUBLETS_RATE: DOUBLETS_RATE}, [ids.take("score_doublets")], idle, reasons)

    def takes(name, *states):
        """Decorate a function that gives the parameters of a step: its button takes the step.

        It gets a View, the dataset's id and the values of `states`.
        """

        def register_step(params):
            @job_card.asks_too(
                app,
                store,
                ids.APPLY_RECIPE,
                Input(ids.take(name), "n_clicks"),
                State(ids.PREPARE_DATASET, "data"),
                State(shared.PAGE, "data"),
                *states,
            )
            def take(view, clicks, dataset_id, page, *values):
                step = {"name": name, "params": params(view, dataset_id, *values)}
                return view.recipes.apply(dataset_id, [step], page, keep="everything")["id"]

        return register_step

    @takes(
        "filter_cells",
        State(ids.QUALITY_LIMITS, "data"),
        State(LIMIT_FIELDS, "value"),
        State(LIMIT_FIELDS, "id"),
    )
    def limits(view, dataset_id, limits, texts, fields):
        refuse_unreadable({field["name"]: text for field, text in zip(fields, texts, strict=True)})
        return limits

    @takes("filter_genes", State(ids.MIN_CELLS, "value"))
    def min_cells(view, dataset_id, text):
        return {"min_cells": MIN_CELLS.read(text)}

    @takes("score_doublets", State(shared.setting("batch_key"), "value"), State(ids.DOUBLETS_RATE, "value"))
    def doublets(view, dataset_id, batch, rate):
        by = grouping(view.datasets.one(dataset_id), batch)
        return {"batch_key": None if by == ALL_CELLS else by, "per_thousand": DOUBLETS_RATE.read(rate)}

    takes("score_cell_cycle")(lambda view, dataset_id: None)
