"""What is done with the runs that are ticked: compare, star, archive, and a file of all that the table shows."""

import io
from datetime import UTC, datetime

from dash import Input, Output, Patch, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core import safe_csv
from core.errors import UserError
from core.store.run_table import RUN, SEARCH, SETTING
from dashboard import ids as shared
from dashboard.components import buttons
from dashboard.components.widgets import notice
from dashboard.pages.runs import columns, ids, link
from dashboard.server import session

MOST_COMPARED = 10
BUTTONS = (  # id, label, icon, how many runs have to be ticked
    (ids.COMPARE, "Compare runs", "bi-layers", 2),
    (ids.EDIT, "Edit name, tags, note", "bi-pencil", 1),
    (ids.STAR, "Star runs", "bi-star", 1),
    (ids.ARCHIVE, "Archive runs", "bi-archive", 1),
    (ids.DELETE, "Delete runs", "bi-trash", 1),
    (ids.EXPORT, "Export CSV", "bi-download", 0),
)


def layout():
    """The buttons; those that need ticked runs are disabled until some are."""
    return [
        html.Div(
            [_button(*one) for one in BUTTONS],
            className="nuwa-actions",
            role="toolbar",
            **{"aria-label": "Ticked runs"},
        ),
        dcc.Download(id=ids.FILE),
    ]


def _button(id, label, icon, least):
    look = (
        "btn-primary"
        if id == ids.COMPARE
        else "btn-outline-danger"
        if id == ids.DELETE
        else "btn-outline-secondary"
    )
    return html.Button(
        [html.I(className=f"bi {icon}", **{"aria-hidden": "true"}), html.Span(f" {label}", id=f"{id}-label")],
        id=id,
        className=f"btn btn-sm {look}",
        disabled=least > 0,
    )


def ids_of(rows):
    """The ids of the ticked runs."""
    return [row["id"] for row in rows or () if row.get("kind") == RUN]


def search_ids_of(rows):
    """The ids of the ticked searches."""
    return [row["id"] for row in rows or () if row.get("kind") == SEARCH]


def compare_link(run_ids):
    """The address of the comparison of runs."""
    return f"/compare?runs={','.join(run_ids)}"


def register(app, store):
    _enabled(app)
    _marks(app, store)
    _file(app, store)

    @app.callback(
        Output(shared.URL, "href", allow_duplicate=True),
        Output(ids.MESSAGE, "children", allow_duplicate=True),
        Input(ids.COMPARE, "n_clicks"),
        State(ids.GRID, "selectedRows"),
        prevent_initial_call=True,
    )
    def compare(clicks, rows):
        if not clicks or len(chosen := ids_of(rows)) < 2:
            raise PreventUpdate
        if len(chosen) > MOST_COMPARED:
            return no_update, notice(f"Up to {MOST_COMPARED} runs are compared at once. Untick some.", "warn")
        return compare_link(chosen), no_update


def _enabled(app):
    """Buttons follow how many runs are ticked, and say what they do to them."""
    app.clientside_callback(
        """(rows, starred) => {
            const runs = (rows || []).filter(row => row.kind === "run")
                .map(run => ({...run, starred: starred[run.id] ?? run.starred}));
            const n = runs.length, searches = (rows || []).filter(row => row.kind === "search").length;
            return [n < 2, n < 1, n < 1, n < 1, n + searches < 1,
                !searches ? " Delete runs" : n ? " Delete runs and searches" : " Delete searches",
                n && runs.every(run => run.starred) ? " Remove stars" : " Star runs",
                n && runs.every(run => run.archived) ? " List runs again" : " Archive runs"];
        }""",
        *[Output(id, "disabled") for id, _, _, least in BUTTONS if least],
        Output(f"{ids.DELETE}-label", "children"),
        Output(f"{ids.STAR}-label", "children"),
        Output(f"{ids.ARCHIVE}-label", "children"),
        Input(ids.GRID, "selectedRows"),
        Input(ids.STARRED, "data"),
    )


def _marks(app, store):
    @_marking(app, store, Input(ids.STAR, "n_clicks"), "starred")
    def star(view, chosen, starred):
        view.run_edits.star(chosen, starred)
        return ""

    @_marking(app, store, Input(ids.ARCHIVE, "n_clicks"), "archived")
    def archive(view, chosen, archived):
        view.run_edits.archive(chosen, archived)
        n = f"{len(chosen)} {'run is' if len(chosen) == 1 else 'runs are'}"
        if archived:
            return notice(f"{n} archived. 'Show archived runs' lists them.", "good")
        return notice(f"{n} listed again.", "good")

    @app.callback(
        *_marked(),
        Input(ids.GRID, "cellRendererData"),
        State(ids.CHANGED, "data"),
        prevent_initial_call=True,
    )
    def star_one(pressed, changed):
        """The star beside a name."""
        value = (pressed or {}).get("value") or {}
        if value.get("what") != "star":
            raise PreventUpdate
        id, starred = value["id"], value["starred"]
        try:
            store.of(session.user()).run_edits.star([id], starred)
        except UserError as error:
            return no_update, no_update, no_update, notice(str(error), "bad")
        return (changed or 0) + 1, _starred([id], starred), no_update, ""


def _marked():
    """What changes after runs were marked. The ticked rows stay those of the grid when they were ticked."""
    return (
        Output(ids.CHANGED, "data", allow_duplicate=True),
        Output(ids.STARRED, "data", allow_duplicate=True),
        Output(ids.GRID, "selectedRows", allow_duplicate=True),
        Output(ids.MESSAGE, "children", allow_duplicate=True),
    )


def _starred(run_ids, is_on):
    """The Patch of {id of a run: whether it has a star} for runs that were marked on this page."""
    patch = Patch()
    for id in run_ids:
        patch[id] = is_on
    return patch


def _marking(app, store, button, name):
    """Decorate a function of (view, ids, is_on) that marks the ticked runs, or unmarks them where all are marked."""

    def register_action(act):
        @app.callback(
            *_marked(),
            button,
            State(ids.GRID, "selectedRows"),
            State(ids.CHANGED, "data"),
            prevent_initial_call=True,
        )
        def press(clicks, rows, changed):
            if not clicks or not (chosen := ids_of(rows)):
                raise PreventUpdate
            view = store.of(session.user())
            try:
                is_on = not all(view.runs.one(id)[name] for id in chosen)
                message = act(view, chosen, is_on)
            except UserError as error:
                return no_update, no_update, no_update, notice(str(error), "bad")
            if name == "starred":
                return (changed or 0) + 1, _starred(chosen, is_on), no_update, message
            # An archived run leaves the table: it may not stay ticked where nobody sees it.
            return (changed or 0) + 1, no_update, [], message

        return act

    return register_action


def _file(app, store):
    @buttons.on(
        app,
        store,
        Input(ids.EXPORT, "n_clicks"),
        Output(ids.FILE, "data"),
        Output(ids.MESSAGE, "children", allow_duplicate=True),
        State(ids.GRID, "getRowsRequest"),
        State(ids.OPTIONS, "value"),
        State(ids.COLUMNS, "value"),
        State(ids.CLOCK, "data"),
    )
    def export(view, _, request, options, shown, clock):
        text = csv_of(view, link.query_of(request, options, None, clock), shown)
        return dcc.send_string(text, "nuwa_runs.csv"), ""


def csv_of(view, query, shown):
    """The runs of a Query as CSV, with the columns that are shown; numbers are whole, times are in UTC."""
    differing = view.run_table.differing()
    chosen = [one for one in columns.all_columns(differing) if one.field in {columns.FIXED, *(shown or ())}]
    file = io.StringIO()
    writer = safe_csv.Writer(file)
    writer.writerow(
        ["id", *(one.field.removeprefix(SETTING) if one.field != "name" else "run" for one in chosen)]
    )
    for row in view.run_table.rows(query):
        record = columns.run_record(row, differing) | {"status": row["status"].value}
        record["created"] = datetime.fromtimestamp(row["created"], UTC).isoformat(timespec="seconds")
        writer.writerow(
            [row["id"], *("" if record[one.field] is None else record[one.field] for one in chosen)]
        )
    return file.getvalue()
