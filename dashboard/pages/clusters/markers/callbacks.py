"""The callbacks of the card of markers: which groups are compared, the job, its table and plots."""

from dash import Input, Output, State, html
from dash.exceptions import PreventUpdate

from core import figures
from core.errors import UserError
from core.store import Missing
from dashboard import ids as shared
from dashboard.components import buttons, job_card, number_field
from dashboard.pages.clusters import ids as page
from dashboard.pages.clusters import run_jobs
from dashboard.pages.clusters.colours import groupings
from dashboard.pages.clusters.links import markers_link
from dashboard.pages.clusters.markers import ids
from dashboard.pages.clusters.markers.card import MARKERS_PER_GROUP, columns, remarks
from dashboard.pages.clusters.markers.results import chosen_groups, first_tested, group_options, picture, rows
from dashboard.pages.clusters.viewer import selection as selections
from dashboard.pages.clusters.viewer.pickers import row_colours_cells
from dashboard.server import session

NO_CELLS = "Select cells on the maps first."


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

    for button, group in ((ids.MARKERS_A_GO, ids.MARKERS_A), (ids.MARKERS_B_GO, ids.MARKERS_B)):
        app.clientside_callback(
            "(clicks, selection) => clicks ? selection : window.dash_clientside.no_update",
            Output(group, "data", allow_duplicate=True),
            Input(button, "n_clicks"),
            State(page.WITHIN, "data"),
            prevent_initial_call=True,
        )
    app.clientside_callback(
        f"""within => {{
            const none = !within, title = none ? "{NO_CELLS}" : "";
            return [none, none, title, title];
        }}""",
        *[Output(id, part) for part in ("disabled", "title") for id in (ids.MARKERS_A_GO, ids.MARKERS_B_GO)],
        Input(page.WITHIN, "data"),
    )
    buttons.empty(app, ids.MARKERS_B_REST, ids.MARKERS_B)
    app.clientside_callback(  # without a group B these are compared already
        "b => !b", Output(ids.MARKERS_B_REST, "disabled"), Input(ids.MARKERS_B, "data")
    )

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
            html.Div(["Group A: ", sentence(a, "no cells yet. Select cells on the maps.")]),
            html.Div(["Group B: ", sentence(b, "all other cells.")]),
        ]


def _job(app, store):
    @run_jobs.asks(
        app,
        store,
        ids.MARKERS,
        Input(ids.MARKERS_GO, "n_clicks"),
        State(ids.MARKERS_HOW, "value"),
        State(ids.MARKERS_BY, "value"),
        State(page.RESOLUTION, "value"),
        State(ids.MARKERS_A, "data"),
        State(ids.MARKERS_B, "data"),
        State(ids.MARKERS_SAMPLES, "value"),
    )
    def find(view, run, _, *values):
        *groups, samples = values
        return view.groups.find_markers(run["id"], chosen_groups(view, run, *groups), samples)["id"]

    @job_card.shows(
        app,
        store,
        ids.MARKERS,
        Output(ids.MARKERS_BOX, "hidden"),
        Output(ids.MARKERS_NOTES, "children"),
        Output(ids.MARKERS_GROUP, "options"),
        Output(ids.MARKERS_GROUP, "value"),
        Output(ids.MARKERS_TABLE, "columnDefs"),
        Output(ids.MARKERS_CSV, "href"),
        Output(ids.MARKERS_BADGE, "children"),
        State(shared.RUN, "data"),
    )
    def show(view, job, run_id):
        result = job["result"]
        return (
            False,
            remarks(result),
            group_options(result),
            first_tested(result),
            columns(result["logged"], "sample_values" in result),
            markers_link(run_id, job["id"]),
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

    row_colours_cells(app, store, ids.MARKERS_TABLE)


def _plot(app, store):
    number_field.watch(app, {ids.MARKERS_TOP: MARKERS_PER_GROUP})

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
        try:
            n_top = MARKERS_PER_GROUP.read(n_top)
        except UserError as error:
            return figures.empty(str(error), theme)
        result = view.jobs.one(job_id)["result"]
        return picture(view, view.runs.one(run_id), result, kind, n_top, feature, theme)
