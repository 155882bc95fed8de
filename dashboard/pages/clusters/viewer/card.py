"""The maps of the cells: the line of tools, notes, panels with their embeddings, and the legend."""

import json

from dash import dcc, html

from core.config import RESOLUTIONS
from core.figures import GRAPH_CONFIG
from dashboard.components.widgets import BLANK, badge, more, notice, working
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.viewer import (
    colour_controls,
    draw,
    embeddings,
    maps,
    pickers,
    toolbar,
)
from dashboard.pages.clusters.viewer.link_state import MOST

LABEL = "The cells as points: latent space, and PCA, t-SNE and UMAP of the input"


def layout(view, run, state, bar=(), lines=()):
    """The maps; they show a ViewerState. `bar` is on the selected cells, `lines` are notes of one line above the maps."""
    return html.Section(
        [
            toolbar.layout(view, run, state),
            _lines(state, lines),
            html.Div(
                [_maps(view, run, state), _legend(view, run), _selection_bar(bar)],
                className="nuwa-stage nuwa-plot",
            ),
            dcc.Store(id=ids.WEBGL),
            dcc.Store(id=ids.CELLS),
            dcc.Store(id=ids.CELLS_CLICKED),
            dcc.Store(id=ids.SELECTION, data=state.selection),
            dcc.Store(id=ids.LINK),
            dcc.Store(id=ids.RENAME),
            dcc.Store(id=ids.RENAMED),
        ],
        className="nuwa-view",
        **{"aria-label": "Maps"},
    )


def _lines(state, lines):
    """Notes of one line each above the maps."""
    retry = html.Button("Retry", id=ids.PANELS_RETRY, className="btn btn-sm btn-outline-primary", hidden=True)
    stop = html.Button(
        "Cancel", id=ids.PANELS_STOP, className="btn btn-sm btn-outline-secondary", hidden=True
    )
    return html.Div(
        [
            *[notice(note, "warn") for note in state.notes],
            *lines,
            html.Div([working(ids.PANELS_MESSAGE), stop, retry], className="nuwa-line"),
            html.Div(id=ids.CELLS_NOTES, role="status"),
            html.Div(id=ids.RENAME_MESSAGE, role="status"),
        ],
        id=ids.MAP_LINES,
        className="nuwa-lines",
    )


def _selection_bar(bar):
    """What is done with the selected cells: over the maps, or below them in a narrow window (assets/91-workspace.css)."""
    return html.Div(
        bar,
        id=ids.SELECTION_BAR,
        className="nuwa-selection-bar",
        role="region",
        **{"aria-label": "Selected cells and filter"},
    )


def _maps(view, run, state):
    """A plotly graph for thousands of cells and for 3-D, and the host of larger plots, which the browser draws itself.

    The embedding of each panel lies over them.
    """
    initial = draw.initial_cells(view, run, state)
    small = dcc.Graph(
        id=ids.PANELS,
        figure=BLANK,
        config=GRAPH_CONFIG | {"displayModeBar": False},
        responsive=True,
        clear_on_unhover=True,
        style={"height": "100%"},
    )
    large = html.Div(
        id=ids.CELLS_HOST,
        className="nuwa-cells-host",
        role="group",
        **{"aria-label": LABEL} | ({"data-initial": json.dumps(initial)} if initial else {}),
    )
    heads = [_head(view, run, state, index) for index in range(MOST)]
    return html.Div(
        [
            html.Div(small, id=ids.PANELS_BOX, hidden=bool(initial), role="group", **{"aria-label": LABEL}),
            html.Div(large, id=ids.CELLS_BOX, hidden=not initial),
            html.Div(heads, className="nuwa-heads"),
        ],
        id=ids.MAPS,
        className="nuwa-maps",
    )


def _head(view, run, state, index):
    """The embedding and colour of one panel, above it; a hidden panel has a choice for when it is shown."""
    keys = [*state.panels, *(key for key in embeddings.default(view, run) if key not in state.panels)]
    key = state.panels[index] if index < len(state.panels) else keys[index]
    id = ids.panel(index)
    return html.Div(
        [
            html.Label(f"Panel {index + 1}", htmlFor=id, className="visually-hidden"),
            pickers.embedding_picker(view, run, id, key),
            *([colour_controls.panel_colour(view, run, state, index)] if index else []),
        ],
        id=ids.panel_box(index),
        className="nuwa-head",
        hidden=index >= (1 if maps.is_small(state.by, state.split) else len(state.panels)),
    )


def _legend(view, run):
    """The legend, and what the values are of which the maps are made."""
    legend = html.Div(id=ids.LEGEND, className="nuwa-legend", role="group", **{"aria-label": "Legend"})
    mark = badge(view.datasets.one(run["dataset"]))
    marks = [html.Div(mark, className="nuwa-plot-badge")] if mark is not None else []
    return html.Div([legend, *marks], className="nuwa-legend-side")


def reading():
    """How to read the maps, for the panel."""
    return [
        more(
            "How to read the maps",
            html.P(
                "Each point is a cell. The first panel shows the latent space of the autoencoder; the others show the same "
                "cells before training, after preprocessing. Colours are the same in all panels. UMAP and t-SNE keep "
                "neighbouring cells together, but sizes of groups and distances between them mean little: trust the "
                "scores under Quality."
            ),
            html.P(
                "The address of this page contains everything shown here. Bookmark it, or send it to a colleague who may see "
                "this run."
            ),
        ),
    ]


def resolution(state):
    """The field of the resolution of the clusters."""
    return html.Div(
        [
            html.Label("Cluster resolution", htmlFor=ids.RESOLUTION),
            dcc.Slider(
                min=RESOLUTIONS[0],
                max=RESOLUTIONS[-1],
                step=0.2,
                value=state.resolution,
                marks={r if r % 1 else int(r): f"{r:g}" for r in (0.2, 0.6, 1.0, 1.4, 2.0)},
                id=ids.RESOLUTION,
            ),
            html.Div(
                "Leiden on the neighbour graph of the latent space; higher values give more, smaller clusters",
                className="help",
            ),
        ],
        className="nuwa-field nuwa-card",
    )
