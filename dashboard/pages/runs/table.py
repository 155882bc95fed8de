"""The table of runs: a grid that asks for the lines it shows, and asks again when a run has changed."""

import dash_ag_grid as dag
import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from dashboard.components import data_tables
from dashboard.components.widgets import more
from dashboard.pages.runs import columns, ids, link
from dashboard.server import session

BLOCK = 100  # lines in one request of the grid
POLL = 3000  # milliseconds between two looks for runs that have changed
OPTIONS = {
    "theme": {"function": data_tables.THEME},
    "rowSelection": {
        "mode": "multiRow",
        "headerCheckbox": False,
        "hideDisabledCheckboxes": True,
        "isRowSelectable": {"function": "params.data && params.data.kind !== 'group'"},
    },
    "selectionColumnDef": {"pinned": "left", "width": 44},
    "cacheBlockSize": BLOCK,
    # The answer to a request goes to the last one, so that one is open at a time.
    "maxConcurrentDatasourceRequests": 1,
    "maxBlocksInCache": 20,
    "infiniteInitialRowCount": 1,
    "suppressFieldDotNotation": True,  # "config.n_latent" is one name
    "animateRows": False,
    "tooltipShowDelay": 500,
}


def layout(view, query):
    """The grid with its options, as a link has them."""
    differing = view.run_table.differing()
    known = columns.all_columns(differing)
    names = [column.field for column in known]
    visible = link.shown_columns(query, names)
    sort = link.sorting(query, names)
    grid = dag.AgGrid(
        id=ids.GRID,
        rowModelType="infinite",
        columnDefs=columns.definitions(known, visible, sort),
        defaultColDef={"sortable": True, "resizable": True, "minWidth": 70},
        dashGridOptions=OPTIONS,
        getRowId="params.data.id",
        filterModel=link.filters(query, names),
        style={"height": "max(380px, calc(100vh - 330px))"},
    )
    return [
        html.Div(
            [
                dbc.Checklist(
                    options=[{"label": label, "value": name} for name, label in link.OPTIONS.items()],
                    value=link.shown_options(query),
                    id=ids.OPTIONS,
                    inline=True,
                ),
                html.Span(id=ids.COUNT, role="status", className="help"),
            ],
            className="nuwa-actions",
        ),
        more("Columns", _chooser(known, visible)),
        html.Div(grid, role="group", **{"aria-label": "Runs"}),
        dcc.Store(id=ids.OPENED, data={"opened": [], "closed": []}),
        dcc.Store(id=ids.CHANGED, data=0),
        dcc.Store(id=ids.STARRED, data={}),
        dcc.Store(id=ids.CLOCK),
        dcc.Store(id=ids.STAMP, data=view.run_table.stamp()),
        dcc.Interval(id=ids.TICK, interval=POLL),
    ]


def _chooser(known, visible):
    """The checkboxes of the columns; the browser remembers them, unless a link says which are shown."""
    return dbc.Checklist(
        options=[
            {"label": column.title, "value": column.field}
            for column in known
            if column.field != columns.FIXED
        ],
        value=[name for name in visible if name != columns.FIXED],
        id=ids.COLUMNS,
        inline=True,
        persistence=True,
        persistence_type="local",
    )


def register(app, store):
    _rows(app, store)
    _live(app, store)
    _browser(app)


def _rows(app, store):
    @app.callback(
        Output(ids.GRID, "getRowsResponse"),
        Output(ids.COUNT, "children"),
        Input(ids.GRID, "getRowsRequest"),
        State(ids.OPTIONS, "value"),
        State(ids.OPENED, "data"),
        State(ids.CLOCK, "data"),
        prevent_initial_call=True,
    )
    def rows(request, options, opened, clock):
        if not request:
            raise PreventUpdate
        view = store.of(session.user())
        query = link.query_of(request, options, opened, clock)
        return block(view, query, request.get("startRow") or 0, request.get("endRow") or BLOCK)

    @app.callback(
        Output(ids.OPENED, "data"),
        Input(ids.GRID, "cellRendererData"),
        State(ids.OPENED, "data"),
        prevent_initial_call=True,
    )
    def fold(pressed, opened):
        """Show or hide the runs below a dataset or a parent run."""
        value = (pressed or {}).get("value") or {}
        if value.get("what") != "fold":
            raise PreventUpdate
        name = "closed" if value.get("kind") == "group" else "opened"
        return opened | {name: sorted(set(opened[name]) ^ {value["id"]})}


def block(view, query, start, end):
    """({"rowData", "rowCount"} of the lines from `start` to before `end`, how many runs are shown of how many)."""
    page, differing = view.run_table.page(query, start, end), view.run_table.differing()
    records = [
        columns.line_record(line, row, differing) for line, row in zip(page.lines, page.rows, strict=True)
    ]
    n, n_all = page.n_runs, view.run_table.n_runs(query.archived)
    count = f"{n:,} of {n_all:,} runs" if n < n_all else f"{n:,} {'run' if n == 1 else 'runs'}"
    if page.n_trials:
        count += f", {page.n_trials:,} of them {'a trial' if page.n_trials == 1 else 'trials'} of searches"
    return {"rowData": records, "rowCount": page.n_lines}, count


def _live(app, store):
    @app.callback(
        Output(ids.STAMP, "data"),
        Output(ids.CHANGED, "data", allow_duplicate=True),
        Input(ids.TICK, "n_intervals"),
        State(ids.STAMP, "data"),
        State(ids.CHANGED, "data"),
        prevent_initial_call=True,
    )
    def look(_, before, changed):
        """The rows are read again when a run was created, has moved on or has ended."""
        stamp = store.of(session.user()).run_table.stamp()
        return (no_update, no_update) if stamp == before else (stamp, (changed or 0) + 1)


def _browser(app):
    def of(name):
        return ClientsideFunction("nuwaRuns", name)

    app.clientside_callback(of("clock"), Output(ids.CLOCK, "data"), Input(ids.CLOCK, "id"))
    app.clientside_callback(
        of("refresh"),
        *(Input(ids.OPTIONS, "value"), Input(ids.OPENED, "data"), Input(ids.CHANGED, "data")),
        prevent_initial_call=True,
    )
    app.clientside_callback(of("columns"), Input(ids.COLUMNS, "value"), State(ids.COLUMNS, "options"))
    app.clientside_callback(
        of("address"),
        *(Input(ids.GRID, "getRowsRequest"), Input(ids.COLUMNS, "value"), Input(ids.OPTIONS, "value")),
        prevent_initial_call=True,
    )
