"""Deleting the runs and searches that are ticked: a question that says what it frees, and a minute in which it can be undone."""

import time

from dash import Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core.errors import UserError
from dashboard.components.removal import deleted_text, question
from dashboard.components.widgets import notice
from dashboard.pages.runs import ids
from dashboard.pages.runs.actions import ids_of, search_ids_of
from dashboard.server import session


def layout(view):
    """The question, and the button that undoes a deletion of the last minute."""
    return [
        dcc.ConfirmDialog(id=ids.CONFIRM),
        html.Div(undo_notice(view), id=ids.UNDO_NOTICE),
    ]


def undo_notice(view):
    """What of one's own is being deleted, and the button that undoes it; [] where nothing is."""
    pending = view.removals.pending()
    rows = [*pending.runs, *pending.searches]
    if not rows:
        return []
    left = max(min(row["remove_at"] for row in rows) - time.time(), 0)
    button = html.Button("Undo", id=ids.UNDO, className="btn btn-sm btn-outline-secondary")
    deleted = {kind: [row["id"] for row in part] for kind, part in pending._asdict().items()}
    return [
        notice([html.Span(deleted_text(pending)), button], "good"),
        dcc.Store(id=ids.UNDO_IDS, data=deleted),
        dcc.Interval(id=ids.UNDO_END, interval=1000 * left + 500, max_intervals=1),
    ]


def register(app, store):
    @app.callback(
        Output(ids.CONFIRM, "displayed"),
        Output(ids.CONFIRM, "message"),
        Output(ids.MESSAGE, "children", allow_duplicate=True),
        Input(ids.DELETE, "n_clicks"),
        State(ids.GRID, "selectedRows"),
        prevent_initial_call=True,
    )
    def ask(clicks, rows):
        runs, searches = ids_of(rows), search_ids_of(rows)
        if not clicks or not (runs or searches):
            raise PreventUpdate
        try:
            return True, question(store.of(session.user()), runs, searches), ""
        except UserError as error:
            return no_update, no_update, notice(str(error), "bad")

    def on(button, state, act):
        """Do something with runs and searches, then show what can be undone and read the rows again."""

        @app.callback(
            Output(ids.CHANGED, "data", allow_duplicate=True),
            Output(ids.UNDO_NOTICE, "children", allow_duplicate=True),
            Output(ids.MESSAGE, "children", allow_duplicate=True),
            Output(ids.GRID, "selectedRows", allow_duplicate=True),
            Input(button, "submit_n_clicks" if button == ids.CONFIRM else "n_clicks"),
            state,
            State(ids.CHANGED, "data"),
            prevent_initial_call=True,
        )
        def press(clicks, rows, changed):
            if not clicks:
                raise PreventUpdate
            view = store.of(session.user())
            try:
                message = act(view, rows)
            except UserError as error:
                return no_update, undo_notice(view), notice(str(error), "bad"), no_update
            return (changed or 0) + 1, undo_notice(view), message, []

        return press

    def delete(view, rows):
        view.removals.remove(ids_of(rows), search_ids_of(rows))
        return ""

    def undo(view, deleted):
        deleted = {"runs": [], "searches": []} | (deleted or {})
        view.removals.restore(deleted["runs"], deleted["searches"])
        return notice("What was deleted is back.", "good")

    on(ids.CONFIRM, State(ids.GRID, "selectedRows"), delete)
    on(ids.UNDO, State(ids.UNDO_IDS, "data"), undo)

    @app.callback(
        Output(ids.UNDO_NOTICE, "children", allow_duplicate=True),
        Input(ids.UNDO_END, "n_intervals"),
        prevent_initial_call=True,
    )
    def end(n):
        if not n:
            raise PreventUpdate
        return undo_notice(store.of(session.user()))
