"""The callbacks of the viewer: compute missing embeddings, draw the panels, and what the browser does by itself."""

import json

from dash import ClientsideFunction, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from core.store import Priority, Status
from dashboard import ids as shared
from dashboard.components import job_progress
from dashboard.components.job_card import OTHERS_JOB
from dashboard.components.widgets import notice
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.links import maps_link, table_link
from dashboard.pages.clusters.viewer import (
    colour_controls,
    embeddings,
    filters,
    link_state,
    maps,
    pickers,
    selection_form,
    subset,
)
from dashboard.pages.clusters.viewer import selection as selections
from dashboard.pages.clusters.viewer.draw import draw
from dashboard.pages.clusters.viewer.legend import layer_legend, legends
from dashboard.pages.clusters.viewer.link_state import MOST
from dashboard.server import session

ENDED = (Status.FAILED, Status.CANCELLED)  # without coordinates
PANELS = [Input(ids.panel(index), "value") for index in range(MOST)]
# The names are those of ViewerState, but "count" and "keys", which become its panels.
CONTROLS = {
    "by": Input(ids.COLOUR, "value"),
    "resolution": Input(ids.RESOLUTION, "value"),
    "k": Input(ids.DIMENSIONS, "value"),
    "count": Input(ids.PANEL_COUNT, "value"),
    "keys": PANELS,
    "selection": Input(ids.SELECTION, "data"),
    "filter": Input(ids.FILTER, "data"),
    "outside": Input(ids.OUTSIDE, "value"),
    "linked": Input(ids.LINKED, "value"),
    "theme": Input(shared.THEME, "data"),
    "webgl": Input(ids.WEBGL, "data"),
    "tool": State(ids.TOOL, "value"),
    "colours_linked": Input(ids.COLOURS_LINKED, "value"),
    "colours": [Input(ids.panel_colour(index), "value") for index in range(1, MOST)],
    "split": Input(ids.SPLIT_BY, "value"),
    "labels": Input(ids.LABELS, "value"),
    "clip": [Input(ids.CLIP_LOW, "value"), Input(ids.CLIP_HIGH, "value"), Input(ids.CLIP_UNIT, "value")],
}


def register(app, store):
    _missing(app, store)
    _draw(app, store)
    _browser(app)
    pickers.register(app, store)
    colour_controls.register(app, store)
    selection_form.register(app, store)
    subset.register(app, store)


def _missing(app, store):
    """Request embeddings that are not computed yet, and poll until all are there or no job is left."""
    outputs = (
        (ids.PANELS_MISSING, "data"),
        (ids.PANELS_TICK, "disabled"),
        (ids.PANELS_MESSAGE, "children"),
        (ids.PANELS_RETRY, "hidden"),
        (ids.PANELS_STOP, "hidden"),
    )
    choices = (Input(ids.DIMENSIONS, "value"), Input(ids.PANEL_COUNT, "value"), *PANELS)
    others = (State(ids.PANELS_MISSING, "data"), State(shared.RUN, "data"))

    @app.callback(
        *(Output(id, part) for id, part in outputs),
        Input(ids.PANELS_TICK, "n_intervals"),
        *(State(choice.component_id, "value") for choice in choices),
        *others,
    )
    def poll(_, *values):
        return request(values, again=False)

    @app.callback(
        *(Output(id, part, allow_duplicate=True) for id, part in outputs),
        Input(ids.PANELS_RETRY, "n_clicks"),
        *choices,
        *others,
        prevent_initial_call=True,
    )
    def compute(_, *values):
        return request(values, again=True)

    def request(values, again):
        """The values of `outputs`; `again` requests embeddings that have failed, too."""
        k, count, *keys, missing_before, run_id = values
        view = store.of(session.user())
        run = view.runs.one(run_id)
        keys = link_state.panels_of(view, run, count, keys)
        jobs = view.results.embeddings(run_id)
        for name in embeddings.missing(view, run, keys, k):
            # A panel shows one that was to be computed ahead: it goes before what nobody looks at.
            ahead = (
                name in jobs and jobs[name]["priority"] < Priority.ASKED and jobs[name]["status"] not in ENDED
            )
            if name not in jobs or again or ahead:
                view.results.embed(run_id, name)
        app.work_here()
        missing, jobs = embeddings.missing(view, run, keys, k), view.results.embeddings(run_id)
        states = [job_progress.job_state(view, jobs[name]) for name in missing]
        states.sort(key=lambda state: state.over)  # the running ones before the failed ones
        message = next((state.message for state in states if state.message), "")
        failed = any(jobs[name]["status"] in ENDED for name in missing)
        changed = missing if missing != missing_before else no_update
        over = all(state.over for state in states)
        return changed, over, message, not failed, over

    @app.callback(
        Output(ids.PANELS_MESSAGE, "children", allow_duplicate=True),
        Input(ids.PANELS_STOP, "n_clicks"),
        State(ids.PANELS_MISSING, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def stop(clicks, missing, run_id):
        """Cancel the embeddings that the panels wait for, where this person has asked for them."""
        if not clicks:
            raise PreventUpdate
        view = store.of(session.user())
        jobs = view.results.embeddings(run_id)
        mine = [name for name in missing or [] if name in jobs and jobs[name]["owner"] == view.user]
        for name in mine:
            view.jobs.cancel(jobs[name]["id"])
        return "Stopping ..." if mine else notice(OTHERS_JOB, "warn")


def _draw(app, store):
    @app.callback(
        Output(ids.PANELS, "figure"),
        Output(ids.PANELS_BOX, "hidden"),
        Output(ids.CELLS, "data"),
        Output(ids.CELLS_BOX, "hidden"),
        Output(ids.LEGEND, "children"),
        Output(ids.CELLS_NOTES, "children"),
        Output(ids.SELECTED, "children"),
        Output(ids.LINK_TABLE, "href"),
        Output(ids.LINK, "data"),
        Output(ids.LINK_MAPS, "href"),
        Output(ids.LINK_PDF, "href"),
        inputs={
            "controls": CONTROLS,
            "missing": Input(ids.PANELS_MISSING, "data"),
            "run_id": State(shared.RUN, "data"),
        },
    )
    def draw_panels(controls, missing, run_id):
        view = store.of(session.user())
        run = view.runs.one(run_id)
        state = link_state.from_controls(view, run, controls)
        drawing = draw(view, run, state)
        large = drawing.figure is None
        selection, message = "", selections.sentence(view, run, None, None)
        records = json.dumps(state.filter) if state.filter else ""
        if drawing.selected is not None:
            within = filters.within(state.selection, state.filter)
            selection = json.dumps(within)
            message = selections.sentence(view, run, within, drawing.selected)
        entries, link = legends(drawing.maps, state, drawing.shown), link_state.to_link(state, run)
        for layer in drawing.layers:
            entries += layer_legend(layer, state.theme)
        return (
            no_update if large else drawing.figure,
            large,
            drawing.cells,
            not large,
            entries,
            [notice(note, "warn") for note in drawing.notes],
            message,
            table_link(
                run_id,
                state.by,
                state.resolution,
                state.k,
                state.panels,
                selection,
                records,
                [choice for choice in maps.choices_shown(state) if choice != state.by],
            ),
            link,
            maps_link(run_id, "html", f"{link}&theme={state.theme}"),
            maps_link(run_id, "pdf", link),
        )


def _browser(app):
    """What the browser does by itself: the functions of assets/68-cells-page.js."""
    for name, *parts in (
        ("webgl", Output(ids.WEBGL, "data"), Input(shared.RUN, "data")),
        ("show", Input(ids.CELLS, "data")),
        ("tool", Input(ids.TOOL, "value")),
        ("address", Input(ids.LINK, "data"), State(shared.CONTEXT, "data")),
    ):
        app.clientside_callback(ClientsideFunction("nuwa", name), *parts)
    app.clientside_callback(
        ClientsideFunction("nuwa", "hovered"),
        Input(ids.PANELS, "hoverData"),
        State(ids.LINKED, "value"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("nuwa", "lassoed"),
        Output(ids.SELECTION, "data", allow_duplicate=True),
        Input(ids.PANELS, "selectedData"),
        State(ids.PANELS, "figure"),
        prevent_initial_call=True,
    )
