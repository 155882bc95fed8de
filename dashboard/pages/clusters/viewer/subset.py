"""The button that makes a dataset of the selected cells, and the links to it."""

from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from core.errors import UserError
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.widgets import notice
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.viewer import selection as selections
from dashboard.server import session


def layout(view):
    """The button, the progress of its job, and the result."""
    button = html.Button(
        "Create dataset from selected cells", id=ids.SUBSET_GO, className="btn btn-outline-primary"
    )
    return [
        html.Div(button, className="nuwa-actions"),
        *job_card.parts(view, ids.SUBSET),
        html.Div(id=ids.SUBSET_RESULT, role="status"),
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
    def create(view, clicks, selection, page, run_id):
        run = view.runs.one(run_id)
        rows = selections.cells(view, run, selection)
        if rows is None:
            raise UserError(selections.NONE_SELECTED)
        description = selections.description(view, run, selection)
        return view.selections.create(run_id, rows, description, f"{page}:subset:{clicks}")["id"]

    @app.callback(
        Output(ids.SUBSET_RESULT, "children"), Input(ids.SUBSET.done, "data"), prevent_initial_call=True
    )
    def show(job_id):
        if not job_id:
            raise PreventUpdate
        view = store.of(session.user())
        dataset = view.readable("dataset", view.jobs.one(job_id)["target"])
        if dataset is None:
            return notice("This dataset was deleted.", "warn")
        open_it = dcc.Link("open it", href=f"/data?dataset={dataset['id']}")
        preprocess_it = dcc.Link("preprocess it", href=f"/preprocess?dataset={dataset['id']}")
        return notice(
            [f"{dataset['name']} is ready and needs preprocessing: ", open_it, " or ", preprocess_it, "."],
            "good",
        )
