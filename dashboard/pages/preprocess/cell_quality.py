"""Quality control of cells: the card with its plots and fields; limit_callbacks.py has its callbacks."""

import dash_bootstrap_components as dbc
from dash import html

from core.preprocessing.recipe import MEASURES, TISSUES, Limits, mito_warning, n_outside
from dashboard.components.number_field import number_input
from dashboard.components.widgets import card, graph, more, notice, table
from dashboard.pages.preprocess import ids
from dashboard.pages.preprocess.batches import limit_groupings
from dashboard.pages.preprocess.limits import (
    ENDS,
    limit_number,
    of_batch,
    shown_values,
    suggest,
)


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
    shown = dbc.Select(id=ids.QUALITY_BATCH, options=batch_options(names), value=names[0] if names else "")
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


def batch_options(names):
    """The options of the batch whose limits the fields show."""
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
