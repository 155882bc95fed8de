"""Quality control of cells: the card with its plots and fields, and its callbacks."""

import copy

import dash_bootstrap_components as dbc
from dash import Input, Output, State, html, no_update
from dash.exceptions import PreventUpdate
from pydantic import ValidationError

from core import figures
from core.config.numbers import text_of
from core.preprocessing.recipe import MEASURES, TISSUES, Limits, mito_warning, n_outside
from dashboard import ids as shared
from dashboard.components.number_field import block, number_input
from dashboard.components.widgets import card, graph, more, notice, table
from dashboard.pages.preprocess import ids
from dashboard.pages.preprocess.batches import limit_groupings
from dashboard.pages.preprocess.limits import (
    ENDS,
    LIMIT_ERRORS,
    LIMIT_FIELDS,
    cells_within,
    limit_number,
    lines,
    moved,
    of_batch,
    read_limits,
    set_end,
    shown_values,
    suggest,
)
from dashboard.server import session


def quality_card(view, row, by):
    """The violins, the fields and the buttons; a reason alone where no measure is known.

    `by` is how the limits are grouped at first: by a column of batches, or ALL_CELLS.
    """
    values = shown_values(view.datasets.folder(row["id"]).measured())
    suggestion = suggest(view, row["id"], by)
    names = list(suggestion["batches"])
    choice = _grouping(by, names, "mito" in values)
    switch = dbc.Switch(
        id=ids.REMOVE_CELLS, value=False, label="Remove cells outside the limits when preprocessing"
    )
    if not values:
        reason = "The values are not counts, so counts, genes and MT share per cell are unknown. All cells are kept."
        return card("Cells", html.P(reason), html.Div([choice, switch], hidden=True))
    limits = Limits(**of_batch(suggestion, names[0] if names else ""))
    parts = [
        html.P(
            "Outlying cells are often empty droplets, broken cells or two cells in one droplet. The limits are "
            "suggested from the data. Drag the dotted lines or change the numbers.",
        ),
        graph(
            ids.QUALITY_VIOLINS,
            "Distribution of each measure over cells, with the limits",
            save=False,
            dataset=row,
            config={"edits": {"shapePosition": True}},
            style={"height": "340px"},
        ),
    ]
    parts.append(choice)
    parts += [
        html.Div([_field(name, limits) for name in values], className="nuwa-form", id=ids.QUALITY_FIELDS),
        html.Div(id=ids.QUALITY_STAY, role="status"),
        switch,
        html.P("The switch is turned on when a limit is changed.", className="help"),
        html.Div(
            [
                html.Button(
                    "Remove cells outside the limits now",
                    id=ids.take("filter_cells"),
                    className="btn btn-outline-primary",
                ),
                html.Button(
                    "Reset to suggested limits", id=ids.QUALITY_PROPOSE, className="btn btn-outline-secondary"
                ),
            ],
            className="nuwa-actions",
        ),
        more(
            "Scatter of counts, genes and MT share",
            graph(
                ids.QUALITY_SCATTER,
                "Counts against genes and MT share",
                save=False,
                dataset=row,
                style={"height": "340px"},
            ),
        ),
        more(
            "How are limits suggested?",
            html.P(
                "Counts and genes: 5 median absolute deviations from the median, on a log scale. Share of the 20 highest "
                "genes: 5 from its median. Mitochondrial share: 3 above the median, within the range of the tissue. If "
                "the median itself is above that range, only the deviations count. These are the limits of "
                "sc-best-practices.org, with a range by tissue in place of 8 %. A low mitochondrial share is allowed. "
                "Ribosomal and haemoglobin shares differ between cell types, so no limit is suggested for them."
            ),
        ),
    ]
    return card("Cells", *parts)


def _grouping(by, names, has_mito):
    """Whether limits are the same for all cells, the batch whose limits the fields show, and the tissue."""
    grouped = dbc.Select(id=ids.QUALITY_BATCHES, options=limit_groupings(by), value=by)
    shown = dbc.Select(id=ids.QUALITY_BATCH, options=_options(names), value=names[0] if names else "")
    batch = [
        _labelled("Batch that the fields show", shown),
        html.P("Each batch has its own limits, because outliers differ between batches.", className="help"),
    ]
    return html.Div(
        [
            _labelled("Limits", grouped),
            html.Div(batch, id=ids.QUALITY_BATCH_PART, hidden=not names),
            html.Div(_tissue(), hidden=not has_mito),
        ],
        className="nuwa-form",
    )


def _options(names):
    return [{"label": name, "value": name} for name in names]


def _labelled(label, control):
    return html.Div(html.Label([label, control], className="nuwa-labelled"), className="nuwa-field")


def _tissue():
    options = [{"label": tissue.label, "value": name} for name, tissue in TISSUES.items()]
    field = _labelled("Tissue", dbc.Select(id=ids.QUALITY_TISSUE, options=options, value="any"))
    ranges = "The mitochondrial limit is suggested within the range of the tissue: from 1 to 5 % for nuclei, up to 60 % for heart."
    return html.Div([field, html.Div(ranges, className="help")])


def _field(name, limits):
    label, unit, _, help = MEASURES[name]
    ends = []
    for end, value in zip(ENDS, getattr(limits, name), strict=True):
        number = limit_number(name, end)
        control, error = number_input(ids.limit(name, end), number, value, placeholder="none")
        hidden = html.Span(number.label, className="visually-hidden")
        ends.append(html.Div([html.Label([hidden, control]), error], className="nuwa-number"))
    heading = label if unit in ("", "counts", "genes") else f"{label}, {unit}"
    parts = [
        html.Div(heading, className="fw-semibold"),
        html.Div([ends[0], html.Span("to"), ends[1]], className="nuwa-range"),
    ]
    return html.Div([*parts, html.Div(help, className="help")], className="nuwa-field")


def kept_cells(values, cells):
    """How many cells are within the limits of a CellFilter, and how many are outside each limit."""
    n, n_kept = len(cells.within), int(cells.within.sum())
    outside = {measure: n_outside(array, measure, cells) for measure, array in values.items()}
    rows = [f"{MEASURES[measure].label.lower()} {count:,}" for measure, count in outside.items() if count]
    reasons = f" Outside a limit: {', '.join(rows)}." if rows else ""
    parts = [
        notice(
            [html.B(f"{n_kept:,} of {n:,} cells are kept."), reasons], "info" if n_kept >= n / 2 else "warn"
        )
    ]
    if warning := mito_warning(outside.get("mito", 0), n):
        parts.append(notice(warning, "warn"))
    if n and n_kept < n / 2:
        parts.append(
            html.P("More than half of the cells would be removed: check the limits.", className="help")
        )
    if len(cells.names) > 1:
        counts = [
            [name, f"{int((cells.codes == i).sum()):,}", f"{int(cells.within[cells.codes == i].sum()):,}"]
            for i, name in enumerate(cells.names)
        ]
        parts.append(more("By batch", table(["batch", "cells", "kept"], counts, numeric=(1, 2))))
    return parts


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
            options = _options(chosen["batches"])
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
        State(ids.QUALITY_LIMITS, "data"),
        prevent_initial_call=True,
    )
    def show_batch(batch, fields, chosen):
        return _field_texts([field["name"] for field in fields], chosen, batch)

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
