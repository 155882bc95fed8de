"""Jobs of the run that the Clusters page shows."""

from dash import Input, Output, State

from core.store import Missing
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.pages.clusters import ids
from dashboard.server import session


def asks(app, store, watched, *parts):
    """Decorate the function that queues a job of the run, as job_card.asks does.

    It gets a View, the run, a token and the values of `parts`, clicks left out; it returns the job's id. The token differs
    with each press, so one press queues one job.
    """
    n_inputs = sum(isinstance(part, Input) for part in parts)
    is_value = [part.component_property != "n_clicks" for part in parts]

    def register(ask):
        @job_card.asks(app, store, watched, *parts, State(shared.PAGE, "data"), State(shared.RUN, "data"))
        def press(view, *values):
            *values, page, run_id = values
            token = ":".join(map(str, (page, watched.job, *values[:n_inputs])))
            chosen = [value for value, is_wanted in zip(values, is_value, strict=True) if is_wanted]
            return ask(view, view.runs.one(run_id), token, *chosen)

        return ask

    return register


def shows_clustering(app, store, watched):
    """Colour the cells by the clustering that a job has made."""

    @job_card.shows(
        app,
        store,
        watched,
        Output(ids.CLUSTERING, "data", allow_duplicate=True),
        prevent_initial_call=True,
    )
    def colour_cells(view, job):
        return job["result"]["line"]


def draws(app, store, watched, result, name):
    """Decorate the function that draws the file `name` that a job leaves in the run's folder, as children of `result`.

    It gets a View, the run, the path and the theme; without the file nothing is shown.
    """

    def register(draw):
        @app.callback(
            Output(result, "children"),
            Input(watched.done, "data"),
            Input(shared.THEME, "data"),
            State(shared.RUN, "data"),
        )
        def show(_, theme, run_id):
            view = store.of(session.user())
            path = result_file(view, run_id, name)
            return draw(view, view.runs.one(run_id), path, theme) if path else []

        return draw

    return register


def result_file(view, run_id, name):
    """The path of the file that a job has left, or None while there is none."""
    try:
        return view.results.file(run_id, name)
    except Missing:
        return None
