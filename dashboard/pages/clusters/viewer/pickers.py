"""The viewer's dropdowns: their options while somebody types, how many are shown, and colours chosen in another card."""

from dash import Input, Output, State
from dash.exceptions import PreventUpdate

from dashboard import ids as shared
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.colours import colour_options
from dashboard.pages.clusters.viewer import embeddings
from dashboard.pages.clusters.viewer.link_state import MOST
from dashboard.server import session


def register(app, store):
    for picker in (ids.COLOUR, ids.SELECT_BY):
        _search(app, store, picker, colour_options)
    for index in range(MOST):
        _search(app, store, ids.panel(index), embeddings.options)
    app.clientside_callback(
        f"count => [{', '.join(f'count < {index + 1}' for index in range(MOST))}]",
        *[Output(ids.panel_box(index), "hidden") for index in range(MOST)],
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


def colours_cells(app, store, trigger, *states):
    """Decorate the function that gives the colour of the cells, such as "gene:CD3E", when a control is pressed or chosen."""

    def register(choice_of):
        @app.callback(
            Output(ids.COLOUR, "value", allow_duplicate=True),
            Output(ids.COLOUR, "options", allow_duplicate=True),
            trigger,
            State(shared.RUN, "data"),
            *states,
            prevent_initial_call=True,
        )
        def colour(value, run_id, *values):
            if not value:
                raise PreventUpdate
            view, choice = store.of(session.user()), choice_of(value, *values)
            return choice, colour_options(view, view.runs.one(run_id), "", choice)

        return choice_of

    return register


def row_colours_cells(app, store, table):
    """Colour the cells by the gene or protein of the row that is selected in a table."""

    @colours_cells(app, store, Input(table, "selectedRows"))
    def choice_of_row(rows):
        return f"{rows[0]['kind']}:{rows[0]['feature']}"
