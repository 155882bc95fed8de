"""The callbacks of the card of metadata: what a click, a typed range or a new clustering changes."""

from dash import ClientsideFunction, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from core.config.numbers import Number
from core.errors import UserError
from dashboard import ids as shared
from dashboard.pages.clusters import ids as page
from dashboard.pages.clusters.colours import CLUSTERS
from dashboard.pages.clusters.metadata import ids, routes
from dashboard.pages.clusters.metadata.columns import columns
from dashboard.pages.clusters.viewer import selection as selections
from dashboard.pages.clusters.viewer.pickers import colours_cells
from dashboard.server import session

LIMITS = {"from": Number("At least", optional=True), "to": Number("At most", optional=True)}
REVERSED = "At most: this limit is below the lower one. Enter a larger number."


def register(app, store):
    routes.register(app.server, store)
    _show(app, store)
    _selects(app)

    @colours_cells(app, store, Input(ids.METADATA_COLOUR, "data"))
    def choice_of_name(clicked):
        return clicked["by"]


def _show(app, store):
    """The columns, and what the browser draws of them."""
    app.clientside_callback(
        ClientsideFunction("nuwaMetadata", "show"),
        Output(ids.METADATA_DRAWN, "data"),
        Input(ids.METADATA_COLUMNS, "data"),
        Input(page.FILTER, "data"),
        Input(page.SELECTION, "data"),
        Input(page.COLOUR, "value"),
        Input(page.RESOLUTION, "value"),
        State(shared.RUN, "data"),
    )
    app.clientside_callback(
        ClientsideFunction("nuwaMetadata", "errors"),
        Input(ids.METADATA_ERRORS, "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(ids.METADATA_COLUMNS, "data"),
        Input(page.CLUSTERING, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def offer_new_clustering(_, run_id):
        view = store.of(session.user())
        return columns(view, view.runs.one(run_id))


def _selects(app):
    @app.callback(
        Output(page.SELECTION, "data", allow_duplicate=True),
        Input(ids.METADATA_CLICKED, "data"),
        State(page.SELECTION, "data"),
        State(page.RESOLUTION, "value"),
        prevent_initial_call=True,
    )
    def select_category(clicked, selection, resolution):
        if not clicked:
            raise PreventUpdate
        return selections.toggled(selection, clicked["by"], resolution, clicked["name"])

    @app.callback(
        Output(ids.METADATA_ERRORS, "data"),
        Output(page.SELECTION, "data", allow_duplicate=True),
        Output(page.FILTER, "data", allow_duplicate=True),
        Input(ids.METADATA_TYPED, "data"),
        State(page.FILTER, "data"),
        prevent_initial_call=True,
    )
    def use_range(typed, records):
        if not typed:
            raise PreventUpdate
        limits, errors = read_range(typed)
        errors |= {"by": typed["by"]}
        if len(errors) > 1 or not typed.get("action"):
            return errors, no_update, no_update
        if typed["action"] == "filter":
            return errors, no_update, ranged(records, typed["by"], limits)
        if not limits:
            return errors | {"from": "At least: enter a lower or an upper limit."}, no_update, no_update
        return errors, {"by": typed["by"]} | limits, no_update


def read_range(typed):
    """({"from", "to"} of the limits that were typed, {the same: sentence} of those that cannot be used)."""
    limits, errors = {}, {}
    for end, number in LIMITS.items():
        try:
            value = number.read(typed.get(end))
        except UserError as error:
            errors[end] = str(error)
        else:
            limits |= {end: value} if value is not None else {}
    if len(limits) == 2 and limits["from"] > limits["to"]:
        errors["to"] = REVERSED
    return limits, errors


def ranged(records, by, limits):
    """The filter with these limits of a number in place of those that it has; without limits it has none."""
    records, missing = list(records or ()), {}
    for record in [record for record in records if record.get("by") == by and by != CLUSTERS]:
        if "from" in record or "to" in record:
            records.remove(record)
            missing = {"missing": True} if record.get("missing") else {}
    return (records + ([{"by": by} | limits | missing] if limits else [])) or None
