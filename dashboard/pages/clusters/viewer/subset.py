"""The button that makes a data set of the selected cells, and the way to it."""

from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from core.errors import UserError
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.widgets import notice
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.viewer import selection as selecting
from dashboard.server import session


def parts(view):
    """The button and what is said of its work."""
    return [
        html.Div(
            html.Button(
                "Make a data set of the selected cells", id=ids.SUBSET_GO, className="btn btn-outline-primary"
            ),
            className="nuwa-actions",
        ),
        *job_card.parts(view, ids.SUBSET),
        html.Div(id=ids.SUBSET_MADE, role="status"),
    ]


def register(app, store):
    @job_card.asks(
        app,
        store,
        ids.SUBSET,
        Input(ids.SUBSET_GO, "n_clicks"),
        State(ids.SELECTION, "data"),
        State(shared.PAGE, "data"),
        State(shared.RUN, "data"),
    )
    def make(view, clicks, selection, page, run_id):
        run = view.run(run_id)
        rows = selecting.cells(view, run, selection)
        if rows is None:
            raise UserError(
                "No cells are selected: draw a lasso, click in the legend, or use the form above."
            )
        words = selecting.how(view, run, selection)
        return view.take_cells(run_id, rows, words, f"{page}:subset:{clicks}")["id"]

    @app.callback(
        Output(ids.SUBSET_MADE, "children"), Input(ids.SUBSET.done, "data"), prevent_initial_call=True
    )
    def show(job_id):
        if not job_id:
            raise PreventUpdate
        view = store.of(session.user())
        made = view.readable("dataset", view.job(job_id)["target"])
        if made is None:
            return notice("The data set was deleted since.", "warn")
        return notice(
            [
                f"{made['name']} is ready, its preprocessing begun anew: ",
                dcc.Link("look at it", href=f"/data?dataset={made['id']}"),
                " or ",
                dcc.Link("preprocess it", href=f"/preprocess?dataset={made['id']}"),
                ".",
            ],
            "good",
        )
