"""The line of tools above the maps: a list of groups, each a labelled group of buttons or a field."""

import dash_bootstrap_components as dbc
from dash import html

from dashboard import ids as shared
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.viewer import pickers
from dashboard.pages.clusters.viewer.link_state import COUNTS
from dashboard.pages.clusters.viewer.maps import is_small

TIP = {"show": 400, "hide": 0}  # milliseconds


def layout(view, run, state):
    """The tools; they show a ViewerState."""
    groups = [
        _colour(view, run, state),
        _looks(state),
        html.Div(
            choice(
                "Panels", ids.PANEL_COUNT, {n: str(n) for n in COUNTS}, len(state.panels), show_label=True
            ),
            id=ids.PANEL_COUNT_BOX,
            hidden=is_small(state.by, state.split),
        ),
        choice("Dimensions", ids.DIMENSIONS, {2: "2-D", 3: "3-D"}, state.k),
        _drag(),
        html.Div(
            [
                switch(
                    ids.LINKED, "bi-link-45deg", "Move and zoom panels of the same embedding together", True
                ),
                button("bi-arrows-fullscreen", "Show all cells", className="nuwa-show-all"),
            ],
            className="nuwa-tool-group",
        ),
        html.Div([_save(), _copy()], className="nuwa-tool-group end"),
    ]
    return html.Div(groups, className="nuwa-toolbar", role="group", **{"aria-label": "Tools of the maps"})


def _colour(view, run, state):
    return html.Div(
        [
            html.Label("Colour by", id=ids.COLOUR_LABEL, htmlFor=ids.COLOUR),
            pickers.colour_picker(view, run, ids.COLOUR, state.by),
        ],
        className="nuwa-tool-field",
        title="Clusters, obs column, gene or protein: type to search. Several names separated by commas give a map "
        "each, or the mean of the genes.",
    )


def _looks(state):
    """One colour for all panels or one for each, and names among the cells."""
    small = is_small(state.by, state.split)
    alike = switch(ids.COLOURS_LINKED, "bi-palette", "The same colour in all panels", not state.colours)
    return html.Div(
        [
            html.Div(alike, id=ids.COLOURS_LINKED_BOX, hidden=small),
            switch(ids.LABELS, "bi-tags", "Write the names of categories among their cells", state.labels),
        ],
        className="nuwa-tool-group",
    )


def _drag():
    """What dragging in a map does."""
    icons = {"pan": icon("bi-arrows-move", "pan"), "lasso": icon("bi-bounding-box-circles", "lasso-select")}
    tips = {"pan": "Drag to move the map", "lasso": "Drag around cells to select them"}
    return choice("Drag to", ids.TOOL, icons, "pan", tips=tips)


def icon(name, label):
    """An icon with its name for screen readers."""
    return html.Span([html.I(className=f"bi {name}"), html.Span(label, className="visually-hidden")])


def choice(label, id, options, value, show_label=False, tips=None):
    """One of a few options as buttons side by side: {value: text or icon}; `tips` has a sentence for each icon."""
    name = html.Span(
        label, id=f"{id}-label", className="nuwa-tool-label" if show_label else "visually-hidden"
    )
    radio = dbc.RadioItems(
        options=[{"label": text, "value": key, "input_id": f"{id}-{key}"} for key, text in options.items()],
        value=value,
        id=id,
        inline=True,
    )
    return html.Div(
        [
            name,
            html.Div(radio, role="radiogroup", **{"aria-labelledby": f"{id}-label"}),
            *[dbc.Tooltip(tip, target=f"{id}-{key}", delay=TIP) for key, tip in (tips or {}).items()],
        ],
        className="nuwa-tool-group nuwa-segments",
    )


def switch(id, symbol, label, value):
    """A button that is on or off."""
    return html.Div(
        [
            dbc.Checkbox(id=id, value=value, label=icon(symbol, label), class_name="nuwa-toggle"),
            dbc.Tooltip(label, target=id, delay=TIP),
        ]
    )


def button(symbol, label, className="", **attributes):
    """A button with an icon."""
    return html.Button(
        icon(symbol, label), className=f"nuwa-tool {className}".strip(), title=label, **attributes
    )


def _save():
    """The files of what the maps show."""
    figures = [
        html.Button(
            f"Figure as {form.upper()}",
            id=shared.save(ids.PANELS, form),
            className="dropdown-item nuwa-save",
            **{"data-graph": ids.PANELS, "data-form": form},
        )
        for form in ("svg", "png")
    ]
    pages = [
        html.A(f"Maps as {form}", id=id, href="", className="dropdown-item", title=title)
        for form, id, title in (
            ("PDF", ids.LINK_PDF, "All cells of the maps, for paper: labels and legend are text"),
            ("HTML", ids.LINK_MAPS, "All cells of the maps, as a page that opens without Nuwa"),
        )
    ]
    table = html.A("Data of the maps (CSV)", id=ids.LINK_TABLE, href="", className="dropdown-item")
    return dbc.DropdownMenu(
        [*figures, *pages, table],
        label=icon("bi-download", "Save"),
        color="link",
        toggle_class_name="nuwa-tool",
        align_end=True,
    )


def _copy():
    """The address contains everything shown; the button says for a moment that it is copied."""
    return button("bi-link", "Copy link to this view", className="nuwa-copy-link")
