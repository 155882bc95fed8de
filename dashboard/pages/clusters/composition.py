"""The card of the sizes of groups of cells, and of their composition by an obs column."""

import numpy as np
from dash import Input, Output, State, html

from core import figures
from core.analysis.composition import composition as count_parts
from core.errors import UserError
from core.store import Missing
from core.text import check_tells
from dashboard import ids as shared
from dashboard.components.picker import picker
from dashboard.components.widgets import card, graph, notice, table
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.annotate.ids import ANNOTATE_START
from dashboard.pages.clusters.colours import colour_of
from dashboard.pages.clusters.controls import categories, field
from dashboard.pages.clusters.groups import groups_of
from dashboard.server import session

COLUMN = "composition-of"
FIGURE = "composition-figure"
TABLE = "composition-table"

NO_COLUMN = " "  # an empty value would show an empty field
MOST_GROUPS = 500  # more can be neither drawn nor read
MOST_PARTS = 60  # more bars have no colour of their own


def layout(view, run):
    columns = [{"label": column, "value": column} for column in categories(view, run)]
    options = [{"label": "sizes only", "value": NO_COLUMN}, *columns]
    return card(
        "Sizes and composition",
        html.P(
            "Of the groups chosen under 'Start from'. A cluster from a single sample may be a batch effect, not a cell type."
        ),
        field("Composition by", picker(COLUMN, options, NO_COLUMN)),
        graph(FIGURE, "Composition of each group", dataset=view.datasets.one(run["dataset"]), height=300),
        html.Div(id=TABLE),
    )


def register(app, store):
    @app.callback(
        Output(FIGURE, "figure"),
        Output(TABLE, "children"),
        Input(COLUMN, "value"),
        Input(ANNOTATE_START, "value"),
        Input(ids.RESOLUTION, "value"),
        Input(ids.CLUSTERING, "data"),
        Input(shared.THEME, "data"),
        State(shared.RUN, "data"),
    )
    def draw(column, groups, resolution, _, theme, run_id):
        view = store.of(session.user())
        column = "" if column == NO_COLUMN else column
        try:
            names, counts, parts = composition(view, view.runs.one(run_id), groups, resolution, column)
        except Missing:
            raise
        except UserError as error:
            return figures.empty(str(error), theme, 200), notice(str(error), "warn")
        head, rows = table_of(names, counts, parts)
        return figures.composition(names, counts, parts, theme), table(head, rows, range(1, len(head)))


def table_of(names, counts, parts):
    """(head, rows) of the table: a row a group, with its cells, its share and, of several parts, each part."""
    total, several = counts.sum(), len(parts) > 1
    rows = [
        [name, f"{n.sum():,}", f"{n.sum() / max(total, 1):.1%}", *(f"{v:,}" for v in n if several)]
        for name, n in zip(names, counts, strict=True)
    ]
    return ["group", "cells", "share of cells", *(parts if several else [])], rows


def composition(view, run, base, resolution, column):
    """(names, counts (groups, parts), parts) of the groups of a choice; without a column one part, all cells.

    Raises UserError where there are too many groups or parts, or the column is numeric.
    """
    _, groups = groups_of(view, run, base, resolution)
    n = len(groups.names)
    if n > MOST_GROUPS:
        raise UserError(f"{n:,} groups are too many to draw. Choose another grouping.")
    if not column:
        return groups.names, *count_parts(groups.codes, n)
    colour = colour_of(view, run, f"obs:{column}", resolution)
    if colour.categories is None:
        raise UserError(f"{column} is numeric. Choose a categorical column.")
    parts, codes = list(colour.categories), np.asarray(colour.values)
    check_tells(column, parts, codes)
    if len(parts) > MOST_PARTS:
        raise UserError(f"{column} has {len(parts):,} categories, too many to draw. Choose another column.")
    return groups.names, *count_parts(groups.codes, n, parts, codes)
