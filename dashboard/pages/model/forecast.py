"""The forecast of time and memory on the Create model page, which follows its fields."""

from dash import State, html

from core.errors import UserError
from core.store import Status
from dashboard.components import job_progress
from dashboard.components.field_jobs import follows
from dashboard.components.widgets import notice
from dashboard.pages.model import ids
from dashboard.pages.model.settings import settings_of


def register(app, store):
    preparation = State(ids.MODEL_PREPARATION, "data")
    follows(app, store, ids.FORECAST_TICK, ids.FORECAST_REQUEST, ids.FORECAST, preparation)(forecast)


def forecast(app, view, request, values, names, preparation_id):
    """(what to show, the request): the forecast for the settings of the page, or how far it is."""
    try:
        job, request = job_progress.latest(
            app,
            view,
            request,
            values,
            lambda: view.preparations.forecast(preparation_id, settings_of(values, names)),
        )
    except UserError:  # the fields say what is wrong with them
        return "", job_progress.answered(values)
    if job is None:
        return "", request
    if job["status"] == Status.FAILED:
        return notice(job["message"], "warn"), request
    if job["status"] != Status.DONE:
        return html.P("Forecasting time and memory ...", className="help"), request
    return forecast_of(job["result"]), request


def forecast_of(result):
    """A forecast in a sentence, and its warning."""
    parts = [html.P(result["sentence"])]
    if result["beside"]:
        parts.append(
            html.P("Another run is training now. Without it, this run would be faster.", className="help")
        )
    if result["warning"]:
        parts.append(notice(result["warning"], "warn"))
    return parts
