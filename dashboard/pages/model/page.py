"""Create model: the settings of the network and of its training, and a drawing of the network."""

import dash_bootstrap_components as dbc
import numpy as np
from dash import ALL, Input, Output, State, dcc, html, no_update

from core import config, figures
from core.config import NETWORK, TRAINING
from core.config.models import DEFAULT
from core.config.models import DEFAULTS_BY_MODEL as BY_MODEL
from core.config.preparation_record import PreparationRecord
from core.errors import UserError
from core.store import Status
from dashboard import ids as shared
from dashboard.components import job_progress
from dashboard.components.forms import SETTINGS, automatic, form, read_form
from dashboard.components.widgets import card, empty, graph, more, notice, term, tile
from dashboard.pages.model import ids
from dashboard.server import session

PATH, TITLE = "/model", "Create model"


def of_run(run, record):
    """The settings of a run as the form shows them; values that the model chose are empty, so that another model chooses its own."""
    record = PreparationRecord.upgraded(record)
    values = config.parse(run["config"]).model_dump()
    chosen = config.parse(values | dict.fromkeys(BY_MODEL))
    chosen = chosen.for_data(record.n_cells, record.n_genes, record.n_proteins)
    return values | {name: None for name in BY_MODEL if values[name] == getattr(chosen, name)}


def layout(view, here):
    row = here.preparation
    if row is None or row["status"] != Status.READY:
        return empty(
            "No dataset is preprocessed. Press Preprocess first.",
            here.link("/preprocess"),
            "Go to Preprocess",
        )
    record = PreparationRecord.of(row)
    values = of_run(here.run, record) if here.run and here.run["preparation"] == row["id"] else {}
    found = config.RunConfig().for_data(record.n_cells, record.n_genes, record.n_proteins)
    return html.Div(
        [
            dcc.Store(id=ids.MODEL_PREPARATION, data=row["id"]),
            card(
                "The network",
                graph(ids.MODEL_DRAWING, "Drawing of the network", save=False, style={"height": "330px"}),
                html.Div(id=ids.MODEL_WORDS),
            ),
            html.Div(
                [
                    card(
                        "Network",
                        form(NETWORK, values, chosen=found),
                        batch_words(row),
                        more(
                            "What is a latent space?",
                            html.P(
                                [
                                    "The narrow middle layer of the network, between ",
                                    term("encoder"),
                                    " and ",
                                    term("decoder"),
                                    ". Each cell passes through it as a few numbers, so the network keeps what distinguishes "
                                    "cells and drops the noise. Drawn as a map, cells of one type are close together.",
                                ]
                            ),
                        ),
                    ),
                    card(
                        "Training",
                        form(TRAINING, values, chosen=found),
                        more(
                            "What does the learning rate do?",
                            html.P(
                                [
                                    "After each ",
                                    term("minibatch"),
                                    ", every weight takes a small step that lowers the loss; the learning rate is the size of "
                                    "the step. Under one-cycle it rises to the maximum set here and falls to almost zero, "
                                    "so that training settles.",
                                ]
                            ),
                        ),
                    ),
                ],
                className="nuwa-grid even",
            ),
            card(
                "Create",
                html.Label(
                    [
                        "Name of the run",
                        dbc.Input(
                            id=ids.MODEL_NAME,
                            placeholder=f"empty: model and latent dimensions, as in: {DEFAULT}, 20 latent",
                            maxLength=80,
                        ),
                    ],
                    className="nuwa-name",
                ),
                dcc.Interval(id=ids.FORECAST_TICK, interval=1000),
                dcc.Store(id=ids.FORECAST_ASKED),
                html.Div(id=ids.FORECAST, role="status", className="mt-3"),
                html.Div(id=ids.MODEL_MESSAGE),
                html.Div(
                    html.Button("Create model", id=ids.MODEL_CREATE, className="btn btn-primary"),
                    className="nuwa-actions",
                ),
            ),
        ]
    )


def register(app, store):
    @app.callback(
        Output(ids.MODEL_DRAWING, "figure"),
        Output(ids.MODEL_WORDS, "children"),
        Output(ids.MODEL_MESSAGE, "children"),
        Output(ids.MODEL_CREATE, "disabled"),
        *[Output(shared.setting(name), "placeholder") for name in BY_MODEL],
        Input(SETTINGS, "value"),
        Input(shared.THEME, "data"),
        State(SETTINGS, "id"),
        State(ids.MODEL_PREPARATION, "data"),
    )
    def follow_fields(values, theme, names, preparation_id):
        view = store.of(session.user())
        row = view.preparations.one(preparation_id)
        record = PreparationRecord.of(row)
        try:
            run = config.parse(row["settings"] | settings_of(values, names))
            run = run.for_data(record.n_cells, record.n_genes, record.n_proteins)
            run.check_against(record.n_genes, record.n_proteins, record.kind)
        except UserError as error:
            return no_update, no_update, notice(str(error), "bad"), True, *[no_update] * len(BY_MODEL)
        layers = run.layers(record.n_genes, record.n_proteins, n_batches(view, row["dataset"], run))
        figure = figures.network(layers, record.n_genes, record.n_proteins, theme)
        return (
            figure,
            words(store, run, record, layers),
            "",
            False,
            *(automatic(getattr(run, name)) for name in BY_MODEL),
        )

    app.clientside_callback(  # a control that the chosen model does not obey is not there
        "(model, ids) => ids.map(id => ({display: id.models.split(',').includes(model) ? '' : 'none'}))",
        Output(shared.obeyed(ALL, ALL), "style"),
        Input(shared.setting("model"), "value"),
        State(shared.obeyed(ALL, ALL), "id"),
    )

    app.clientside_callback(
        job_progress.CLOCK,
        Output(ids.FORECAST_TICK, "disabled"),
        Output(ids.FORECAST, "style"),
        Input(SETTINGS, "value"),
        Input(ids.FORECAST_ASKED, "data"),
    )

    @app.callback(
        Output(ids.FORECAST, "children"),
        Output(ids.FORECAST_ASKED, "data"),
        Input(ids.FORECAST_TICK, "n_intervals"),
        State(ids.FORECAST_ASKED, "data"),
        State(SETTINGS, "value"),
        State(SETTINGS, "id"),
        State(ids.MODEL_PREPARATION, "data"),
        prevent_initial_call=True,
    )
    def foresee(_, asked, values, names, preparation_id):
        return foreseen(app, store.of(session.user()), asked, values, names, preparation_id)

    @app.callback(
        Output(shared.URL, "href", allow_duplicate=True),
        Output(ids.MODEL_MESSAGE, "children", allow_duplicate=True),
        Input(ids.MODEL_CREATE, "n_clicks"),
        State(SETTINGS, "value"),
        State(SETTINGS, "id"),
        State(ids.MODEL_PREPARATION, "data"),
        State(ids.MODEL_NAME, "value"),
        prevent_initial_call=True,
    )
    def create(clicks, values, names, preparation_id, name):
        if not clicks:
            return no_update, no_update
        try:
            run_id = store.of(session.user()).runs.create(
                preparation_id, settings_of(values, names), (name or "").strip()
            )
        except UserError as error:
            return no_update, notice(str(error), "bad")
        return f"/train?run={run_id}", no_update


def settings_of(values, names):
    """The network and training settings of the page's controls, without those its model does not use."""
    found = read_form(values, names, NETWORK) | read_form(values, names, TRAINING)
    foreign = {s.name for s in config.specs() if s.models and found.get("model") not in s.models}
    return {name: value for name, value in found.items() if name not in foreign}


def foreseen(app, view, asked, values, names, preparation_id):
    """(what to show, what was asked): the forecast for what the controls say, or how far it is.

    What was asked is {"values", "job", "over"}; a second of `values` that stay is what starts the work.
    """
    try:
        job, asked = job_progress.latest(
            app,
            view,
            asked,
            values,
            lambda: view.preparations.forecast(preparation_id, settings_of(values, names)),
        )
    except UserError:  # the fields say what is wrong with them
        return "", job_progress.answered(values)
    if job is None:
        return "", asked
    if job["status"] == Status.FAILED:
        return notice(job["message"], "warn"), asked
    if job["status"] != Status.DONE:
        return html.P("Forecasting time and memory ...", className="help"), asked
    return forecast_of(job["result"]), asked


def forecast_of(found):
    """A forecast in a sentence, and its warning."""
    shown = [html.P(found["sentence"])]
    if found["beside"]:
        shown.append(
            html.P("Another run is training now. Without it, this run would be faster.", className="help")
        )
    if found["warning"]:
        shown.append(notice(found["warning"], "warn"))
    return shown


def batch_words(row):
    """The batch covariate of the model, and the link to where it is chosen."""
    column = row["settings"].get("batch_key")
    link = dcc.Link("chosen in Preprocess", href=f"/preprocess?preparation={row['id']}")
    return html.P([term("Batch covariate"), f": {column or 'none'} (", link, ")."], className="help")


def n_batches(view, dataset, run):
    """The number of batches of a run's batch covariate, with cells without a value as one more; 0 without a covariate."""
    if run.batch_key not in [c["name"] for c in view.datasets.folder(dataset).columns()]:
        return 0
    _, codes = view.datasets.folder(dataset).column(run.batch_key)
    return len(np.unique(codes))


def words(store, run, record, layers):
    """The network in numbers, the device that will be used and why, and a description of the drawing."""
    weights = sum(layer.weights for layer in layers)
    n_train, _, _ = run.split_sizes(record.n_cells)
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
                    tile("Epochs", f"{run.epochs:,}", f"of {n_train:,} cells, {run.batch_size:,} per step"),
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
