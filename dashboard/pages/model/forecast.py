"""The forecast of time and memory on the Create model page, which follows its fields."""

from dash import Input, Output, State, html

from core.errors import UserError
from core.store import Status
from dashboard.components import job_progress
from dashboard.components.forms import SETTINGS
from dashboard.components.widgets import notice
from dashboard.pages.model import ids
from dashboard.pages.model.settings import settings_of
from dashboard.server import session


def register(app, store):
    app.clientside_callback(
        job_progress.CLOCK,
        Output(ids.FORECAST_TICK, "disabled"),
        Output(ids.FORECAST, "style"),
        Input(SETTINGS, "value"),
        Input(ids.FORECAST_ASKED, "data"),
    )

    @app.callback(
        Output(ids.FORECAST, "children"),
        Output(ids.FORECAST_ASKED, "data"),
        Input(ids.FORECAST_TICK, "n_intervals"),
        State(ids.FORECAST_ASKED, "data"),
        State(SETTINGS, "value"),
        State(SETTINGS, "id"),
        State(ids.MODEL_PREPARATION, "data"),
        prevent_initial_call=True,
    )
    def foresee(_, asked, values, names, preparation_id):
        return foreseen(app, store.of(session.user()), asked, values, names, preparation_id)


def foreseen(app, view, asked, values, names, preparation_id):
    """(what to show, what was asked): the forecast for what the controls say, or how far it is.

    What was asked is {"values", "job", "over"}; a second of `values` that stay is what starts the work.
    """
    try:
        job, asked = job_progress.latest(
            app,
            view,
            asked,
            values,
            lambda: view.preparations.forecast(preparation_id, settings_of(values, names)),
        )
    except UserError:  # the fields say what is wrong with them
        return "", job_progress.answered(values)
    if job is None:
        return "", asked
    if job["status"] == Status.FAILED:
        return notice(job["message"], "warn"), asked
    if job["status"] != Status.DONE:
        return html.P("Forecasting time and memory ...", className="help"), asked
    return forecast_of(job["result"]), asked


def forecast_of(found):
    """A forecast in a sentence, and its warning."""
    shown = [html.P(found["sentence"])]
    if found["beside"]:
        shown.append(
            html.P("Another run is training now. Without it, this run would be faster.", className="help")
        )
    if found["warning"]:
        shown.append(notice(found["warning"], "warn"))
    return shown
