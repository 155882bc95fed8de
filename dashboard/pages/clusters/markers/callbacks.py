"""What happens on the card of markers: asking, and showing what was found."""

from dash import Input, Output, State, html
from dash.exceptions import PreventUpdate

from core.errors import UserError
from core.store import Missing
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.colours import colour_options
from dashboard.pages.clusters.links import markers_link
from dashboard.pages.clusters.markers.card import columns, remarks
from dashboard.pages.clusters.markers.results import chosen_groups, picture, rows
from dashboard.pages.clusters.viewer import selection as selections
from dashboard.server import session


def register(app, store):
    app.clientside_callback(
        "how => [how !== 'each', how !== 'two']",
        Output(ids.MARKERS_EACH, "hidden"),
        Output(ids.MARKERS_TWO, "hidden"),
        Input(ids.MARKERS_HOW, "value"),
    )
    _two_selections(app, store)

    @job_card.asks(
        app,
        store,
        ids.MARKERS,
        Input(ids.MARKERS_GO, "n_clicks"),
        State(ids.MARKERS_HOW, "value"),
        State(ids.MARKERS_BY, "value"),
        State(ids.RESOLUTION, "value"),
        State(ids.MARKERS_A, "data"),
        State(ids.MARKERS_B, "data"),
        State(shared.RUN, "data"),
    )
    def find(view, clicks, how, by, resolution, a, b, run_id):
        groups = chosen_groups(view, view.runs.one(run_id), how, by, resolution, a, b)
        return view.groups.find_markers(run_id, groups)["id"]

    @app.callback(
        Output(ids.MARKERS_SHOWN, "hidden"),
        Output(ids.MARKERS_WORDS, "children"),
        Output(ids.MARKERS_GROUP, "options"),
        Output(ids.MARKERS_GROUP, "value"),
        Output(ids.MARKERS_TABLE, "columnDefs"),
        Output(ids.MARKERS_CSV, "href"),
        Output(ids.MARKERS_BADGE, "children"),
        Input(ids.MARKERS.done, "data"),
        State(shared.RUN, "data"),
    )
    def show(job_id, run_id):
        if not job_id:
            raise PreventUpdate
        found = store.of(session.user()).jobs.one(job_id)["result"]
        options = [
            {"label": f"{name} ({n:,} cells)", "value": i}
            for i, (name, n) in enumerate(zip(found["names"], found["sizes"], strict=True))
        ]
        first = next((i for i, n in enumerate(found["names"]) if n not in found["too_small"]), 0)
        link = markers_link(run_id, job_id)
        table = columns(found["logged"])
        return False, remarks(found), options, first, table, link, found["values"]

    @app.callback(
        Output(ids.MARKERS_TABLE, "rowData"),
        Output(ids.MARKERS_TABLE, "selectedRows"),
        Input(ids.MARKERS_GROUP, "value"),
        Input(ids.MARKERS_GROUP, "options"),
        State(ids.MARKERS.done, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def fill(group, _, job_id, run_id):
        if group is None or not job_id:
            raise PreventUpdate
        view = store.of(session.user())
        return rows(view, view.runs.one(run_id), view.jobs.one(job_id)["result"], group), []

    @app.callback(
        Output(ids.COLOUR, "value", allow_duplicate=True),
        Output(ids.COLOUR, "options", allow_duplicate=True),
        Input(ids.MARKERS_TABLE, "selectedRows"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def paint(chosen, run_id):
        """The chosen row colours the cells of the panels."""
        if not chosen:
            raise PreventUpdate
        view, choice = store.of(session.user()), f"{chosen[0]['kind']}:{chosen[0]['feature']}"
        return choice, colour_options(view, view.runs.one(run_id), "", choice)

    @app.callback(
        Output(ids.MARKERS_FIGURE, "figure"),
        Input(ids.MARKERS_PICTURE, "value"),
        Input(ids.MARKERS_TOP, "value"),
        Input(ids.MARKERS_TABLE, "rowData"),
        Input(ids.MARKERS_TABLE, "selectedRows"),
        Input(shared.THEME, "data"),
        State(ids.MARKERS.done, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def draw(kind, k, table, chosen, theme, job_id, run_id):
        feature = (chosen or table or [None])[0]
        if not job_id or (kind == "violins" and feature is None):
            raise PreventUpdate
        view = store.of(session.user())
        found = view.jobs.one(job_id)["result"]
        return picture(view, view.runs.one(run_id), found, kind, min(max(int(k or 3), 1), 20), feature, theme)


def _two_selections(app, store):
    """The buttons that make the selection one of the two groups, and what they hold."""

    def take(button, group):
        @app.callback(
            Output(group, "data", allow_duplicate=True),
            Input(button, "n_clicks"),
            State(ids.SELECTION, "data"),
            prevent_initial_call=True,
        )
        def taken(clicks, selection):
            if not clicks:
                raise PreventUpdate
            return selection

    take(ids.MARKERS_A_TAKE, ids.MARKERS_A)
    take(ids.MARKERS_B_TAKE, ids.MARKERS_B)

    @app.callback(
        Output(ids.MARKERS_B, "data", allow_duplicate=True),
        Input(ids.MARKERS_B_REST, "n_clicks"),
        prevent_initial_call=True,
    )
    def rest(clicks):
        if not clicks:
            raise PreventUpdate
        return None

    @app.callback(
        Output(ids.MARKERS_TWO_WORDS, "children"),
        Input(ids.MARKERS_A, "data"),
        Input(ids.MARKERS_B, "data"),
        State(shared.RUN, "data"),
    )
    def say(a, b, run_id):
        view = store.of(session.user())
        run = view.runs.one(run_id)

        def words(chosen, without):
            try:
                found = selections.cells(view, run, chosen)
            except Missing:
                raise
            except UserError as error:  # the clusters that it went by were undone, say
                return str(error)
            return without if found is None else selections.sentence(view, run, chosen, found)

        return [
            html.Div(["A: ", words(a, "no cells yet: select some above.")]),
            html.Div(["B: ", words(b, "all other cells.")]),
        ]
