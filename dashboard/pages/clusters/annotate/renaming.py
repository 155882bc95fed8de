"""A double click on a label or an entry of the legend renames a group: assets/69-cells-rename.js asks for the name."""

from dash import Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from core.errors import UserError
from core.store import Missing
from dashboard import ids as shared
from dashboard.components.widgets import notice
from dashboard.pages.clusters import colour_search
from dashboard.pages.clusters import ids as page
from dashboard.pages.clusters.annotate import clusterings
from dashboard.pages.clusters.colours import MADE
from dashboard.pages.clusters.viewer.link_state import MOST
from dashboard.server import session

PANELS = range(1, MOST)


def register(app, store):
    @app.callback(
        Output(page.CLUSTERING, "data", allow_duplicate=True),
        Output(page.RENAMED, "data"),
        Output(page.RENAME_MESSAGE, "children"),
        *[Output(page.panel_colour(index), "options", allow_duplicate=True) for index in PANELS],
        *[Output(page.panel_colour(index), "value", allow_duplicate=True) for index in PANELS],
        Input(page.RENAME, "data"),
        State(page.COLOUR, "value"),
        State(page.COLOURS_LINKED, "value"),
        State(shared.RUN, "data"),
        *[State(page.panel_colour(index), "value") for index in PANELS],
        prevent_initial_call=True,
    )
    def rename(typed, by, linked, run_id, *others):
        """Name the group in a clustering of one's own, which then colours the panels that showed the group."""
        if not typed:
            raise PreventUpdate
        view, nothing = store.of(session.user()), [no_update] * len(others)
        run = view.runs.one(run_id)
        try:
            line = clusterings.rename(view, run, typed["by"], typed["resolution"], typed["name"], typed["to"])
        except Missing:
            raise
        except UserError as error:
            return no_update, no_update, notice(str(error), "warn"), *nothing, *nothing
        choice, options, values = f"{MADE}:{line}", nothing[:], nothing[:]
        for i, other in enumerate(others):
            if linked is False and other == typed["by"]:
                options[i], values[i] = [colour_search.option(view, run, choice)], choice
        is_first = linked is not False or by == typed["by"]
        return line if is_first else no_update, line, "", *options, *values
