"""A dataset of the selected cells: the progress of its job, and the links to it."""

from dash import Input, Output, State, dcc, html

from core.errors import UserError
from dashboard.components import job_card
from dashboard.components.widgets import notice
from dashboard.pages.clusters import ids, run_jobs
from dashboard.pages.clusters.viewer import selection as selections


def layout(view):
    """The progress of its job, and the result; the button is in the selection bar."""
    return [
        *job_card.parts(view, ids.SUBSET),
        html.Div(id=ids.SUBSET_RESULT, role="status"),
    ]


def register(app, store):
    @run_jobs.asks(app, store, ids.SUBSET, Input(ids.SUBSET_GO, "n_clicks"), State(ids.WITHIN, "data"))
    def create(view, run, token, selection):
        rows = selections.cells(view, run, selection)
        if rows is None:
            raise UserError(selections.NONE_SELECTED)
        description = selections.description(view, run, selection)
        return view.selections.create(run["id"], rows, description, token)["id"]

    @job_card.shows(app, store, ids.SUBSET, Output(ids.SUBSET_RESULT, "children"), prevent_initial_call=True)
    def show(view, job):
        dataset = view.readable("dataset", job["target"])
        if dataset is None:
            return notice("This dataset was deleted.", "warn")
        open_it = dcc.Link("open it", href=f"/data?dataset={dataset['id']}")
        preprocess_it = dcc.Link("preprocess it", href=f"/preprocess?dataset={dataset['id']}")
        return notice(
            [f"{dataset['name']} is ready and needs preprocessing: ", open_it, " or ", preprocess_it, "."],
            "good",
        )
