"""Runs: all runs that one may see in a table to sort, filter, mark, compare and delete."""

from dash import html

from dashboard.components.widgets import card, empty
from dashboard.pages.runs import actions, editor, ids, removal, table

PATH, TITLE = "/runs", "Runs"


def layout(view, context):
    """The table, or the way to the first run."""
    if not view.run_table.n_runs(archived=True) and not view.removals.pending():
        return empty("There is no run. Create a model first.", "/model", "Create a model", "bi-list-ul")
    return card(
        None,
        *actions.layout(),
        *removal.layout(view),
        html.Div(id=ids.MESSAGE),
        *table.layout(view, context.query),
        editor.layout(),
    )


def register(app, store):
    table.register(app, store)
    actions.register(app, store)
    removal.register(app, store)
    editor.register(app, store)
