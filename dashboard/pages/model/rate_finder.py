"""The learning-rate finder on the Create model page: a short sweep, its curve, and the button that fills the field."""

from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from core import figures
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.forms import SETTINGS
from dashboard.components.number_field import block
from dashboard.components.widgets import graph, more, term
from dashboard.pages.model import ids
from dashboard.pages.model.settings import settings_of


def layout(view, preparation):
    """The button, and where the curve appears."""
    result = html.Div(
        [
            graph(ids.RATE_FIGURE, "Loss of each step by its learning rate", height=280),
            html.P(id=ids.RATE_TEXT, className="help", role="status"),
            html.Button("Use this rate", id=ids.RATE_USE, className="btn btn-sm btn-outline-primary"),
        ],
        id=ids.RATE_RESULT,
        hidden=True,
    )
    return more(
        "Find a learning rate",
        html.P(
            [
                "A short training of 120 steps, in which the ",
                term("learning rate"),
                " grows from 0.000001 to 10. Where the loss falls, the rate is large enough; where it rises, it is too large.",
            ]
        ),
        html.Div(
            html.Button(
                "Sweep the learning rate", id=ids.RATE_GO, className="btn btn-sm btn-outline-primary"
            ),
            className="nuwa-actions",
        ),
        *job_card.parts(view, ids.RATE, view.preparations.last_sweep(preparation["id"])),
        dcc.Store(id=ids.RATE_SUGGESTED),
        result,
    )


def register(app, store):
    block(app, [ids.RATE_GO], [Input(ids.MODEL_ERROR, "data")])

    @job_card.asks(
        app,
        store,
        ids.RATE,
        Input(ids.RATE_GO, "n_clicks"),
        State(SETTINGS, "value"),
        State(SETTINGS, "id"),
        State(ids.MODEL_PREPARATION, "data"),
    )
    def sweep(view, _, values, names, preparation_id):
        return view.preparations.sweep_rates(preparation_id, settings_of(values, names))["id"]

    @job_card.shows(
        app,
        store,
        ids.RATE,
        Output(ids.RATE_FIGURE, "figure"),
        Output(ids.RATE_RESULT, "hidden"),
        Output(ids.RATE_TEXT, "children"),
        Output(ids.RATE_USE, "children"),
        Output(ids.RATE_USE, "hidden"),
        Output(ids.RATE_SUGGESTED, "data"),
        Input(shared.THEME, "data"),
    )
    def show(view, job, theme):
        record = job["result"]
        rate = record["suggested"]
        return (
            figures.rate_sweep(record, theme),
            False,
            in_words(record),
            f"Use the learning rate {rate:g}" if rate else "",
            not rate,
            rate,
        )

    @app.callback(
        Output(shared.setting("lr"), "value", allow_duplicate=True),
        Input(ids.RATE_USE, "n_clicks"),
        State(ids.RATE_SUGGESTED, "data"),
        prevent_initial_call=True,
    )
    def use(clicks, rate):
        if not clicks or not rate:
            raise PreventUpdate
        return f"{rate:g}"


def in_words(record):
    """What a sweep suggests, in a sentence."""
    rate = record["suggested"]
    if not rate:
        return "The loss did not fall at any rate: no rate can be suggested. Keep the default."
    return (
        f"Suggested: {rate:g}, a third of the rate at which the loss is lowest. Under a constant schedule, start with "
        f"{rate / 3:.2g}."
    )
