"""Runs: all runs that one may see in a table to sort, filter, mark, compare and delete."""

from dash import html

from dashboard.components.widgets import card, empty, term
from dashboard.pages.runs import actions, editor, ids, removal, table

PATH, TITLE = "/runs", "Runs"


def layout(view, context):
    """The table, or the way to the first run."""
    if not view.run_table.n_runs(archived=True) and not any(view.removals.pending()):
        return empty("There is no run. Create a model first.", "/model", "Create a model", "bi-list-ul")
    return card(
        None,
        *actions.layout(),
        *removal.layout(view),
        html.Div(id=ids.MESSAGE),
        *table.layout(view, context.query),
        html.P(
            [
                *(
                    "A ",
                    term("loss"),
                    " is of the ",
                    term("test cells"),
                    ", or the validation cells where there is no test ",
                ),
                *(
                    "set. ",
                    term("PCA"),
                    " has the size of the model. ",
                    term("Neighbours"),
                    " kept and the other scores are ",
                ),
                "of the latent space. In the table, arrow keys move, the space bar ticks a run, and Enter opens it.",
            ],
            className="help mt-2",
        ),
        editor.layout(),
    )


def register(app, store):
    table.register(app, store)
    actions.register(app, store)
    removal.register(app, store)
    editor.register(app, store)
