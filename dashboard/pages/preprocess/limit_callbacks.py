"""The callbacks of the card of cell quality: limits that are suggested, typed and dragged, and the figures with them."""

import copy

from dash import Input, Output, State, no_update
from dash.exceptions import PreventUpdate
from pydantic import ValidationError

from core import figures
from core.config.numbers import text_of
from dashboard import ids as shared
from dashboard.components.number_field import block
from dashboard.components.widgets import notice
from dashboard.pages.preprocess import ids
from dashboard.pages.preprocess.cell_quality import batch_options, kept_cells
from dashboard.pages.preprocess.limits import (
    ENDS,
    LIMIT_ERRORS,
    LIMIT_FIELDS,
    cells_within,
    lines,
    moved,
    of_batch,
    read_limits,
    set_end,
    suggest,
)
from dashboard.server import session


def register(app, store):
    _suggestions(app, store)
    _changes(app, store)
    _figures(app, store)


def _field_texts(names, chosen, batch):
    """What the fields show of the limits of a batch."""
    limits = of_batch(chosen, batch)
    ends = (name.rsplit("_", 1) for name in names)
    return [text_of(limits[measure][list(ENDS).index(end)]) for measure, end in ends]


def _suggestions(app, store):
    """Three ways to the suggested limits: another grouping of the cells, another tissue, and the button."""

    def suggests(trigger, *outputs):
        """`outputs` are set to True."""

        @app.callback(
            Output(ids.QUALITY_LIMITS, "data", allow_duplicate=True),
            Output(LIMIT_FIELDS, "value", allow_duplicate=True),
            Output(ids.QUALITY_BATCH, "options", allow_duplicate=True),
            Output(ids.QUALITY_BATCH, "value", allow_duplicate=True),
            Output(ids.QUALITY_BATCH_PART, "hidden", allow_duplicate=True),
            *outputs,
            trigger,
            State(ids.QUALITY_BATCHES, "value"),
            State(ids.QUALITY_TISSUE, "value"),
            State(LIMIT_FIELDS, "id"),
            State(ids.PREPARE_DATASET, "data"),
            prevent_initial_call=True,
        )
        def propose(_, batches, tissue, fields, dataset_id):
            chosen = suggest(store.of(session.user()), dataset_id, batches, tissue)
            options = batch_options(chosen["batches"])
            batch = options[0]["value"] if options else ""
            texts = _field_texts([field["name"] for field in fields], chosen, batch)
            return chosen, texts, options, batch, not options, *[True for _ in outputs]

    suggests(Input(ids.QUALITY_BATCHES, "value"))
    suggests(Input(ids.QUALITY_TISSUE, "value"), Output(ids.REMOVE_CELLS, "value", allow_duplicate=True))
    suggests(Input(ids.QUALITY_PROPOSE, "n_clicks"), Output(ids.REMOVE_CELLS, "value", allow_duplicate=True))


def _changes(app, store):
    """Fields and dragged lines change the limits; another batch changes which limits the fields show."""

    @app.callback(
        Output(ids.QUALITY_LIMITS, "data"),
        Output(LIMIT_ERRORS, "children"),
        Output(ids.REMOVE_CELLS, "value"),
        Input(LIMIT_FIELDS, "value"),
        State(LIMIT_FIELDS, "id"),
        State(ids.QUALITY_BATCH, "value"),
        State(ids.QUALITY_LIMITS, "data"),
        prevent_initial_call=True,
    )
    def type_limits(texts, fields, batch, chosen):
        typed = {field["name"]: text for field, text in zip(fields, texts, strict=True)}
        limits, errors = read_limits(typed)
        before = copy.deepcopy(chosen)
        for name, value in limits.items():
            set_end(chosen, batch, name, value)
        shown = [errors[name] for name in typed]
        return (no_update, shown, no_update) if chosen == before else (chosen, shown, True)

    @app.callback(
        Output(ids.QUALITY_LIMITS, "data", allow_duplicate=True),
        Output(LIMIT_FIELDS, "value", allow_duplicate=True),
        Output(ids.QUALITY_BATCH, "value", allow_duplicate=True),
        Output(ids.REMOVE_CELLS, "value", allow_duplicate=True),
        Input(ids.QUALITY_VIOLINS, "relayoutData"),
        State(LIMIT_FIELDS, "id"),
        State(ids.QUALITY_BATCH, "value"),
        State(ids.QUALITY_LIMITS, "data"),
        State(ids.PREPARE_DATASET, "data"),
        prevent_initial_call=True,
    )
    def drag(relayout, fields, batch, chosen, dataset_id):
        try:
            values, cells = cells_within(store.of(session.user()), dataset_id, chosen)
        except ValidationError:  # the lines are those of other limits
            raise PreventUpdate from None
        change = moved(relayout, lines(values, cells.limits))
        if change is None:
            raise PreventUpdate
        line, value = change
        if chosen.get("batch_key"):
            batch = cells.names[line.batch]
        set_end(chosen, batch, f"{line.measure}_{line.end}", value)
        return chosen, _field_texts([field["name"] for field in fields], chosen, batch), batch, True

    @app.callback(
        Output(LIMIT_FIELDS, "value"),
        Input(ids.QUALITY_BATCH, "value"),
        State(LIMIT_FIELDS, "id"),
        State(LIMIT_FIELDS, "value"),
        State(ids.QUALITY_LIMITS, "data"),
        prevent_initial_call=True,
    )
    def show_batch(batch, fields, texts, chosen):
        shown = _field_texts([field["name"] for field in fields], chosen, batch)
        if shown == texts:  # who set the batch set them, too; a number that is typed meanwhile must stay
            raise PreventUpdate
        return shown

    errors = Input(LIMIT_ERRORS, "children")
    block(app, [ids.take("filter_cells")], [errors], Input(ids.APPLY_RECIPE.tick, "disabled"))


def _figures(app, store):
    @app.callback(
        Output(ids.QUALITY_STAY, "children"),
        Output(ids.QUALITY_VIOLINS, "figure"),
        Output(ids.QUALITY_SCATTER, "figure"),
        Input(ids.QUALITY_LIMITS, "data"),
        Input(shared.THEME, "data"),
        State(ids.PREPARE_DATASET, "data"),
    )
    def show(chosen, theme, dataset_id):
        """The number of kept cells, and the figures."""
        try:
            values, cells = cells_within(store.of(session.user()), dataset_id, chosen)
        except ValidationError as error:
            problem = error.errors()[0]["msg"].removeprefix("Value error, ")
            return notice(f"{problem[0].upper()}{problem[1:]}.", "bad"), no_update, no_update
        rows = figures.drawn_cells(len(cells.within))
        part = {name: array[rows] for name, array in values.items()}
        return (
            kept_cells(values, cells),
            figures.violins(part, cells.codes[rows], cells.names, lines(values, cells.limits), theme),
            figures.cells_scatter(part, cells.within[rows], theme),
        )
