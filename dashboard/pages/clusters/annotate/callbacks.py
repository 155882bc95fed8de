"""The callbacks of the card that names cells: each change makes a new version, which then colours the cells."""

from dash import Input, Output, State, ctx, html
from dash.exceptions import PreventUpdate

from core.errors import UserError
from core.store import Missing
from dashboard import ids as shared
from dashboard.components import buttons, number_field
from dashboard.components.widgets import notice, table, when
from dashboard.pages.clusters import colour_search, run_jobs
from dashboard.pages.clusters import ids as page
from dashboard.pages.clusters.annotate import clusterings, ids, renaming
from dashboard.pages.clusters.annotate.card import RESOLUTION
from dashboard.pages.clusters.colours import CLUSTERS, MADE, groupings
from dashboard.pages.clusters.groups import groups_of
from dashboard.pages.clusters.links import names_link
from dashboard.server import session

LAST = 8  # versions of a clustering that are listed
GROUPS = (State(ids.ANNOTATE_START, "value"), State(page.RESOLUTION, "value"))


def register(app, store):
    _changes(app, store)
    _recluster(app, store)
    _show_clustering(app, store)
    _history(app, store)
    renaming.register(app, store)


def _changes(app, store):
    def on(button, *states):
        """Decorate what a button does: a function of (view, run, the button's value, states) that returns (line, remark)."""

        def register_change(change):
            @buttons.on(
                app,
                store,
                button,
                Output(page.CLUSTERING, "data", allow_duplicate=True),
                Output(ids.ANNOTATE_MESSAGE, "children", allow_duplicate=True),
                State(shared.RUN, "data"),
                *states,
                tone="warn",
            )
            def press(view, value, run_id, *values):
                line, remark = change(view, view.runs.one(run_id), value, *values)
                return line, notice(remark, "good") if remark else ""

        return register_change

    selected = State(page.WITHIN, "data")

    @on(Input(ids.ANNOTATE_GO, "n_clicks"), *GROUPS, selected, State(ids.ANNOTATE_NAME, "value"))
    def name_cells(view, run, clicks, start, resolution, selection, name):
        return clusterings.name_cells(view, run, start, resolution, selection, name), ""

    group, colour = State(ids.ANNOTATE_GROUP, "value"), State(ids.ANNOTATE_COLOUR, "value")

    @on(Input(ids.ANNOTATE_COLOUR_GO, "n_clicks"), *GROUPS, group, colour)
    def set_colour(view, run, clicks, start, resolution, group, colour):
        return clusterings.colour_group(view, run, start, resolution, group, colour), ""

    @on(Input(ids.ANNOTATE_UNDO, "n_clicks"), State(ids.ANNOTATE_START, "value"))
    def undo(view, run, clicks, start):
        return clusterings.undo(view, run, start), ""

    @on(Input(ids.ANNOTATE_UPLOAD, "contents"), State(ids.ANNOTATE_UPLOAD, "filename"))
    def upload(view, run, contents, filename):
        return clusterings.from_table(view, run, filename, contents)


def _recluster(app, store):
    number_field.watch(app, {ids.RECLUSTER_RESOLUTION: RESOLUTION}, [ids.RECLUSTER_GO])

    @run_jobs.asks(
        app,
        store,
        ids.RECLUSTER,
        Input(ids.RECLUSTER_GO, "n_clicks"),
        *GROUPS,
        State(page.WITHIN, "data"),
        State(ids.RECLUSTER_RESOLUTION, "value"),
    )
    def recluster(view, run, token, *choices):
        *choices, within = choices
        return clusterings.recluster(view, run, *choices, RESOLUTION.read(within), token)

    run_jobs.shows_clustering(app, store, ids.RECLUSTER)


def _show_clustering(app, store):
    """A clustering that was made or changed colours the cells, and the next change starts from it."""

    @app.callback(
        Output(page.COLOUR, "options", allow_duplicate=True),
        Output(page.COLOUR, "value", allow_duplicate=True),
        Output(page.SELECTION, "data", allow_duplicate=True),
        Input(page.CLUSTERING, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def colour_cells(line, run_id):
        if line is None:
            raise PreventUpdate
        view, choice = store.of(session.user()), _choice(line)
        return [colour_search.option(view, view.runs.one(run_id), choice)], choice, None

    @app.callback(
        Output(ids.ANNOTATE_START, "options"),
        Output(ids.ANNOTATE_START, "value"),
        Input(page.CLUSTERING, "data"),
        Input(page.RENAMED, "data"),
        State(shared.RUN, "data"),
    )
    def start_from_it(line, renamed, run_id):
        line = renamed if ctx.triggered_id == page.RENAMED else line
        if line is None:
            raise PreventUpdate
        view = store.of(session.user())
        return groupings(view, view.runs.one(run_id)), _choice(line)


def _history(app, store):
    @app.callback(
        Output(ids.ANNOTATE_HISTORY, "children"),
        Output(ids.ANNOTATE_GROUP, "options"),
        Output(ids.ANNOTATE_GROUP, "value"),
        Output(ids.ANNOTATE_CSV, "href"),
        Output(ids.ANNOTATE_CSV, "hidden"),
        Input(ids.ANNOTATE_START, "value"),
        Input(page.RESOLUTION, "value"),
        Input(page.CLUSTERING, "data"),
        Input(page.RENAMED, "data"),
        State(shared.RUN, "data"),
    )
    def show_history(start, resolution, _, renamed, run_id):
        """Who changed what and when, and the groups whose colour can be set."""
        view = store.of(session.user())
        try:
            _, groups = groups_of(view, view.runs.one(run_id), start, resolution)
        except Missing:
            raise
        except UserError as error:  # somebody has undone this clustering
            return notice(str(error), "warn"), [], None, "", True
        line = clusterings.line_of(start)
        if line is None:
            return "", groups.names, None, "", True
        versions = view.clusterings.history(run_id, line)
        rows = [[when(v["created"]), v["author"], v["what"]] for v in versions[::-1][:LAST]]
        parts = [table(["time", "by", "change"], rows)]
        if len(versions) > LAST:
            parts.append(html.P(f"and {len(versions) - LAST} earlier changes", className="help"))
        return parts, groups.names, None, names_link(run_id, line), False


def _choice(line):
    """What colours the cells by a clustering; "" is none."""
    return f"{MADE}:{line}" if line else CLUSTERS
