"""The options of the viewer's dropdowns while somebody types, and how many of them are shown."""

from dash import Input, Output, State

from dashboard import ids as shared
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.colours import colour_options
from dashboard.pages.clusters.viewer import embeddings
from dashboard.pages.clusters.viewer.link_state import MOST
from dashboard.server import session


def register(app, store):
    for picker in (ids.COLOUR, ids.SELECT_BY):
        _search(app, store, picker, colour_options)
    for place in range(MOST):
        _search(app, store, ids.panel(place), embeddings.options)
    app.clientside_callback(
        f"count => [{', '.join(f'count < {place + 1}' for place in range(MOST))}]",
        *[Output(ids.panel_box(place), "hidden") for place in range(MOST)],
        Input(ids.PANEL_COUNT, "value"),
    )


def _search(app, store, picker, options):
    """Offer what `options(view, run, text, chosen)` gives for the typed text."""

    @app.callback(
        Output(picker, "options"),
        Input(picker, "search_value"),
        State(picker, "value"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def search(text, chosen, run_id):
        view = store.of(session.user())
        return options(view, view.runs.one(run_id), text or "", chosen)
