"""Quality control of cells: what is measured of each, limits as fields and as lines that can be dragged."""

import re

import dash_bootstrap_components as dbc
import numpy as np
from dash import ALL, Input, Output, State, ctx, html, no_update
from pydantic import ValidationError

from core import figures
from core.figures import Line
from core.preprocessing.recipe import MEASURES, Limits, proposed, stays, stays_by_batch
from dashboard import ids as shared
from dashboard.components.widgets import card, graph, more, notice, table
from dashboard.pages.preprocess import ids
from dashboard.server import session

MOST_BATCHES = 12  # with limits of their own: more violins than these nobody can read
RARE = 1.0  # percent: a share that hardly any cell has is not shown
ENDS = ("low", "high")
ALL_CELLS = " "  # an empty value would show an empty field, and no column of obs is called so
LIMIT_FIELDS = {"type": "limit", "name": ALL}


def quality_card(view, row):
    """Violins, fields and a button; nothing but a reason where nothing is known of the cells."""
    values = shown_values(view.datasets.folder(row["id"]).measured())
    if not values:
        words = "The values are no counts, so counts, genes and MT share of a cell cannot be told: all cells stay."
        return card("Cells", html.P(words))
    columns, by = batch_columns(row), first_batches(row)
    first = propose(view, row["id"], by)
    names = list(first["batches"])
    limits = Limits(**_of(first, names[0] if names else ""))
    parts = [
        html.P(
            "Cells far from the others are often empty drops, broken cells or two cells in one drop. The limits are "
            "proposed from the data; drag the dotted lines or change the numbers.",
        ),
        graph(
            ids.QUALITY_VIOLINS,
            "Distribution of what is measured of each cell, with the limits",
            save=False,
            dataset=row,
            config={"edits": {"shapePosition": True}},
            style={"height": "340px"},
        ),
    ]
    options = [{"label": "the same for all cells", "value": ALL_CELLS}]
    options += [{"label": f"by {name}", "value": name} for name in columns]
    batches = _labelled("Limits", dbc.Select(id=ids.QUALITY_BATCHES, options=options, value=by))
    shown = dbc.Select(id=ids.QUALITY_BATCH, options=_options(names), value=names[0] if names else "")
    batch = _labelled("Batch that the fields show", shown)
    parts.append(
        html.Div(
            [batches, html.Div(batch, id=ids.QUALITY_BATCH_PART, hidden=not names)],
            className="nuwa-form",
            hidden=not columns,
        )
    )
    if names:
        words = f"'{by}' names the batches, so each has limits of its own: what is far from the others differs between them."
        parts.append(html.P(words, className="help"))
    parts += [
        html.Div([_field(name, limits) for name in values], className="nuwa-form", id=ids.QUALITY_FIELDS),
        html.Div(id=ids.QUALITY_STAY, role="status"),
        html.Div(
            [
                html.Button(
                    "Leave the others out", id=ids.take("filter_cells"), className="btn btn-outline-primary"
                ),
                html.Button("Propose again", id=ids.QUALITY_PROPOSE, className="btn btn-outline-secondary"),
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
            "How are limits proposed?",
            html.P(
                "Counts and genes: 5 median absolute deviations from the median, on a log scale. Mitochondrial share: 3 "
                "above the median, and 8 % at most, unless the median itself is higher, as in heart, kidney, or a file of "
                "chosen genes. This is the custom of sc-best-practices.org, but that a low MT share is no reason to leave. "
                "Ribosomal and haemoglobin shares differ between cell types, so no limit is proposed for them."
            ),
        ),
    ]
    return card("Cells", *parts)


def shown_values(values):
    """The measures of a shelf that the page shows: a share that hardly any cell has is left out."""
    return {
        name: array
        for name, array in values.items()
        if name in MEASURES and not (name in ("ribo", "haemo") and np.nanpercentile(array, 99) < RARE)
    }


def first_batches(row):
    """What limits go by before anybody has chosen: the column that names the batches beyond doubt, or all cells."""
    return row["record"].get("batch") or ALL_CELLS


def _options(names):
    return [{"label": name, "value": name} for name in names]


def batch_columns(row, most=MOST_BATCHES):
    """The obs columns of at most so many values that may name batches, those that look like it first."""
    columns = [c for c in row["record"]["columns"] if c["kind"] == "category" and 2 <= c["distinct"] <= most]
    return [c["name"] for c in sorted(columns, key=lambda c: c["role"] != "batch")]


def _labelled(words, control):
    return html.Div(html.Label([words, control], className="nuwa-labelled"), className="nuwa-field")


def _field(name, limits):
    label, unit, log, help = MEASURES[name]
    low, high = getattr(limits, name)
    inputs = []
    for end, value, words in (("low", low, "lowest"), ("high", high, "highest")):
        step = 1 if log else "any"
        field = dbc.Input(
            id=ids.limit(name, end),
            type="number",
            value=value,
            placeholder="none",
            step=step,
            min=0,
            debounce=0.4,
        )
        inputs.append(html.Label([html.Span(f"{label}, {words}", className="visually-hidden"), field]))
    words = label if unit in ("", "counts", "genes") else f"{label}, {unit}"
    parts = [
        html.Div(words, className="fw-semibold"),
        html.Div([inputs[0], html.Span("to"), inputs[1]], className="nuwa-range"),
    ]
    return html.Div([*parts, html.Div(help, className="help")], className="nuwa-field")


def judged(view, dataset_id, chosen):
    """(values by measure, codes, names of batches, Limits of each, which cells stay) for limits as the page keeps them.

    Raises ValidationError where a lowest value is above its highest.
    """
    shelf = view.datasets.folder(dataset_id)
    values = shown_values(shelf.measured())
    n = len(shelf.cells())
    common = Limits(**chosen["limits"])
    if not chosen.get("batch_key"):
        return values, np.zeros(n, dtype=int), ["all cells"], [common], stays(values, common, n)
    entry, codes = shelf.column(chosen["batch_key"])
    names = entry["categories"]
    own = [Limits(**chosen["batches"].get(name, {})) for name in names]
    return values, codes, names, own, stays_by_batch(values, common, codes, dict(enumerate(own)))


def lines(values, own):
    """The limits of each batch as the figure's Lines, in its order."""
    return [
        Line(measure, batch, end, ends[i])
        for batch, limits in enumerate(own)
        for measure, ends in limits.set().items()
        for i, end in enumerate(ENDS)
        if ends[i] is not None and measure in values
    ]


def words(values, codes, names, own, within):
    """How many cells stay, and which limit takes how many."""
    n, kept = len(within), int(within.sum())
    rows = []
    for measure in values:
        gone = sum(
            int((~stays({measure: values[measure][rows]}, limits)).sum())
            for limits, rows in ((limits, codes == code) for code, limits in enumerate(own))
        )
        if gone:
            rows.append(f"{MEASURES[measure].label.lower()} {gone:,}")
    taken = f" Outside a limit: {', '.join(rows)}." if rows else ""
    said = [notice([html.B(f"{kept:,} of {n:,} cells stay."), taken], "info" if kept >= n / 2 else "warn")]
    if n and kept < n / 2:
        said.append(
            html.P("More than half of the cells would leave: look at the limits again.", className="help")
        )
    if len(names) > 1:
        counts = [
            [name, f"{int((codes == i).sum()):,}", f"{int(within[codes == i].sum()):,}"]
            for i, name in enumerate(names)
        ]
        said.append(more("By batch", table(["batch", "cells", "stay"], counts, numeric=(1, 2))))
    return said


def moved(relayout, drawn):
    """(Line, its new value) of the line that was dragged, or None for any other change of the figure."""
    for key, value in (relayout or {}).items():
        found = re.fullmatch(r"shapes\[(\d+)\]\.y[01]", key)
        if found and int(found[1]) < len(drawn):
            line = drawn[int(found[1])]
            place = figures.on_axis(line.measure, np.array([line.value]))[0]
            if abs(value - place) > 1e-9:  # of a line that was turned, only one end has moved
                return line, max(0.0, figures.off_axis(line.measure, value))
    return None


def register(app, store):
    @app.callback(
        Output(ids.QUALITY_LIMITS, "data"),
        Output(LIMIT_FIELDS, "value"),
        Output(ids.QUALITY_BATCH, "options"),
        Output(ids.QUALITY_BATCH, "value"),
        Output(ids.QUALITY_BATCH_PART, "hidden"),
        Input(LIMIT_FIELDS, "value"),
        Input(ids.QUALITY_VIOLINS, "relayoutData"),
        Input(ids.QUALITY_BATCHES, "value"),
        Input(ids.QUALITY_BATCH, "value"),
        Input(ids.QUALITY_PROPOSE, "n_clicks"),
        State(LIMIT_FIELDS, "id"),
        State(ids.QUALITY_LIMITS, "data"),
        State(ids.PREPARE_DATASET, "data"),
        prevent_initial_call=True,
    )
    def change(typed, relayout, batches, batch, _, fields, chosen, dataset_id):
        """Fields, lines, batches and proposals all change the same limits."""
        view, cause = store.of(session.user()), ctx.triggered_id
        names, picker = [field["name"] for field in fields], (no_update, no_update, no_update)
        if cause == ids.QUALITY_BATCHES or cause == ids.QUALITY_PROPOSE:
            chosen = propose(view, dataset_id, batches)
            options = _options(chosen["batches"])
            batch = options[0]["value"] if options else ""
            picker = (options, batch, not options)
        elif cause == ids.QUALITY_VIOLINS:
            values, _, order, own, _ = judged(view, dataset_id, chosen)
            if (found := moved(relayout, lines(values, own))) is None:
                return (no_update, [no_update] * len(names), *picker)
            line, value = found
            if chosen.get("batch_key"):
                batch = order[line.batch]
                picker = (no_update, batch, no_update)
            _put(chosen, batch, f"{line.measure}_{line.end}", value)
        elif cause != ids.QUALITY_BATCH:
            for name, value in zip(names, typed, strict=True):
                _put(chosen, batch, name, value)
            return (chosen, [no_update] * len(names), *picker)
        kept = _of(chosen, batch)
        return (
            chosen,
            [kept[m][ENDS.index(end)] for m, end in (name.rsplit("_", 1) for name in names)],
            *picker,
        )

    @app.callback(
        Output(ids.QUALITY_STAY, "children"),
        Output(ids.QUALITY_VIOLINS, "figure"),
        Output(ids.QUALITY_SCATTER, "figure"),
        Input(ids.QUALITY_LIMITS, "data"),
        Input(shared.THEME, "data"),
        State(ids.PREPARE_DATASET, "data"),
    )
    def show(chosen, theme, dataset_id):
        """How many cells stay, and the pictures."""
        try:
            values, codes, names, own, within = judged(store.of(session.user()), dataset_id, chosen)
        except ValidationError as error:
            said = error.errors()[0]["msg"].removeprefix("Value error, ")
            return notice(f"{said[0].upper()}{said[1:]}.", "bad"), no_update, no_update
        rows = figures.shown(len(within))
        part = {name: array[rows] for name, array in values.items()}
        return (
            words(values, codes, names, own, within),
            figures.violins(part, codes[rows], names, lines(values, own), theme),
            figures.cells_scatter(part, within[rows], theme),
        )


def propose(view, dataset_id, batch_key):
    """Limits from the data as the page keeps them: for all cells, or for each batch of a column."""
    shelf = view.datasets.folder(dataset_id)
    values = shelf.measured()
    # A data set that an earlier Nuwa has read does not say them: they are looked for as the cells are filtered.
    columns = {"columns": view.datasets.one(dataset_id)["record"].get("quality_columns")}
    if batch_key == ALL_CELLS:
        return columns | {"limits": proposed(values).model_dump(mode="json"), "batches": {}}
    entry, codes = shelf.column(batch_key)
    own = {
        name: proposed({m: array[codes == code] for m, array in values.items()}).model_dump(mode="json")
        for code, name in enumerate(entry["categories"])
    }
    return columns | {"limits": {}, "batch_key": batch_key, "batches": own}


def _of(chosen, batch):
    kept = chosen["batches"].get(batch, {}) if chosen.get("batch_key") else chosen["limits"]
    return Limits().model_dump(mode="json") | kept


def _put(chosen, batch, name, value):
    """Set one end of one limit, of all cells or of a batch."""
    measure, end = name.rsplit("_", 1)
    place = chosen["batches"].setdefault(batch, {}) if chosen.get("batch_key") else chosen["limits"]
    ends = list(place.get(measure) or (None, None))
    ends[ENDS.index(end)] = None if value in (None, "") else float(value)
    place[measure] = ends
