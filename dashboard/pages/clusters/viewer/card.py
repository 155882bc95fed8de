"""The card with the plots of the cells: its controls, panels, legend and selection."""

import json

import dash_bootstrap_components as dbc
from dash import dcc, html

from core.config import RESOLUTIONS
from dashboard.components.widgets import card, graph, more, working
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.viewer import draw, embeddings, pickers, selection_form, subset
from dashboard.pages.clusters.viewer.link_state import COUNTS, MOST


def layout(view, run, state):
    """The card; it shows a ViewerState."""
    return card(
        "Latent space and input",
        _colour_controls(view, run, state),
        _panel_controls(view, run, state),
        working(ids.PANELS_MESSAGE),
        html.Div(
            html.Button(
                "Retry", id=ids.PANELS_RETRY, className="btn btn-sm btn-outline-primary", hidden=True
            ),
            className="nuwa-actions",
        ),
        html.Div(id=ids.CELLS_NOTES, role="status"),
        html.Div(
            [
                html.Div(_plots(view, run, state), className="nuwa-cells-pictures"),
                html.Div(id=ids.LEGEND, className="nuwa-legend", role="group", **{"aria-label": "Legend"}),
            ],
            className="nuwa-cells",
        ),
        selection_form.layout(view, run),
        *subset.layout(view),
        more(
            "How to read these plots",
            html.P(
                "Each point is a cell. The first panel shows the latent space of the autoencoder; the others show the same "
                "cells before training, after preprocessing. Colours are the same in all panels. UMAP and t-SNE keep "
                "neighbouring cells together, but sizes of groups and distances between them mean little: trust the "
                "scores below."
            ),
            html.P(
                "The address of this page contains everything shown here. Bookmark it, or send it to a colleague who may see "
                "this run."
            ),
        ),
        dcc.Store(id=ids.WEBGL),
        dcc.Store(id=ids.CELLS),
        dcc.Store(id=ids.CELLS_CLICKED),
        dcc.Store(id=ids.SELECTION, data=state.selection),
    )


def _colour_controls(view, run, state):
    """What colours the cells, and the resolution of the clusters."""
    return html.Div(
        [
            html.Div(
                [
                    html.Label("Colour by", htmlFor=ids.COLOUR),
                    pickers.colour_picker(view, run, ids.COLOUR, state.by),
                    html.Div(
                        "clusters, obs column, gene or protein: type to search; several genes separated by commas "
                        "give their mean",
                        className="help",
                    ),
                ],
                className="nuwa-field wide",
            ),
            html.Div(
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
                className="nuwa-field wide",
            ),
        ],
        className="nuwa-form",
    )


def _panel_controls(view, run, state):
    """Two dimensions or three, how many panels, what dragging does, and the embedding of each panel."""
    linked = html.Div(
        [
            html.Label("Move and zoom together", htmlFor=ids.LINKED),
            dbc.Switch(id=ids.LINKED, value=True, label="panels of the same embedding"),
        ],
        className="nuwa-field",
    )
    general = [
        _radio("Dimensions", ids.DIMENSIONS, {2: "2-D", 3: "3-D"}, state.k),
        _radio("Panels", ids.PANEL_COUNT, {n: str(n) for n in COUNTS}, len(state.panels)),
        _radio("Drag to", ids.TOOL, {"pan": "pan", "lasso": "lasso-select"}, "pan"),
        linked,
    ]
    pickers = [_picker(view, run, state, index) for index in range(MOST)]
    return html.Div(
        [html.Div(fields, className="nuwa-form nuwa-cells-form") for fields in (general, pickers)]
    )


def _radio(label, id, options, value):
    return html.Div(
        [
            html.Label(label, id=f"{id}-label"),
            html.Div(
                dbc.RadioItems(
                    options=[{"label": v, "value": k} for k, v in options.items()],
                    value=value,
                    id=id,
                    inline=True,
                ),
                role="radiogroup",
                **{"aria-labelledby": f"{id}-label"},
            ),
        ],
        className="nuwa-field",
    )


def _picker(view, run, state, index):
    """The embedding of one panel; a hidden panel has a choice for when it is shown."""
    keys = [*state.panels, *(key for key in embeddings.default(view, run) if key not in state.panels)]
    key = state.panels[index] if index < len(state.panels) else keys[index]
    id = ids.panel(index)
    return html.Div(
        [
            html.Label(f"Panel {index + 1}", htmlFor=id),
            pickers.embedding_picker(view, run, id, key),
        ],
        id=ids.panel_box(index),
        className="nuwa-field",
        hidden=index >= len(state.panels),
    )


def _plots(view, run, state):
    """A plotly graph for thousands of cells and for 3-D, and the host of larger plots, which the browser draws itself."""
    label = "The cells as points: latent space, and PCA, t-SNE and UMAP of the input"
    initial = draw.initial_cells(view, run, state)
    large = html.Div(
        html.Div(
            id=ids.CELLS_HOST,
            className="nuwa-cells-host",
            role="group",
            **{"aria-label": label} | ({"data-initial": json.dumps(initial)} if initial else {}),
        ),
        id=ids.CELLS_BOX,
        hidden=not initial,
    )
    return [
        graph(
            ids.PANELS,
            label,
            dataset=view.datasets.one(run["dataset"]),
            plot_id=ids.PANELS_BOX,
            hidden=bool(initial),
            beside=large,
            clear_on_unhover=True,
        ),
        html.Div(
            html.A("Download the data of this plot (CSV)", id=ids.LINK_TABLE, href=""),
            className="nuwa-actions",
        ),
    ]
