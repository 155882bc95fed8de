"""The bar at the bottom of the Preprocess page: what the main button will do, the button itself, and its job."""

from typing import NamedTuple

from dash import Input, Output, State, html

from core.config.dataset_record import DatasetRecord
from core.errors import UserError
from core.store import Status
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.widgets import notice
from dashboard.pages.preprocess import ids
from dashboard.pages.preprocess.plan import CONTROLS, NAMES, Controls, differs, plan
from dashboard.pages.preprocess.result import OTHER_SETTINGS, forward
from dashboard.server import session


def bar(view, row):
    """The main button with its message and its job; it stays at the bottom of the page that is in sight."""
    return html.Div(
        [
            html.Div(id=ids.PREPARE_MESSAGE),
            *job_card.parts(view, ids.APPLY_RECIPE, view.recipes.under_way(row["id"])),
            html.Div(
                html.Button("Preprocess", id=ids.PREPARE, className="btn btn-primary", disabled=True),
                className="nuwa-actions",
            ),
        ],
        className="nuwa-bar",
    )


class BarState(NamedTuple):
    """What the bar and the result show."""

    label: str
    disabled: bool
    look: str
    message: object
    result_state: object
    forward: object


def state_of(view, dataset_id, preparation_id, controls, idle):
    """The BarState of the controls as they stand; `idle`: no job of the page is under way."""
    preparation = view.readable("preparation", preparation_id)
    done = preparation if preparation and preparation["status"] == Status.READY else None
    verb = "Preprocess again" if done else "Preprocess"
    stops = DatasetRecord.of(view.datasets.one(dataset_id)).stops
    try:
        planned = plan(view, dataset_id, controls)
    except UserError as error:
        label, message, is_current = verb, notice(str(error), "bad"), False
    else:
        label, message = f"{verb}: {planned.label}", ""
        is_current = done is not None and not differs(planned, done)
    return BarState(
        label=label,
        disabled=bool(message or stops or not idle),
        look=f"btn {'btn-outline-primary' if is_current else 'btn-primary'}",
        message=message,
        result_state="" if done is None or is_current else notice(OTHER_SETTINGS, "warn"),
        forward=forward(done, is_current, idle),
    )


def register(app, store):
    here = (State(ids.PREPARE_DATASET, "data"), State(ids.PREPARE_SHOWN, "data"))

    @app.callback(
        Output(ids.PREPARE, "children"),
        Output(ids.PREPARE, "disabled"),
        Output(ids.PREPARE, "className"),
        Output(ids.PREPARE_MESSAGE, "children"),
        Output(ids.RESULT_STATE, "children"),
        Output(ids.RESULT_FORWARD, "children"),
        *[Input(*control) for control in CONTROLS],
        Input(ids.APPLY_RECIPE.tick, "disabled"),
        *NAMES,
        *here,
    )
    def describe(*values):
        *controls, idle, setting_ids, limit_ids, dataset_id, preparation_id = values
        controls = Controls(*controls, setting_ids, limit_ids)
        return tuple(state_of(store.of(session.user()), dataset_id, preparation_id, controls, idle))

    # At once: until the server has said what the button would do now, it does nothing.
    app.clientside_callback(
        "() => true",
        Output(ids.PREPARE, "disabled", allow_duplicate=True),
        *[Input(*control) for control in CONTROLS],
        prevent_initial_call=True,
    )

    @job_card.asks(
        app,
        store,
        ids.APPLY_RECIPE,
        Input(ids.PREPARE, "n_clicks"),
        State(ids.PREPARE_DATASET, "data"),
        State(shared.PAGE, "data"),
        *[State(*control) for control in CONTROLS],
        *NAMES,
    )
    def start(view, _, dataset_id, page, *controls):
        if stops := DatasetRecord.of(view.datasets.one(dataset_id)).stops:
            raise UserError(stops[0].sentence)
        planned = plan(view, dataset_id, Controls(*controls))
        return view.recipes.apply(dataset_id, planned.steps, page, planned.settings, "everything")["id"]

    @job_card.shows(
        app,
        store,
        ids.APPLY_RECIPE,
        Output(shared.URL, "href", allow_duplicate=True),
        prevent_initial_call=True,
    )
    def go(view, job):
        return f"/preprocess?{query(job['result'])}"


def query(result):
    """The part of an address that names what the job of a recipe has made: its preparation, else its dataset."""
    if result["preparation"]:
        return f"preparation={result['preparation']}"
    return f"dataset={result['dataset']}"
