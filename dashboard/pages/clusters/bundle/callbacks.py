"""What happens on the card that takes a run away."""

from dash import Input, Output, State
from dash.exceptions import PreventUpdate

from core.config import DEFAULT_RESOLUTION
from core.config.bundle import INCH, Size
from core.errors import UserError
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.bundle.card import UNITS, bundle_of, choices, made, told
from dashboard.pages.clusters.colours import CLUSTERS
from dashboard.server import session


def asked(by, resolution, parts, denoised, width, height, dpi, unit):
    """What Bundles.create takes, from the controls; raises UserError where a number is missing."""
    if None in (width, height, dpi):
        raise UserError(
            "Say how wide and high figures are, and their dots an inch: one of them is missing or no number above 0."
        )
    scale = UNITS[unit]
    return {
        "by": by,
        "resolution": resolution,
        "parts": parts or [],
        "denoised": denoised,
        "size": Size(round(width * scale, 3), round(height * scale, 3), dpi),
    }


def register(app, store):
    _choosing(app, store)

    @job_card.asks(
        app,
        store,
        ids.TAKE,
        Input(ids.TAKE_GO, "n_clicks"),
        State(ids.TAKE_BY, "value"),
        State(ids.RESOLUTION, "value"),
        State(ids.TAKE_PARTS, "value"),
        State(ids.TAKE_DENOISED, "value"),
        State(ids.TAKE_WIDTH, "value"),
        State(ids.TAKE_HEIGHT, "value"),
        State(ids.TAKE_DPI, "value"),
        State(ids.TAKE_UNIT, "value"),
        State(shared.RUN, "data"),
    )
    def make(view, _, *given):
        *controls, run_id = given
        return view.bundles.create(run_id, **asked(*controls))["id"]

    @app.callback(
        Output(ids.TAKE_RESULT, "children"),
        Output(ids.VERIFY_SHOWN, "hidden"),
        Input(ids.TAKE.done, "data"),
        State(shared.RUN, "data"),
    )
    def show(_, run_id):
        view = store.of(session.user())
        return made(view, run_id), bundle_of(view, run_id) is None

    @job_card.asks(app, store, ids.VERIFY, Input(ids.VERIFY_GO, "n_clicks"), State(shared.RUN, "data"))
    def verify(view, _, run_id):
        return view.bundles.verify(run_id)["id"]

    @app.callback(
        Output(ids.VERIFY_RESULT, "children"), Input(ids.VERIFY.done, "data"), State(shared.RUN, "data")
    )
    def tell(job_id, run_id):
        return told(store.of(session.user()).jobs.one(job_id)["result"]) if job_id else []

    @app.callback(
        Output(ids.VERIFY.tick, "n_intervals"),
        Input(ids.VERIFY_CANCEL, "n_clicks"),
        State(ids.VERIFY.tick, "n_intervals"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def cancel(clicks, n, run_id):
        if not clicks:
            raise PreventUpdate
        store.of(session.user()).bundles.cancel_verify(run_id)
        return (n or 0) + 1  # look at once

    still = Input(ids.TAKE.tick, "disabled")  # the clock, while nothing is under way
    app.clientside_callback("still => !still", Output(ids.TAKE_GO, "disabled"), still)
    app.clientside_callback(
        "still => [!still, still]",
        Output(ids.VERIFY_GO, "disabled"),
        Output(ids.VERIFY_CANCEL, "disabled"),
        Input(ids.VERIFY.tick, "disabled"),
    )


def _choosing(app, store):
    """What the controls of the card do to one another."""

    @app.callback(
        Output(ids.TAKE_BY, "options"),
        Output(ids.TAKE_BY, "value"),
        Input(ids.COLOUR, "value"),
        Input(ids.MADE_LINE, "data"),
        State(ids.TAKE_BY, "value"),
        State(shared.RUN, "data"),
    )
    def choose(colour, _, chosen, run_id):
        """Those clusters that colour the cells are taken along."""
        view = store.of(session.user())
        options = choices(view, view.runs.one(run_id))
        known = [option["value"] for option in options]
        return options, next(by for by in (colour, chosen, CLUSTERS) if by in known)

    @app.callback(
        Output(ids.TAKE_WORDS, "children"), Input(ids.TAKE_BY, "value"), Input(ids.RESOLUTION, "value")
    )
    def say(by, resolution):
        here = f"Leiden at resolution {resolution:g}, as the slider above has it"
        return f"{here}." if by == CLUSTERS else f"result.h5ad and cells.csv have those of {here}, too."

    @app.callback(
        Output(ids.TAKE_DENOISED, "disabled"),
        *(Output(id, "disabled") for id in (ids.TAKE_WIDTH, ids.TAKE_HEIGHT, ids.TAKE_UNIT, ids.TAKE_DPI)),
        Input(ids.TAKE_PARTS, "value"),
    )
    def close(parts):
        drawn = {"figures", "report"} & set(parts or [])
        return "h5ad" not in (parts or []), *(not drawn,) * 4

    @app.callback(Output(ids.LINK_LATENT, "href"), Input(ids.RESOLUTION, "value"), State(shared.RUN, "data"))
    def link(resolution, run_id):
        return f"/download/{run_id}/latent.csv?resolution={resolution or DEFAULT_RESOLUTION}"

    @app.callback(
        Output(ids.TAKE_WIDTH, "value"),
        Output(ids.TAKE_HEIGHT, "value"),
        Input(ids.TAKE_UNIT, "value"),
        State(ids.TAKE_WIDTH, "value"),
        State(ids.TAKE_HEIGHT, "value"),
        prevent_initial_call=True,
    )
    def convert(unit, width, height):
        if not width or not height:
            raise PreventUpdate
        scale, digits = (1 / INCH, 2) if unit == "inches" else (INCH, 0)
        return round(width * scale, digits), round(height * scale, digits)
