"""The callbacks of the selection bar: its counts, its actions, and the history of selections and filters."""

from dash import ALL, ClientsideFunction, Input, Output, State, ctx, html
from dash.exceptions import PreventUpdate

from core.config.dataset_record import DatasetRecord
from core.errors import UserError
from core.store import Missing
from dashboard import ids as shared
from dashboard.components import buttons
from dashboard.pages.clusters import ids as page
from dashboard.pages.clusters.annotate import clusterings
from dashboard.pages.clusters.colours import CLUSTERS, MADE
from dashboard.pages.clusters.controls import samples_of
from dashboard.pages.clusters.markers.results import chosen_groups
from dashboard.pages.clusters.selection_bar import ids
from dashboard.pages.clusters.viewer import filters
from dashboard.pages.clusters.viewer import selection as selections
from dashboard.server import session

SELECTION, FILTER, WITHIN = (State(id, "data") for id in (page.SELECTION, page.FILTER, page.WITHIN))


def register(app, store):
    _browser(app)
    _shown(app, store)
    _name(app, store)
    _markers(app, store)


def _browser(app):
    """What the browser does by itself: the functions of assets/75-selection-history.js and 76-selection-bar.js."""

    def on(name, *parts, **options):
        app.clientside_callback(ClientsideFunction("nuwaSelection", name), *parts, **options)

    both = [Output(id, "data", allow_duplicate=True) for id in (page.SELECTION, page.FILTER)]
    changes = [Input(id, "data") for id in (page.SELECTION, page.FILTER)]
    on("within", Output(page.WITHIN, "data"), *changes)
    on(
        "record",
        Output(ids.BAR_UNDO, "disabled"),
        Output(ids.BAR_REDO, "disabled"),
        *changes,
        State(shared.RUN, "data"),
    )
    on(
        "visible",
        Output(ids.BAR_ACTIONS, "hidden"),
        Output(ids.BAR_FILTER, "hidden"),
        Output(ids.BAR_TWO, "hidden"),
        Output(ids.BAR_TWO_GO, "disabled"),
        *changes,
        Input(ids.BAR_KEPT, "data"),
    )
    for name, button in (
        ("undo", ids.BAR_UNDO),
        ("redo", ids.BAR_REDO),
        ("only", ids.BAR_ONLY_GO),
        ("hide", ids.BAR_HIDE_GO),
        ("clear", ids.BAR_CLEAR_GO),
        ("showAll", ids.BAR_SHOW_ALL),
        ("selectShown", ids.BAR_SELECT_SHOWN),
    ):
        on(name, *both, Input(button, "n_clicks"), SELECTION, FILTER, prevent_initial_call=True)
    on(
        "keep",
        Output(ids.BAR_KEPT, "data"),
        Input(ids.BAR_KEEP_GO, "n_clicks"),
        Input(ids.BAR_TWO_CANCEL, "n_clicks"),
        WITHIN,
        prevent_initial_call=True,
    )
    on("answered", Input(ids.BAR_ANSWER, "data"), prevent_initial_call=True)


def _shown(app, store):
    @app.callback(
        Output(page.SHOWN, "children"),
        Output(ids.BAR_CHIPS, "children"),
        Input(page.FILTER, "data"),
        State(shared.RUN, "data"),
    )
    def show_filter(records, run_id):
        view = store.of(session.user())
        run = view.runs.one(run_id)
        n_cells = DatasetRecord.of(view.datasets.one(run["dataset"])).cells
        try:
            sentence = filters.sentence(filters.cells(view, run, records), n_cells)
        except Missing:
            raise
        except UserError as error:  # its clusters were undone, for example
            sentence = str(error)
        return sentence, [_chip(view, run, record, i) for i, record in enumerate(records or ())]

    @app.callback(
        Output(page.FILTER, "data", allow_duplicate=True),
        Input(page.filter_chip(ALL), "n_clicks"),
        State(page.FILTER, "data"),
        prevent_initial_call=True,
    )
    def remove_chip(clicks, records):
        if not any(clicks):  # the chips have just been drawn
            raise PreventUpdate
        removed = ctx.triggered_id["name"]
        return [record for i, record in enumerate(records or ()) if i != removed] or None

    @app.callback(
        Output(ids.BAR_TWO_NOTE, "children"),
        Input(ids.BAR_KEPT, "data"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def describe_kept(kept, run_id):
        if kept is None:
            return ""
        view = store.of(session.user())
        run = view.runs.one(run_id)
        n = int(selections.cells(view, run, kept).sum())
        return f"Group A: {n:,} cells ({selections.description(view, run, kept)}). Now select group B."


def _chip(view, run, record, index):
    """A part of the filter, which a click removes."""
    text = selections.description(view, run, record)
    return html.Button(
        [text, html.I(className="bi bi-x", **{"aria-hidden": "true"})],
        id=page.filter_chip(index),
        className="chip",
        title="Remove this part of the filter",
        **{"aria-label": f"Remove from the filter: {text}"},
    )


def _name(app, store):
    @buttons.on(
        app,
        store,
        Input(ids.BAR_NAME_GO, "n_clicks"),
        Output(page.CLUSTERING, "data", allow_duplicate=True),
        Output(ids.BAR_ANSWER, "data", allow_duplicate=True),
        Output(ids.BAR_NAME, "value"),
        Output(ids.BAR_MESSAGE, "children", allow_duplicate=True),
        WITHIN,
        State(ids.BAR_NAME, "value"),
        State(page.COLOUR, "value"),
        State(page.CLUSTERING, "data"),
        State(page.RESOLUTION, "value"),
        State(shared.RUN, "data"),
        tone="warn",
    )
    def name_cells(view, clicks, selection, name, by, line, resolution, run_id):
        run = view.runs.one(run_id)
        line = clusterings.name_cells(view, run, start_of(by, line), resolution, selection, name)
        return line, {"tab": "clusters", "n": clicks}, "", ""


def start_of(by, line):
    """The clustering that a new name starts from: the one that colours the cells, else the one changed last, else Leiden's."""
    if by == CLUSTERS or (by or "").startswith(f"{MADE}:"):
        return by
    return f"{MADE}:{line}" if line else CLUSTERS


def _markers(app, store):
    def on(button, *states):
        """Decorate what gives the records of both groups; the markers are queued and their tab is opened."""

        def register_groups(groups):
            @buttons.on(
                app,
                store,
                Input(button, "n_clicks"),
                Output(ids.BAR_KEPT, "data", allow_duplicate=True),
                Output(ids.BAR_ANSWER, "data", allow_duplicate=True),
                Output(ids.BAR_MESSAGE, "children", allow_duplicate=True),
                *states,
                State(shared.RUN, "data"),
                tone="warn",
            )
            def press(view, clicks, *values):
                *records, run_id = values
                run = view.runs.one(run_id)
                a, b = groups(*records)
                compared = chosen_groups(view, run, "two", None, None, a, b)
                job = view.groups.find_markers(run_id, compared, samples_of(view, run))["id"]
                app.work_here()
                return None, {"tab": "markers", "job": job, "a": a, "b": b, "n": clicks}, ""

        return register_groups

    @on(ids.BAR_MARKERS_GO, WITHIN)
    def against_the_rest(selection):
        return selection, None

    @on(ids.BAR_TWO_GO, State(ids.BAR_KEPT, "data"), WITHIN)
    def against_another(kept, selection):
        if selection is None:
            raise UserError("Group B is empty. Select cells, then compare again.")
        return kept, selection
