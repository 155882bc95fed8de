"""What happens in the viewer: it is drawn, cells are selected, pictures that are missing are asked for."""

import json

from dash import ALL, ClientsideFunction, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from core.config import DEFAULT_RESOLUTION
from core.errors import UserError
from dashboard import ids as shared
from dashboard.components import job_progress
from dashboard.components.widgets import notice
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.colours import CLUSTERS, colour_of, colour_options
from dashboard.pages.clusters.links import table_link
from dashboard.pages.clusters.viewer import (
    draw as drawing,
)
from dashboard.pages.clusters.viewer import (
    embeddings as spaces,
)
from dashboard.pages.clusters.viewer import (
    selection as selecting,
)
from dashboard.pages.clusters.viewer import (
    subset,
)
from dashboard.pages.clusters.viewer.legend import legend, legend_over
from dashboard.pages.clusters.viewer.link_state import MOST
from dashboard.server import session

PICKERS = [Input(ids.panel(place), "value") for place in range(MOST)]


def shown(view, run, count, keys):
    """The keys of the panels that are shown, of what the four pickers hold."""
    default = spaces.default(view, run)
    return tuple(key or default[i] for i, key in enumerate(keys))[: count or MOST]


def register(app, store):
    @app.callback(
        Output(ids.CLUSTERS_STATE, "data"),
        Output(ids.CLUSTERS_TICK, "disabled"),
        Output(ids.PANELS_WORDS, "children"),
        Output(ids.PANELS_AGAIN, "hidden"),
        Input(ids.CLUSTERS_TICK, "n_intervals"),
        Input(ids.PANELS_AGAIN, "n_clicks"),
        Input(ids.DIMENSIONS, "value"),
        Input(ids.PANEL_COUNT, "value"),
        *PICKERS,
        State(ids.CLUSTERS_STATE, "data"),
        State(shared.RUN, "data"),
    )
    def watch(_, again, k, count, one, two, three, four, seen, run_id):
        """Pictures that no worker has drawn yet are asked for, and looked for until all are there or none is under way."""
        view = store.of(session.user())
        run = view.run(run_id)
        keys = shown(view, run, count, (one, two, three, four))
        asked = view.pictures(run_id)
        chosen = ctx.triggered_id not in (None, ids.CLUSTERS_TICK)
        for name in spaces.missing(view, run, keys, k):
            if name not in asked or (chosen and asked[name]["status"] == "failed"):
                view.draw(run_id, name)
        job_progress.work_here(store)
        missing, asked = spaces.missing(view, run, keys, k), view.pictures(run_id)
        stand = sorted(
            (job_progress.standing(store, asked[name]) for name in missing), key=lambda one: one.over
        )
        said = next((one.words for one in stand if one.words), "")  # what is under way before what has failed
        failed = any(asked[name]["status"] == "failed" for name in missing)
        return missing if missing != seen else no_update, all(one.over for one in stand), said, not failed

    @app.callback(
        Output(ids.PANELS, "figure"),
        Output(ids.PANELS_SHOWN, "hidden"),
        Output(ids.CELLS, "data"),
        Output(ids.CELLS_SHOWN, "hidden"),
        Output(ids.LEGEND, "children"),
        Output(ids.CELLS_NOTES, "children"),
        Output(ids.SELECTED, "children"),
        Output(ids.LINK_TABLE, "href"),
        Input(ids.COLOUR, "value"),
        Input(ids.RESOLUTION, "value"),
        Input(ids.DIMENSIONS, "value"),
        Input(ids.PANEL_COUNT, "value"),
        *PICKERS,
        Input(ids.SELECTION, "data"),
        Input(ids.LINKED, "value"),
        Input(ids.CLUSTERS_STATE, "data"),
        Input(shared.THEME, "data"),
        Input(ids.WEBGL, "data"),
        State(ids.TOOL, "value"),
        State(shared.RUN, "data"),
    )
    def draw(
        by, resolution, k, count, one, two, three, four, selection, linked, _, theme, webgl, tool, run_id
    ):
        view = store.of(session.user())
        run = view.run(run_id)
        keys = shown(view, run, count, (one, two, three, four))
        asked = drawing.Asked(
            keys, by, resolution, k, selection, bool(linked), tool or "pan", theme, webgl is not False
        )
        drawn = drawing.draw(view, run, asked)
        large = drawn.figure is None
        words = selecting.words(view, run, selection, drawn.chosen) if drawn.chosen is not None else NOTHING
        text = json.dumps(selection) if drawn.chosen is not None else ""
        return (
            no_update if large else drawn.figure,
            large,
            drawn.cells,
            not large,
            [
                *legend(drawn.colour, selection, theme, by, resolution),
                *(part for over in drawn.over for part in legend_over(over, theme)),
            ],
            [notice(words, "warn") for words in drawn.notes],
            words,
            table_link(run_id, by, resolution, k, keys, text),
        )

    _selections(app, store)
    subset.register(app, store)
    _pickers(app, store)
    _browser(app)


NOTHING = "No cells are selected: draw a lasso, click in the legend, or choose here."


def _selections(app, store):
    """Ways to select cells beside the lasso, which the browser tells of: the legend, and a form for keyboards."""

    @app.callback(
        Output(ids.SELECTION, "data"),
        Input(ids.category(ALL), "n_clicks"),
        State(ids.SELECTION, "data"),
        State(ids.COLOUR, "value"),
        State(ids.RESOLUTION, "value"),
        prevent_initial_call=True,
    )
    def by_legend(clicks, chosen, by, resolution):
        if not any(clicks):  # the entries have just been drawn
            raise PreventUpdate
        return selecting.toggled(chosen, by, resolution, ctx.triggered_id["name"])

    @app.callback(
        Output(ids.SELECTION, "data", allow_duplicate=True),
        Output(ids.SELECTED, "children", allow_duplicate=True),
        Input(ids.SELECT_GO, "n_clicks"),
        State(ids.SELECT_BY, "value"),
        State(ids.SELECT_IS, "value"),
        State(ids.SELECT_FROM, "value"),
        State(ids.SELECT_TO, "value"),
        State(ids.RESOLUTION, "value"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def by_form(clicks, by, names, low, high, resolution, run_id):
        if not clicks:
            raise PreventUpdate
        view = store.of(session.user())
        colour = colour_of(view, view.run(run_id), by, resolution)
        chosen = {"by": by} | ({"resolution": resolution} if by == CLUSTERS else {})
        if colour.categories is not None:
            if not names:
                return no_update, notice("Choose one value or more first.", "warn")
            return chosen | {"is": names}, no_update
        ends = {name: end for name, end in (("from", low), ("to", high)) if end is not None}
        if not ends:
            return no_update, notice("Say from which number or up to which number first.", "warn")
        return chosen | ends, no_update

    @app.callback(
        Output(ids.SELECTION, "data", allow_duplicate=True),
        Input(ids.SELECT_CLEAR, "n_clicks"),
        prevent_initial_call=True,
    )
    def none(clicks):
        if not clicks:
            raise PreventUpdate
        return None


def _pickers(app, store):
    """What the dropdowns offer while somebody types."""

    def colours(picker):
        @app.callback(
            Output(picker, "options"),
            Input(picker, "search_value"),
            State(picker, "value"),
            State(shared.RUN, "data"),
            prevent_initial_call=True,
        )
        def search(text, chosen, run_id):
            view = store.of(session.user())
            return colour_options(view, view.run(run_id), text or "", chosen)

    def embeddings(picker):
        @app.callback(
            Output(picker, "options"),
            Input(picker, "search_value"),
            State(picker, "value"),
            State(shared.RUN, "data"),
            prevent_initial_call=True,
        )
        def search(text, chosen, run_id):
            view = store.of(session.user())
            return spaces.options(view, view.run(run_id), text, chosen)

    for picker in (ids.COLOUR, ids.SELECT_BY):
        colours(picker)
    for place in range(MOST):
        embeddings(ids.panel(place))

    app.clientside_callback(
        f"count => [{', '.join(f'count < {place + 1}' for place in range(MOST))}]",
        *[Output(ids.panel_box(place), "hidden") for place in range(MOST)],
        Input(ids.PANEL_COUNT, "value"),
    )

    @app.callback(
        Output(ids.SELECT_IS, "options"),
        Output(ids.SELECT_IS, "value"),
        Output(ids.SELECT_NAMES, "hidden"),
        Output(ids.SELECT_NUMBERS, "hidden"),
        Input(ids.SELECT_BY, "value"),
        Input(ids.RESOLUTION, "value"),
        State(shared.RUN, "data"),
    )
    def values(by, resolution, run_id):
        view = store.of(session.user())
        try:
            colour = colour_of(view, view.run(run_id), by, resolution or DEFAULT_RESOLUTION)
        except UserError:
            return [], [], False, True
        names = [str(name) for name in colour.categories or ()]
        numbers = colour.categories is None
        return names, [], numbers, not numbers


def _browser(app):
    """What the page does by itself: the functions of assets/68-cells-page.js."""
    panels = [State(ids.PANEL_COUNT, "value"), *[State(ids.panel(place), "value") for place in range(MOST)]]
    drawn = [State(name, "value") for name in (ids.COLOUR, ids.RESOLUTION, ids.DIMENSIONS)]
    drawn += [State(name, "data") for name in (ids.SELECTION, shared.PLACE, shared.RUN)]
    for name, *parts in (
        ("webgl", Output(ids.WEBGL, "data"), Input(shared.RUN, "data")),
        ("show", Input(ids.CELLS, "data")),
        ("tool", Input(ids.TOOL, "value")),
        ("address", Input(ids.LINK_TABLE, "href"), *panels, *drawn),  # which changes with all that is drawn
    ):
        app.clientside_callback(ClientsideFunction("nuwa", name), *parts)
    app.clientside_callback(
        ClientsideFunction("nuwa", "hovered"),
        Input(ids.PANELS, "hoverData"),
        State(ids.LINKED, "value"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("nuwa", "lassoed"),
        Output(ids.SELECTION, "data", allow_duplicate=True),
        Input(ids.PANELS, "selectedData"),
        *panels,
        prevent_initial_call=True,
    )
