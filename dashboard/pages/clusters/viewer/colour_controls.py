"""The controls for colours of the maps: one for each panel, split, labels, and the ends of colour scales."""

import dash_bootstrap_components as dbc
from dash import Input, Output, State, html

from core.errors import UserError
from dashboard import ids as shared
from dashboard.components import number_field
from dashboard.components.picker import picker_field
from dashboard.components.widgets import more
from dashboard.pages.clusters import colour_search, ids
from dashboard.pages.clusters.colours import EACH, groupings
from dashboard.pages.clusters.viewer import pickers
from dashboard.pages.clusters.viewer.clip import FIELDS, NUMBERS, UNITS, clip_of
from dashboard.pages.clusters.viewer.link_state import MOST
from dashboard.pages.clusters.viewer.maps import is_small
from dashboard.server import session


def card(view, run, state):
    """The card with what splits the maps, and the ends of the colour scales."""
    return html.Section(
        [
            html.H2("Colours of the maps"),
            html.Div(split_picker(view, run, state), className="nuwa-form"),
            scale_ends(state),
        ],
        className="nuwa-card",
    )


def split_picker(view, run, state):
    """The picker of the categories that have a map each."""
    options = groupings(view, run)
    if state.split and state.split not in [option["value"] for option in options]:
        options = [{"label": state.split, "value": state.split}, *options]
    return picker_field(
        "Split by",
        ids.SPLIT_BY,
        options,
        state.split,
        help="a small map of the first panel for each category, other cells grey",
        clearable=True,
        placeholder="not split",
    )


def panel_colour(view, run, state, index):
    """The picker of the colour of a panel after the first."""
    id, chosen = ids.panel_colour(index), state.colours[index - 1] if index <= len(state.colours) else ""
    chosen = chosen or state.by
    return html.Div(
        [
            html.Label(f"Colour of panel {index + 1}", htmlFor=id, className="visually-hidden"),
            pickers.colour_picker(view, run, id, chosen),
        ],
        id=ids.panel_colour_box(index),
        className="nuwa-head-colour",
        hidden=not state.colours or index >= len(state.panels) or is_small(state.by, state.split),
    )


def scale_ends(state):
    """The fields for the ends of the colour scales, folded."""
    clip = state.clip
    unit = html.Div(
        [
            html.Label("Ends as", htmlFor=ids.CLIP_UNIT),
            dbc.Select(
                id=ids.CLIP_UNIT,
                options=[{"label": name, "value": unit} for unit, name in UNITS.items()],
                value=clip.unit,
            ),
        ],
        className="nuwa-field",
    )
    fields = [
        number_field.number_field(id, number._replace(low=None, high=None), end, placeholder="automatic")
        for id, number, end in zip(FIELDS, NUMBERS[clip.unit], (clip.low, clip.high), strict=True)
    ]
    return more(
        "Ends of the colour scale",
        html.P(
            "Empty is automatic: the scale ends at the 99th percentile, of the values that are not 0 where most are 0. "
            "Values beyond an end have its colour, and the legend says so. Percentiles go from 0 to 100."
        ),
        html.Div([*fields, unit], className="nuwa-form"),
        html.Div(id=ids.CLIP_MESSAGE, className="error", role="status"),
        open=bool(clip.low is not None or clip.high is not None),
    )


# (hidden of each panel and colour picker, of the number of panels, of the switch; the label of the first picker)
SHOWN = f"""(count, linked, by, split) => {{
    const small = !!split || (by || "").startsWith("{EACH}:"), n = small ? 1 : count, apart = linked === false && !small;
    const panels = [...Array({MOST}).keys()].map(i => n < i + 1);
    const colours = [...Array({MOST}).keys()].slice(1).map(i => !apart || count < i + 1);
    return [...panels, ...colours, small, small, apart ? "Colour of panel 1" : "Colour by"];
}}"""


def register(app, store):
    app.clientside_callback(
        SHOWN,
        *[Output(ids.panel_box(index), "hidden") for index in range(MOST)],
        *[Output(ids.panel_colour_box(index), "hidden") for index in range(1, MOST)],
        Output(ids.PANEL_COUNT_BOX, "hidden"),
        Output(ids.COLOURS_LINKED_BOX, "hidden"),
        Output(ids.COLOUR_LABEL, "children"),
        Input(ids.PANEL_COUNT, "value"),
        Input(ids.COLOURS_LINKED, "value"),
        Input(ids.COLOUR, "value"),
        Input(ids.SPLIT_BY, "value"),
    )
    # The names of categories have a place on a flat map only.
    app.clientside_callback("k => k === 3", Output(ids.LABELS, "disabled"), Input(ids.DIMENSIONS, "value"))
    # Values are those of one colour: another one begins with an automatic scale. Percentiles suit all.
    app.clientside_callback(
        f"""(by, unit, low, high) => unit === "{list(UNITS)[1]}" ? ["", ""] : [low, high]""",
        *[Output(id, "value", allow_duplicate=True) for id in FIELDS],
        Input(ids.COLOUR, "value"),
        State(ids.CLIP_UNIT, "value"),
        *[State(id, "value") for id in FIELDS],
        prevent_initial_call=True,
    )
    _pickers(app, store)
    _clip(app)


def _pickers(app, store):
    @app.callback(
        *[Output(ids.panel_colour(index), part) for index in range(1, MOST) for part in ("options", "value")],
        Input(ids.COLOURS_LINKED, "value"),
        State(ids.COLOUR, "value"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def begin_alike(linked, by, run_id):
        """Panels that get colours of their own begin with the common one."""
        view = store.of(session.user())
        return [[colour_search.option(view, view.runs.one(run_id), by)], by] * (MOST - 1)

    @app.callback(
        Output(ids.SPLIT_BY, "options"),
        Input(ids.CLUSTERING, "data"),
        Input(ids.RENAMED, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def offer_new_clusterings(_, renamed, run_id):
        view = store.of(session.user())
        return groupings(view, view.runs.one(run_id))


def _clip(app):
    @app.callback(
        *[Output(number_field.error_id(id), "children") for id in FIELDS],
        Output(ids.CLIP_MESSAGE, "children"),
        *[Input(id, "value") for id in FIELDS],
        Input(ids.CLIP_UNIT, "value"),
        prevent_initial_call=True,
    )
    def check(low, high, unit):
        errors = [
            number_field.error_of(number, text)
            for number, text in zip(NUMBERS[unit], (low, high), strict=True)
        ]
        if any(errors):
            return *errors, ""
        try:
            clip_of(low, high, unit)
        except UserError as error:
            return "", "", str(error)
        return "", "", ""
