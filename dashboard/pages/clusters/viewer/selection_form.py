"""Selecting or filtering cells by anything that can colour them: a form, and the legend's buttons."""

from dash import ALL, Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate

from core.config import DEFAULT_RESOLUTION
from core.config.numbers import Number
from core.errors import UserError
from dashboard import ids as shared
from dashboard.components import buttons, number_field
from dashboard.components.picker import picker
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.colours import CLUSTERS, colour_of
from dashboard.pages.clusters.viewer import selection as selections
from dashboard.pages.clusters.viewer.pickers import colour_picker
from dashboard.server import session

LIMITS = {
    ids.SELECT_FROM: Number("At least", optional=True),
    ids.SELECT_TO: Number("At most", optional=True),
}


def layout(view, run):
    """The form; the card of metadata shows it."""
    by = colour_picker(view, run, ids.SELECT_BY, CLUSTERS)
    categories = picker(ids.SELECT_IS, [], [], multi=True, clearable=True, placeholder="one or more")
    limits = [
        html.Div([html.Label([limit.label.lower(), control]), error], className="nuwa-number")
        for id, limit in LIMITS.items()
        for control, error in [number_field.number_input(id, limit)]
    ]
    actions = [
        html.Button("Select cells", id=ids.SELECT_GO, className="btn btn-outline-primary"),
        html.Button("Show only these cells", id=ids.SELECT_FILTER, className="btn btn-outline-secondary"),
    ]
    form = [
        html.Div([html.Label("Select cells by", htmlFor=ids.SELECT_BY), by], className="nuwa-field"),
        html.Div(
            [html.Label("which is", htmlFor=ids.SELECT_IS), categories],
            id=ids.SELECT_NAMES,
            className="nuwa-field",
        ),
        html.Div(limits, id=ids.SELECT_NUMBERS, className="nuwa-range", hidden=True),
        html.Div(actions, className="nuwa-actions"),
    ]
    return html.Div(html.Div(form, className="nuwa-form"), className="nuwa-selecting")


def register(app, store):
    number_field.watch(app, LIMITS, [ids.SELECT_GO, ids.SELECT_FILTER])

    @app.callback(
        Output(ids.SELECTION, "data"),
        Input(ids.category(ALL, ALL), "n_clicks"),
        State(ids.SELECTION, "data"),
        State(ids.RESOLUTION, "value"),
        prevent_initial_call=True,
    )
    def select_in_legend(clicks, selection, resolution):
        if not any(clicks):  # the entries have just been drawn
            raise PreventUpdate
        entry = ctx.triggered_id
        return selections.toggled(selection, entry["by"], resolution, entry["name"])

    def on(button, target, *states):
        """Decorate what a button does with the record of the form, and return what `target` becomes."""

        def register_use(use):
            @buttons.on(
                app,
                store,
                Input(button, "n_clicks"),
                Output(target, "data", allow_duplicate=True),
                Output(ids.SELECTED, "children", allow_duplicate=True),
                State(ids.SELECT_BY, "value"),
                State(ids.SELECT_IS, "value"),
                State(ids.SELECT_FROM, "value"),
                State(ids.SELECT_TO, "value"),
                State(ids.RESOLUTION, "value"),
                State(shared.RUN, "data"),
                *states,
                tone="warn",
            )
            def press(view, _, by, names, low, high, resolution, run_id, *values):
                colour = colour_of(view, view.runs.one(run_id), by, resolution)
                return use(_record(colour, by, names, low, high, resolution), *values), no_update

        return register_use

    @on(ids.SELECT_GO, ids.SELECTION)
    def select_by_form(record):
        return record

    @on(ids.SELECT_FILTER, ids.FILTER, State(ids.FILTER, "data"))
    def filter_by_form(record, records):
        return [*(records or ()), record]

    @app.callback(
        Output(ids.SELECT_IS, "options"),
        Output(ids.SELECT_IS, "value"),
        Output(ids.SELECT_NAMES, "hidden"),
        Output(ids.SELECT_NUMBERS, "hidden"),
        Input(ids.SELECT_BY, "value"),
        Input(ids.RESOLUTION, "value"),
        State(shared.RUN, "data"),
    )
    def offer_values(by, resolution, run_id):
        view = store.of(session.user())
        try:
            colour = colour_of(view, view.runs.one(run_id), by, resolution or DEFAULT_RESOLUTION)
        except UserError:
            return [], [], False, True
        names = [str(name) for name in colour.categories or ()]
        is_numeric = colour.categories is None
        return names, [], is_numeric, not is_numeric


def _record(colour, by, names, low, high, resolution):
    """The record of viewer/selection.py that the form says; raises UserError where a value is missing."""
    record = {"by": by} | ({"resolution": resolution} if by == CLUSTERS else {})
    if colour.categories is not None:
        if not names:
            raise UserError("Choose one or more values first.")
        return record | {"is": names}
    low, high = LIMITS[ids.SELECT_FROM].read(low), LIMITS[ids.SELECT_TO].read(high)
    limits = {name: limit for name, limit in (("from", low), ("to", high)) if limit is not None}
    if not limits:
        raise UserError("Enter a lower or an upper limit first.")
    return record | limits
