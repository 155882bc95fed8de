"""Presets: each fills the form of the Preprocess page; the main button then does what the form says."""

from dash import ALL, Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate

from core.config import PREPARE, specs, steps_for
from core.config.dataset_record import DatasetRecord
from core.config.numbers import text_of
from core.preprocessing.recipe import PRESETS, preset
from dashboard.components.forms import NONE, SETTINGS
from dashboard.components.widgets import more
from dashboard.pages.preprocess import ids
from dashboard.server import session

KEPT = ("batch_key", "keep_genes", "drop_genes")  # what is known of this dataset alone


def presets():
    """The buttons that fill the form, and what each does."""
    buttons = [
        html.Button(name, id=ids.preset(name), className="btn btn-sm btn-outline-primary", title=text)
        for name, text in PRESETS.items()
    ]
    return html.Div(
        [
            html.Div(["Fill the form with a preset: ", *buttons], className="nuwa-actions"),
            more(
                "What do the presets do?",
                html.Ul([html.Li([html.B(name), f": {text}"]) for name, text in PRESETS.items()]),
                html.P("The batch column and lists of genes stay as they are."),
            ),
        ]
    )


def filled(record, name, setting_names):
    """The value of each setting by its name after a preset: no_update for what the preset or the data leave alone."""
    applicable = steps_for(record.kind, bool(record.proteins), bool(record.protein_background))
    settings, fields = preset(name).settings, {spec.name: spec for spec in specs(PREPARE)}
    return [
        no_update
        if setting in KEPT or (setting in applicable and not applicable[setting].applies)
        else control_value(fields[setting], settings[setting])
        for setting in setting_names
    ]


def control_value(spec, value):
    """The value of a setting as its control has it."""
    if spec.number:
        return text_of(value)
    return NONE if value is None else value


def register(app, store):
    @app.callback(
        Output(SETTINGS, "value"),
        Output(ids.REMOVE_CELLS, "value", allow_duplicate=True),
        Output(ids.REMOVE_GENES, "value"),
        Output(ids.MIN_CELLS, "value"),
        Input(ids.preset(ALL), "n_clicks"),
        State(SETTINGS, "id"),
        State(ids.PREPARE_DATASET, "data"),
        prevent_initial_call=True,
    )
    def fill(clicks, fields, dataset_id):
        if not any(clicks):  # the buttons have just been drawn
            raise PreventUpdate
        name = ctx.triggered_id["name"]
        record = DatasetRecord.of(store.of(session.user()).datasets.one(dataset_id))
        steps = {step.name for step in preset(name).steps}
        values = filled(record, name, [field["name"] for field in fields])
        return values, "filter_cells" in steps, "filter_genes" in steps, "3"
