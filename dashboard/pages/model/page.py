"""Create model: the settings of the network and of its training, and a drawing of the network."""

import dash_bootstrap_components as dbc
from dash import Input, Output, State, dcc, html, no_update

from core import config
from core.config import NETWORK, TRAINING
from core.config.models import SPLIT
from core.config.numbers import text_of
from core.config.preparation_record import PreparationRecord
from core.store import Status
from core.text import listed
from dashboard import ids as shared
from dashboard.components import buttons
from dashboard.components.forms import SETTINGS, form
from dashboard.components.widgets import card, empty, graph, more, notice, term
from dashboard.pages.model import choose, forecast, ids, network, rate_finder, search
from dashboard.pages.model.same_run import offer, same_run
from dashboard.pages.model.settings import of_run, settings_of
from dashboard.pages.run_diagnosis import changes_of

PATH, TITLE = "/model", "Create model"


def layout(view, context):
    row = context.preparation
    if row is None or row["status"] != Status.READY:
        return empty(
            "No dataset is preprocessed. Press Preprocess first.",
            context.link("/preprocess"),
            "Go to Preprocess",
        )
    record = PreparationRecord.of(row)
    values = of_run(context.run, record) if context.run and context.run["preparation"] == row["id"] else {}
    changes = changes_of(context.query)
    values |= changes
    automatic = config.RunConfig().for_data(record.n_cells, record.n_genes, record.n_proteins, record.kind)
    prepared = config.parse(config.upgraded(row["settings"]))
    steps = dict.fromkeys(SPLIT, prepared.target_step(record.kind))
    groups = [column["name"] for column in view.datasets.folder(row["dataset"]).group_columns()]
    sources = {source["id"]: source["name"] for source in view.resumed.sources()}
    start = values.get("start_from")  # of the run whose settings the form shows
    return html.Div(
        [
            dcc.Store(id=ids.MODEL_PREPARATION, data=row["id"]),
            choose.layout(view, row),
            card(
                "The network",
                graph(ids.MODEL_DRAWING, "Drawing of the network", save=False, style={"height": "330px"}),
                html.Div(id=ids.MODEL_NUMBERS),
            ),
            html.Div(
                [
                    card(
                        "Network",
                        form(NETWORK, values, chosen=automatic),
                        batch_line(row),
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
                        form(TRAINING, values, steps, chosen=automatic, columns=groups),
                        rate_finder.layout(view, row),
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
                changed_line(context.run, changes),
                html.Label(
                    [
                        "Name of the run",
                        dbc.Input(
                            id=ids.MODEL_NAME,
                            placeholder="empty: a name such as brave-finch-12",
                            maxLength=80,
                        ),
                    ],
                    className="nuwa-name",
                ),
                html.Label(
                    [
                        "Start from the weights of",
                        dcc.Dropdown(
                            id=ids.MODEL_START,
                            options=sources,
                            value=start if start in sources else None,
                            placeholder="no run: fresh weights",
                        ),
                    ],
                    className="nuwa-labelled nuwa-name",
                ),
                html.Div(
                    "Of a run with the same network. Genes and proteins that it lacks start from fresh weights.",
                    className="help",
                ),
                dcc.Interval(id=ids.FORECAST_TICK, interval=1000),
                dcc.Store(id=ids.FORECAST_REQUEST),
                dcc.Store(id=ids.MODEL_SAME),
                dcc.Store(id=ids.MODEL_ERROR),
                html.Div(id=ids.FORECAST, role="status", className="mt-3"),
                html.Div(id=ids.MODEL_MESSAGE),
                html.Div(
                    html.Button("Create model", id=ids.MODEL_CREATE, className="btn btn-primary"),
                    className="nuwa-actions",
                ),
            ),
            search.layout(view, row),
        ]
    )


def changed_line(run, changes):
    """What a link has changed in the settings of a run; "" where it changed nothing."""
    if not changes or run is None:
        return ""
    labels = {spec.name: spec.label for spec in config.specs()}
    parts = [
        f"{labels[name]} {text_of(value) if isinstance(value, int | float) and not isinstance(value, bool) else value}"
        for name, value in changes.items()
    ]
    return notice(f"The form has the settings of the run '{run['name']}', but: {listed(parts)}.")


def batch_line(row):
    """The batch covariate of the model, and the link to where it is chosen."""
    column = row["settings"].get("batch_key")
    link = dcc.Link("chosen in Preprocess", href=f"/preprocess?preparation={row['id']}")
    return html.P([term("Batch covariate"), f": {column or 'none'} (", link, ")."], className="help")


def register(app, store):
    network.register(app, store)
    forecast.register(app, store)
    rate_finder.register(app, store)
    search.register(app, store)
    choose.register(app, store)

    @buttons.on(
        app,
        store,
        Input(ids.MODEL_CREATE, "n_clicks"),
        Output(shared.URL, "href", allow_duplicate=True),
        Output(ids.MODEL_SAME, "data", allow_duplicate=True),
        Output(ids.MODEL_MESSAGE, "children", allow_duplicate=True),
        State(SETTINGS, "value"),
        State(SETTINGS, "id"),
        State(ids.MODEL_PREPARATION, "data"),
        State(ids.MODEL_NAME, "value"),
        State(ids.MODEL_SAME, "data"),
        State(ids.MODEL_START, "value"),
    )
    def create(view, _, values, names, preparation_id, name, shown, source):
        """`shown` is the run with these settings that the page shows: another one is offered first."""
        settings, name = settings_of(values, names), (name or "").strip()
        same = same_run(
            view, preparation_id, view.preparations.run_config(preparation_id, settings)[1], source
        )
        if same is not None and same["id"] != shown:
            return no_update, same["id"], offer(same, " Press the button again to create it a second time.")
        if source:
            run_id = view.resumed.create_from(source, preparation_id, settings, name)
        else:
            run_id = view.runs.create(preparation_id, settings, name)
        return f"/train?run={run_id}", no_update, no_update
