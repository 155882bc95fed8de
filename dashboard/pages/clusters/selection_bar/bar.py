"""The layout of the selection bar, which lies on the maps."""

import dash_bootstrap_components as dbc
from dash import dcc, html

from dashboard.components.widgets import working
from dashboard.pages.clusters import ids as page
from dashboard.pages.clusters.selection_bar import ids
from dashboard.pages.clusters.viewer import filters, subset

OUTSIDE = {filters.GREY: "grey", filters.HIDDEN: "hidden"}


def layout(view, run, state):
    """The bar of a ViewerState: counts, actions on the selected cells, the filter, and undo."""
    return [
        html.Div(
            [
                html.Div(id=page.SELECTED, role="status", className="nuwa-selected"),
                html.Span(id=page.SHOWN, role="status", className="shown"),
                html.Div(
                    [
                        _icon(
                            ids.BAR_UNDO,
                            "Undo last selection or filter",
                            "arrow-counterclockwise",
                            "Control+Z",
                        ),
                        _icon(ids.BAR_REDO, "Redo selection or filter", "arrow-clockwise", "Control+Shift+Z"),
                    ],
                    className="history",
                ),
            ],
            className="line",
        ),
        _actions(),
        _two(),
        _filter(state),
        working(ids.BAR_MESSAGE),
        *subset.layout(view),
        dcc.Store(id=page.FILTER, data=list(state.filter) or None),
        dcc.Store(id=page.WITHIN),
        dcc.Store(id=ids.BAR_KEPT),
        dcc.Store(id=ids.BAR_ANSWER),
    ]


def _actions():
    """The buttons on the selected cells, hidden while there are none."""
    name = html.Label(
        [
            html.Span("Name of the cells", className="visually-hidden"),
            dbc.Input(id=ids.BAR_NAME, maxlength=80, placeholder="name", className="name"),
        ]
    )
    buttons = [
        _button(ids.BAR_NAME_GO, "Name cells", "Name the selected cells in a clustering of your own"),
        _button(ids.BAR_MARKERS_GO, "Find markers against the rest", "Compare with all other cells"),
        _button(
            ids.BAR_KEEP_GO, "Compare with another selection", "Keep these cells as group A, then select B"
        ),
        _button(page.SUBSET_GO, "Create dataset", "Create a dataset of the selected cells"),
        _button(ids.BAR_ONLY_GO, "Show only these", "Add the selection to the filter"),
        _button(ids.BAR_HIDE_GO, "Hide cells", "Leave the selected cells out of the plots"),
        _button(ids.BAR_CLEAR_GO, "Clear selection", "Select no cells"),
    ]
    return html.Div(
        [name, *buttons],
        id=ids.BAR_ACTIONS,
        className="actions",
        role="group",
        hidden=True,
        **{"aria-label": "Actions on the selected cells"},
    )


def _two():
    """What is kept as group A, and the buttons that compare it with the present selection."""
    return html.Div(
        [
            html.Span(id=ids.BAR_TWO_NOTE, role="status"),
            _button(
                ids.BAR_TWO_GO, "Find markers of A against the selection", "The selected cells are group B"
            ),
            _button(ids.BAR_TWO_CANCEL, "Cancel comparison", "Forget group A"),
        ],
        id=ids.BAR_TWO,
        className="actions",
        hidden=True,
    )


def _filter(state):
    """The parts of the filter, and how cells outside it are drawn."""
    outside = dbc.RadioItems(
        options=[{"label": text, "value": word} for word, text in OUTSIDE.items()],
        value=state.outside,
        id=page.OUTSIDE,
        inline=True,
    )
    return html.Div(
        [
            html.Span(id=ids.BAR_CHIPS, className="chips"),
            _button(ids.BAR_SHOW_ALL, "Remove filter", "Show all cells again"),
            _button(ids.BAR_SELECT_SHOWN, "Select shown cells", "Select all cells that pass the filter"),
            html.Span("Other cells:", id=f"{page.OUTSIDE}-label"),
            html.Div(outside, role="radiogroup", **{"aria-labelledby": f"{page.OUTSIDE}-label"}),
        ],
        id=ids.BAR_FILTER,
        className="actions",
        role="group",
        hidden=not state.filter,
        **{"aria-label": "Filter"},
    )


def _button(id, text, title):
    return html.Button(text, id=id, title=title, className="btn btn-sm btn-outline-secondary")


def _icon(id, label, icon, keys):
    return html.Button(
        html.I(className=f"bi bi-{icon}", **{"aria-hidden": "true"}),
        id=id,
        title=f"{label} ({keys.replace('Control', 'Ctrl')})",
        className="btn btn-sm btn-outline-secondary",
        disabled=True,
        **{"aria-label": label, "aria-keyshortcuts": keys},
    )
