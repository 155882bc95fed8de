"""The callbacks of the card of markers: which groups are compared, the job, its table and plots."""

from dash import Input, Output, State, html
from dash.exceptions import PreventUpdate

from core.errors import UserError
from core.store import Missing
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.pages.clusters import ids as page
from dashboard.pages.clusters.colours import colour_options, groupings
from dashboard.pages.clusters.links import markers_link
from dashboard.pages.clusters.markers import ids
from dashboard.pages.clusters.markers.card import columns, remarks
from dashboard.pages.clusters.markers.results import chosen_groups, first_tested, group_options, picture, rows
from dashboard.pages.clusters.viewer import selection as selections
from dashboard.server import session


def register(app, store):
    _groups(app, store)
    _two_selections(app, store)
    _job(app, store)
    _table(app, store)
    _plot(app, store)


def _groups(app, store):
    app.clientside_callback(
        "how => [how !== 'each', how !== 'two']",
        Output(ids.MARKERS_EACH, "hidden"),
        Output(ids.MARKERS_TWO, "hidden"),
        Input(ids.MARKERS_HOW, "value"),
    )

    @app.callback(
        Output(ids.MARKERS_BY, "options"),
        Input(page.CLUSTERING, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def offer_new_clustering(_, run_id):
        view = store.of(session.user())
        return groupings(view, view.runs.one(run_id))


def _two_selections(app, store):
    """The buttons that use the selection as one of the two groups, and what these are."""

    def use_selection(button, group):
        @app.callback(
            Output(group, "data", allow_duplicate=True),
            Input(button, "n_clicks"),
            State(page.SELECTION, "data"),
            prevent_initial_call=True,
        )
        def use(clicks, selection):
            if not clicks:
                raise PreventUpdate
            return selection

    use_selection(ids.MARKERS_A_GO, ids.MARKERS_A)
    use_selection(ids.MARKERS_B_GO, ids.MARKERS_B)

    @app.callback(
        Output(ids.MARKERS_B, "data", allow_duplicate=True),
        Input(ids.MARKERS_B_REST, "n_clicks"),
        prevent_initial_call=True,
    )
    def use_all_others(clicks):
        if not clicks:
            raise PreventUpdate
        return None

    @app.callback(
        Output(ids.MARKERS_TWO_NOTE, "children"),
        Input(ids.MARKERS_A, "data"),
        Input(ids.MARKERS_B, "data"),
        State(shared.RUN, "data"),
    )
    def describe(a, b, run_id):
        view = store.of(session.user())
        run = view.runs.one(run_id)

        def sentence(selection, without):
            try:
                selected = selections.cells(view, run, selection)
            except Missing:
                raise
            except UserError as error:  # its clusters were undone, for example
                return str(error)
            return without if selected is None else selections.sentence(view, run, selection, selected)

        return [
            html.Div(["Group A: ", sentence(a, "no cells yet. Select cells above.")]),
            html.Div(["Group B: ", sentence(b, "all other cells.")]),
        ]


def _job(app, store):
    @job_card.asks(
        app,
        store,
        ids.MARKERS,
        Input(ids.MARKERS_GO, "n_clicks"),
        State(ids.MARKERS_HOW, "value"),
        State(ids.MARKERS_BY, "value"),
        State(page.RESOLUTION, "value"),
        State(ids.MARKERS_A, "data"),
        State(ids.MARKERS_B, "data"),
        State(shared.RUN, "data"),
    )
    def find(view, clicks, how, by, resolution, a, b, run_id):
        groups = chosen_groups(view, view.runs.one(run_id), how, by, resolution, a, b)
        return view.groups.find_markers(run_id, groups)["id"]

    @app.callback(
        Output(ids.MARKERS_SHOWN, "hidden"),
        Output(ids.MARKERS_NOTES, "children"),
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
        result = store.of(session.user()).jobs.one(job_id)["result"]
        return (
            False,
            remarks(result),
            group_options(result),
            first_tested(result),
            columns(result["logged"]),
            markers_link(run_id, job_id),
            result["values"],
        )


def _table(app, store):
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
        Output(page.COLOUR, "value", allow_duplicate=True),
        Output(page.COLOUR, "options", allow_duplicate=True),
        Input(ids.MARKERS_TABLE, "selectedRows"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def colour_cells(selected, run_id):
        """The selected row colours the cells of the panels."""
        if not selected:
            raise PreventUpdate
        view, choice = store.of(session.user()), f"{selected[0]['kind']}:{selected[0]['feature']}"
        return choice, colour_options(view, view.runs.one(run_id), "", choice)


def _plot(app, store):
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
    def draw(kind, n_top, table, selected, theme, job_id, run_id):
        feature = (selected or table or [None])[0]
        if not job_id or (kind == "violins" and feature is None):
            raise PreventUpdate
        view = store.of(session.user())
        result, n_top = view.jobs.one(job_id)["result"], min(max(int(n_top or 3), 1), 20)
        return picture(view, view.runs.one(run_id), result, kind, n_top, feature, theme)
