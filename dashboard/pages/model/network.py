"""The drawing of the network and its numbers, which follow the fields of the Create model page."""

import numpy as np
from dash import ALL, Input, Output, State, html, no_update

from core import config, figures
from core.config.models import DEFAULTS_BY_MODEL as BY_MODEL
from core.config.preparation_record import PreparationRecord
from core.errors import UserError
from dashboard import ids as shared
from dashboard.components.forms import SETTINGS, automatic
from dashboard.components.widgets import notice, tile
from dashboard.pages.model import ids
from dashboard.pages.model.same_run import AGAIN, offer, same_run
from dashboard.pages.model.settings import settings_of
from dashboard.server import session


def register(app, store):
    @app.callback(
        Output(ids.MODEL_DRAWING, "figure"),
        Output(ids.MODEL_NUMBERS, "children"),
        Output(ids.MODEL_MESSAGE, "children"),
        Output(ids.MODEL_CREATE, "disabled"),
        Output(ids.MODEL_CREATE, "children"),
        Output(ids.MODEL_CREATE, "className"),
        Output(ids.MODEL_SAME, "data"),
        Output(ids.MODEL_ERROR, "data"),
        *[Output(shared.setting(name), "placeholder") for name in BY_MODEL],
        Input(SETTINGS, "value"),
        Input(ids.MODEL_START, "value"),
        Input(shared.THEME, "data"),
        State(SETTINGS, "id"),
        State(ids.MODEL_PREPARATION, "data"),
    )
    def follow_fields(values, source, theme, names, preparation_id):
        view = store.of(session.user())
        row = view.preparations.one(preparation_id)
        record = PreparationRecord.of(row)
        try:
            run = config.parse(row["settings"] | settings_of(values, names))
            run = run.for_data(record.n_cells, record.n_genes, record.n_proteins, record.kind)
            run.check_against(record.n_genes, record.n_proteins, record.kind)
        except UserError as error:
            shown = notice(str(error), "bad"), True, *[no_update] * 3, str(error)
            return no_update, no_update, *shown, *[no_update] * len(BY_MODEL)
        same = same_run(view, preparation_id, run, source)
        layers = run.layers(record.n_genes, record.n_proteins, n_batches(view, row["dataset"], run))
        figure = figures.network(layers, record.n_genes, record.n_proteins, theme)
        return (
            figure,
            in_numbers(store, run, record, layers),
            offer(same),
            False,
            AGAIN if same else "Create model",
            f"btn {'btn-outline-secondary' if same else 'btn-primary'}",
            same and same["id"],
            "",
            *(automatic(getattr(run, name)) for name in BY_MODEL),
        )

    app.clientside_callback(  # a control that the chosen model does not obey is not there
        "(model, ids) => ids.map(id => ({display: id.models.split(',').includes(model) ? '' : 'none'}))",
        Output(shared.obeyed(ALL, ALL), "style"),
        Input(shared.setting("model"), "value"),
        State(shared.obeyed(ALL, ALL), "id"),
    )


def n_batches(view, dataset, run):
    """The number of batches of a run's batch covariate, with cells without a value as one more; 0 without a covariate."""
    if run.batch_key not in [c["name"] for c in view.datasets.folder(dataset).columns()]:
        return 0
    _, codes = view.datasets.folder(dataset).column(run.batch_key)
    return len(np.unique(codes))


def in_numbers(store, run, record, layers):
    """The network in numbers, the device that will be used and why, and a description of the drawing."""
    weights = sum(layer.weights for layer in layers)
    n_train, _, _ = run.split_sizes(record.n_cells)
    about = "about " if run.split_by else ""  # groups have sizes of their own
    device, why = device_for(store.recall("device"), run.device)
    return html.Div(
        [
            html.Div(
                [
                    tile("Weights", f"{weights:,}", "numbers to train"),
                    tile(
                        "Input",
                        f"{record.n_genes + record.n_proteins:,}",
                        f"{record.n_genes:,} genes, {record.n_proteins:,} proteins",
                    ),
                    tile("Latent", f"{run.n_latent}", "dimensions"),
                    tile(
                        "Epochs",
                        f"{run.epochs:,}",
                        f"of {about}{n_train:,} cells, {run.batch_size:,} per step",
                    ),
                    tile("Device", device, why),
                ],
                className="nuwa-tiles",
            ),
            html.P(figures.describe_network(layers, record.n_genes, record.n_proteins), className="help"),
        ]
    )


def device_for(known, wanted):
    """(name, reason) of the device a run would use, from what the worker reported."""
    if known is None:
        return "...", "The worker is starting."
    if wanted == "cpu" and known["kind"] == "cuda":
        return "CPU", "Chosen in the settings, although there is a GPU."
    if wanted == "cuda" and known["kind"] != "cuda":
        return "none", f"The settings ask for a GPU, and none can be used. {known['why']}"
    return "GPU" if known["kind"] == "cuda" else "CPU", known["why"]
