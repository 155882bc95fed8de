"""The callbacks of the card that downloads a run: its controls, the bundle, and its verification."""

from urllib.parse import parse_qsl

from dash import Input, Output, State, no_update

from core.config import DEFAULT_RESOLUTION
from core.config.bundle import DEFAULT, Size
from core.config.numbers import text_of
from dashboard import ids as shared
from dashboard.components.number_field import block, error_id, error_of, range_id, range_note
from dashboard.components.repeat_result import repeat_result
from dashboard.pages.clusters import ids as page
from dashboard.pages.clusters import run_jobs
from dashboard.pages.clusters.bundle import ids
from dashboard.pages.clusters.bundle.card import (
    DPI,
    UNITS,
    bundle_of,
    choices,
    download,
    length,
)
from dashboard.pages.clusters.colours import CLUSTERS
from dashboard.pages.clusters.viewer import link_state, map_files
from dashboard.server import session

SIZE = (ids.BUNDLE_WIDTH, ids.BUNDLE_HEIGHT, ids.BUNDLE_DPI)


def register(app, store):
    _controls(app, store)
    _bundle(app, store)
    _verification(app, store)


def numbers_of(unit):
    """The Numbers of width, height and dots per inch, lengths in one of UNITS."""
    return length("Width of figures", unit), length("Height of figures", unit), DPI


def has_figures(parts):
    """Whether any of the parts uses the size of figures."""
    return bool({"figures", "report"} & set(parts or []))


def size_of(parts, unit, *values):
    """The Size of figures from the controls, the default where no part has figures; raises UserError."""
    if not has_figures(parts):
        return DEFAULT
    width, height, dpi = (number.read(value) for number, value in zip(numbers_of(unit), values, strict=True))
    return Size(round(width * UNITS[unit], 3), round(height * UNITS[unit], 3), dpi)


def shown_maps(view, run, parts, link):
    """What the maps show, for a figure of it, where a part has figures; `link` is the query of the link to it."""
    if not has_figures(parts) or not link:
        return None
    return map_files.record_of(view, run, link_state.from_link(dict(parse_qsl(link)), view, run))


def size_errors(parts, unit, *values):
    """The error of each field of the size of figures."""
    if not has_figures(parts):
        return [""] * len(values)
    return [error_of(number, value) for number, value in zip(numbers_of(unit), values, strict=True)]


def _bundle(app, store):
    @run_jobs.asks(
        app,
        store,
        ids.BUNDLE,
        Input(ids.BUNDLE_GO, "n_clicks"),
        State(ids.BUNDLE_BY, "value"),
        State(page.RESOLUTION, "value"),
        State(ids.BUNDLE_DENOISED, "value"),
        State(page.LINK, "data"),
        State(ids.BUNDLE_PARTS, "value"),
        State(ids.BUNDLE_UNIT, "value"),
        *[State(id, "value") for id in SIZE],
    )
    def create(view, run, _, by, resolution, denoised, link, parts, *size):
        contents = {"by": by, "resolution": resolution, "parts": parts or [], "denoised": denoised}
        contents |= {"size": size_of(parts, *size), "maps": shown_maps(view, run, parts, link)}
        return view.bundles.create(run["id"], **contents)["id"]

    @app.callback(
        Output(ids.BUNDLE_RESULT, "children"),
        Output(ids.VERIFY_BOX, "hidden"),
        Input(ids.BUNDLE.done, "data"),
        State(shared.RUN, "data"),
    )
    def show(_, run_id):
        view = store.of(session.user())
        return download(view, run_id), bundle_of(view, run_id) is None

    app.callback(
        [Output(error_id(id), "children") for id in SIZE],
        Input(ids.BUNDLE_PARTS, "value"),
        Input(ids.BUNDLE_UNIT, "value"),
        *[Input(id, "value") for id in SIZE],
        prevent_initial_call=True,
    )(size_errors)
    errors = [Input(error_id(id), "children") for id in SIZE]
    block(app, [ids.BUNDLE_GO], errors, Input(ids.BUNDLE.tick, "disabled"))


def _verification(app, store):
    @run_jobs.asks(app, store, ids.VERIFY, Input(ids.VERIFY_GO, "n_clicks"))
    def verify(view, run, _):
        return view.bundles.verify(run["id"])["id"]

    @app.callback(
        Output(ids.VERIFY_RESULT, "children"), Input(ids.VERIFY.done, "data"), State(shared.RUN, "data")
    )
    def show(job_id, run_id):
        return repeat_result(store.of(session.user()).jobs.one(job_id)["result"]) if job_id else []

    app.clientside_callback(
        "idle => !idle", Output(ids.VERIFY_GO, "disabled"), Input(ids.VERIFY.tick, "disabled")
    )


def _controls(app, store):
    @app.callback(
        Output(ids.BUNDLE_BY, "options"),
        Output(ids.BUNDLE_BY, "value"),
        Input(page.COLOUR, "value"),
        Input(page.CLUSTERING, "data"),
        State(ids.BUNDLE_BY, "value"),
        State(shared.RUN, "data"),
    )
    def choose(colour, _, chosen, run_id):
        """Include the clusters that colour the cells."""
        view = store.of(session.user())
        options = choices(view, view.runs.one(run_id))
        values = [option["value"] for option in options]
        return options, next(by for by in (colour, chosen, CLUSTERS) if by in values)

    @app.callback(
        Output(ids.BUNDLE_NOTE, "children"), Input(ids.BUNDLE_BY, "value"), Input(page.RESOLUTION, "value")
    )
    def describe(by, resolution):
        leiden = f"Leiden at resolution {resolution:g} (under 'Clusters and names')"
        return f"{leiden}." if by == CLUSTERS else f"result.h5ad and cells.csv also include {leiden}."

    @app.callback(
        Output(ids.BUNDLE_DENOISED, "disabled"),
        Output(ids.BUNDLE_WIDTH, "disabled"),
        Output(ids.BUNDLE_HEIGHT, "disabled"),
        Output(ids.BUNDLE_UNIT, "disabled"),
        Output(ids.BUNDLE_DPI, "disabled"),
        Input(ids.BUNDLE_PARTS, "value"),
    )
    def disable_unused(parts):
        return "h5ad" not in (parts or []), *(not has_figures(parts),) * 4

    @app.callback(Output(ids.LINK_LATENT, "href"), Input(page.RESOLUTION, "value"), State(shared.RUN, "data"))
    def link(resolution, run_id):
        return f"/download/{run_id}/latent.csv?resolution={resolution or DEFAULT_RESOLUTION}"

    @app.callback(
        Output(ids.BUNDLE_WIDTH, "value"),
        Output(ids.BUNDLE_HEIGHT, "value"),
        Output(range_id(ids.BUNDLE_WIDTH), "children"),
        Output(range_id(ids.BUNDLE_HEIGHT), "children"),
        Input(ids.BUNDLE_UNIT, "value"),
        State(ids.BUNDLE_WIDTH, "value"),
        State(ids.BUNDLE_HEIGHT, "value"),
        prevent_initial_call=True,
    )
    def convert(unit, width, height):
        """Width and height in the new unit; what is no number stays as it was typed."""
        before = next(other for other in UNITS if other != unit)
        scale, digits = UNITS[before] / UNITS[unit], 2 if unit == "inches" else 0
        numbers = numbers_of(before)[:2]
        lengths = [
            text_of(round(number.read(value) * scale, digits)) if not error_of(number, value) else no_update
            for number, value in zip(numbers, (width, height), strict=True)
        ]
        return *lengths, *[range_note(number) for number in numbers_of(unit)[:2]]
