"""Deleting a search with its trials: a question that says what it frees; the Runs page then offers to undo it."""

from dash import Input, Output, State, dcc, html, no_update

from dashboard import ids as shared
from dashboard.components import buttons
from dashboard.components.removal import question
from dashboard.pages.search import ids


def button():
    """The button and its question."""
    return [
        html.Button("Delete search", id=ids.DELETE, className="btn btn-outline-danger"),
        dcc.ConfirmDialog(id=ids.CONFIRM),
    ]


def register(app, store):
    @buttons.on(
        app,
        store,
        Input(ids.DELETE, "n_clicks"),
        Output(ids.CONFIRM, "displayed"),
        Output(ids.CONFIRM, "message"),
        Output(ids.MESSAGE, "children", allow_duplicate=True),
        State(ids.SEARCH, "data"),
    )
    def ask(view, _, search_id):
        return True, question(view, [], [search_id]), ""

    @buttons.on(
        app,
        store,
        Input(ids.CONFIRM, "submit_n_clicks"),
        Output(shared.URL, "href", allow_duplicate=True),
        Output(ids.MESSAGE, "children", allow_duplicate=True),
        State(ids.SEARCH, "data"),
    )
    def delete(view, _, search_id):
        view.removals.remove([], [search_id])
        return "/runs", no_update
