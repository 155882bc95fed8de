"""The frame of the Clusters page: maps at the left, always in sight, and a panel with tabs at the right.

assets/70-workspace.js resizes and folds the panel, and keeps its width in the browser; assets/91-workspace.css places all.
"""

from dash import html

from dashboard.pages.clusters import ids


def layout(maps, panel):
    """The maps, the line that resizes the panel, and the panel."""
    side = html.Aside(panel, id=ids.PANEL, className="nuwa-panel", **{"aria-label": "Panel"})
    return html.Div([maps, _splitter(), _unfold(), side], id=ids.WORKSPACE, className="nuwa-workspace")


def _splitter():
    """The line between maps and panel; the script sets its value, a width in pixels."""
    return html.Div(
        id=ids.SPLITTER,
        className="nuwa-splitter",
        role="separator",
        tabIndex=0,
        title="Drag to resize the panel. Double-click resets its width.",
        **{"aria-orientation": "vertical", "aria-controls": ids.PANEL, "aria-label": "Width of the panel"},
    )


def _unfold():
    return html.Button(
        [
            html.I(className="bi bi-layout-sidebar-reverse"),
            html.Span("Open panel", className="visually-hidden"),
        ],
        id=ids.UNFOLD,
        className="nuwa-unfold",
        title="Open panel",
        **{"aria-controls": ids.PANEL, "aria-expanded": "false"},
    )


def buttons():
    """The buttons that widen and close the panel."""
    return html.Div(
        [
            _button(ids.WIDEN, "bi-arrows-angle-expand", "Widen or narrow panel"),
            _button(ids.FOLD, "bi-x-lg", "Close panel", **{"aria-expanded": "true"}),
        ],
        className="nuwa-panel-buttons",
    )


def _button(id, icon, label, **attributes):
    return html.Button(
        [html.I(className=f"bi {icon}"), html.Span(label, className="visually-hidden")],
        id=id,
        className="nuwa-tool",
        title=label,
        **{"aria-controls": ids.PANEL} | attributes,
    )
