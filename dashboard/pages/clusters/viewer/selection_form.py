"""Selecting cells without a mouse: a form, what is selected now, and the legend's buttons."""

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
    """The sentence on the selected cells, and the form."""
    by = colour_picker(view, run, ids.SELECT_BY, CLUSTERS)
    categories = picker(ids.SELECT_IS, [], [], multi=True, clearable=True, placeholder="one or more")
    limits = [
        html.Div([html.Label([limit.label.lower(), control]), error], className="nuwa-number")
        for id, limit in LIMITS.items()
        for control, error in [number_field.number_input(id, limit)]
    ]
    actions = [
        html.Button("Select cells", id=ids.SELECT_GO, className="btn btn-outline-primary"),
        html.Button("Clear selection", id=ids.SELECT_CLEAR, className="btn btn-outline-secondary"),
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
    return html.Div(
        [
            html.Div(id=ids.SELECTED, role="status", className="nuwa-selected"),
            html.Div(form, className="nuwa-form"),
        ],
        className="nuwa-selecting",
    )


def register(app, store):
    number_field.watch(app, LIMITS, [ids.SELECT_GO])

    @app.callback(
        Output(ids.SELECTION, "data"),
        Input(ids.category(ALL), "n_clicks"),
        State(ids.SELECTION, "data"),
        State(ids.COLOUR, "value"),
        State(ids.RESOLUTION, "value"),
        prevent_initial_call=True,
    )
    def select_in_legend(clicks, selection, by, resolution):
        if not any(clicks):  # the entries have just been drawn
            raise PreventUpdate
        return selections.toggled(selection, by, resolution, ctx.triggered_id["name"])

    @buttons.on(
        app,
        store,
        Input(ids.SELECT_GO, "n_clicks"),
        Output(ids.SELECTION, "data", allow_duplicate=True),
        Output(ids.SELECTED, "children", allow_duplicate=True),
        State(ids.SELECT_BY, "value"),
        State(ids.SELECT_IS, "value"),
        State(ids.SELECT_FROM, "value"),
        State(ids.SELECT_TO, "value"),
        State(ids.RESOLUTION, "value"),
        State(shared.RUN, "data"),
        tone="warn",
    )
    def select_by_form(view, _, by, names, low, high, resolution, run_id):
        colour = colour_of(view, view.runs.one(run_id), by, resolution)
        selection = {"by": by} | ({"resolution": resolution} if by == CLUSTERS else {})
        if colour.categories is not None:
            if not names:
                raise UserError("Choose one or more values first.")
            return selection | {"is": names}, no_update
        low, high = LIMITS[ids.SELECT_FROM].read(low), LIMITS[ids.SELECT_TO].read(high)
        limits = {name: limit for name, limit in (("from", low), ("to", high)) if limit is not None}
        if not limits:
            raise UserError("Enter a lower or an upper limit first.")
        return selection | limits, no_update

    buttons.empty(app, ids.SELECT_CLEAR, ids.SELECTION)

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
