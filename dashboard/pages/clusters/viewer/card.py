"""The card with the pictures of the cells: its controls, panels, legend and selection."""

import json

import dash_bootstrap_components as dbc
from dash import dcc, html

from core.config import RESOLUTIONS
from dashboard.components.widgets import card, graph, more, working
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.colours import CLUSTERS, colour_options
from dashboard.pages.clusters.viewer import draw, embeddings, subset
from dashboard.pages.clusters.viewer.link_state import COUNTS, MOST


def viewer_card(view, run, state):
    """The card, showing what a State asks for."""
    return card(
        "The latent space beside the input",
        _colours(view, run, state),
        _panels(view, run, state),
        working(ids.PANELS_WORDS),
        html.Div(
            html.Button(
                "Draw it again", id=ids.PANELS_AGAIN, className="btn btn-sm btn-outline-primary", hidden=True
            ),
            className="nuwa-actions",
        ),
        html.Div(id=ids.CELLS_NOTES, role="status"),
        html.Div(
            [
                html.Div(_pictures(view, run, state), className="nuwa-cells-pictures"),
                html.Div(id=ids.LEGEND, className="nuwa-legend", role="group", **{"aria-label": "Legend"}),
            ],
            className="nuwa-cells",
        ),
        _selecting(view, run),
        *subset.parts(view),
        more(
            "How to read these maps",
            html.P(
                "Each point is a cell. The first panel is the autoencoder's latent space, the others show the same "
                "cells as they went in, after preprocessing; the colours are the same everywhere. UMAP and t-SNE keep "
                "near cells near, but distances between groups and their sizes mean little: trust the scores below."
            ),
            html.P(
                "The address of this page holds what it shows: send it to somebody who may see this run, or keep it."
            ),
        ),
        dcc.Store(id=ids.WEBGL),
        dcc.Store(id=ids.CELLS),
        dcc.Store(id=ids.CELLS_CLICKED),
        dcc.Store(id=ids.SELECTION, data=state.selection),
    )


def _colours(view, run, state):
    """What colours the cells, how fine the clusters are, two dimensions or three."""
    return html.Div(
        [
            html.Div(
                [
                    html.Label("Colour by", htmlFor=ids.COLOUR),
                    dcc.Dropdown(
                        colour_options(view, run, "", state.by),
                        state.by,
                        id=ids.COLOUR,
                        clearable=False,
                        optionHeight=30,
                    ),
                    html.Div(
                        "clusters, an obs column, a gene or a protein: type to search; genes with commas between "
                        "them give their mean",
                        className="help",
                    ),
                ],
                className="nuwa-field wide",
            ),
            html.Div(
                [
                    html.Label("Resolution of the clusters", htmlFor=ids.RESOLUTION),
                    dcc.Slider(
                        min=RESOLUTIONS[0],
                        max=RESOLUTIONS[-1],
                        step=0.2,
                        value=state.resolution,
                        marks={r if r % 1 else int(r): f"{r:g}" for r in (0.2, 0.6, 1.0, 1.4, 2.0)},
                        id=ids.RESOLUTION,
                    ),
                    html.Div(
                        "Leiden on the latent's neighbours; higher means more, smaller clusters",
                        className="help",
                    ),
                ],
                className="nuwa-field wide",
            ),
        ],
        className="nuwa-form",
    )


def _panels(view, run, state):
    """How many panels, what the mouse does, and the embedding of each panel."""
    together = html.Div(
        [
            html.Label("Move and zoom together", htmlFor=ids.LINKED),
            dbc.Switch(id=ids.LINKED, value=True, label="panels of the same embedding"),
        ],
        className="nuwa-field",
    )
    how = [
        _radio("View", ids.DIMENSIONS, {2: "2-D", 3: "3-D"}, state.k),
        _radio("Panels", ids.PANEL_COUNT, {n: str(n) for n in COUNTS}, len(state.panels)),
        _radio("Dragging", ids.TOOL, {"pan": "moves", "lasso": "selects (lasso)"}, "pan"),
        together,
    ]
    pickers = [_picker(view, run, state, place) for place in range(MOST)]
    return html.Div([html.Div(fields, className="nuwa-form nuwa-cells-form") for fields in (how, pickers)])


def _radio(words, id, options, value):
    return html.Div(
        [
            html.Label(words, id=f"{id}-label"),
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


def _picker(view, run, state, place):
    """The embedding of one panel; those that are not shown keep a choice for when they are."""
    known = [*state.panels, *(key for key in embeddings.default(view, run) if key not in state.panels)]
    key = state.panels[place] if place < len(state.panels) else known[place]
    id = ids.panel(place)
    return html.Div(
        [
            html.Label(f"Panel {place + 1}", htmlFor=id),
            dcc.Dropdown(
                embeddings.options(view, run, "", key), key, id=id, clearable=False, optionHeight=30
            ),
        ],
        id=ids.panel_box(place),
        className="nuwa-field",
        hidden=place >= len(state.panels),
    )


def _pictures(view, run, state):
    """A plotly graph for thousands of cells and for three dimensions, and beside it the place of larger pictures."""
    words = "The cells as points: latent space, and PCA, t-SNE and UMAP of the input"
    early = draw.early(view, run, state)
    many = html.Div(
        html.Div(
            id=ids.CELLS_HOST,
            className="nuwa-cells-host",
            role="group",
            **{"aria-label": words} | ({"data-early": json.dumps(early)} if early else {}),
        ),
        id=ids.CELLS_SHOWN,
        hidden=not early,
    )
    return [
        graph(
            ids.PANELS,
            words,
            dataset=view.dataset(run["dataset"]),
            shown=ids.PANELS_SHOWN,
            hidden=bool(early),
            beside=many,
            clear_on_unhover=True,
        ),
        html.Div(
            html.A("The table behind this plot (CSV)", id=ids.LINK_TABLE, href=""),
            className="nuwa-actions",
        ),
    ]


def _selecting(view, run):
    """Cells chosen without a mouse, and what is selected now."""
    return html.Div(
        [
            html.Div(id=ids.SELECTED, role="status", className="nuwa-selected"),
            html.Div(
                [
                    html.Div(
                        [
                            html.Label("Select cells by", htmlFor=ids.SELECT_BY),
                            dcc.Dropdown(
                                colour_options(view, run, "", CLUSTERS),
                                CLUSTERS,
                                id=ids.SELECT_BY,
                                clearable=False,
                                optionHeight=30,
                            ),
                        ],
                        className="nuwa-field",
                    ),
                    html.Div(
                        [
                            html.Label("which is", htmlFor=ids.SELECT_IS),
                            dcc.Dropdown([], [], id=ids.SELECT_IS, multi=True, placeholder="one or more"),
                        ],
                        id=ids.SELECT_NAMES,
                        className="nuwa-field",
                    ),
                    html.Div(
                        [
                            html.Label(
                                ["at least", dbc.Input(id=ids.SELECT_FROM, type="number", step="any")],
                            ),
                            html.Label(
                                ["at most", dbc.Input(id=ids.SELECT_TO, type="number", step="any")],
                            ),
                        ],
                        id=ids.SELECT_NUMBERS,
                        className="nuwa-range",
                        hidden=True,
                    ),
                    html.Div(
                        [
                            html.Button("Select", id=ids.SELECT_GO, className="btn btn-outline-primary"),
                            html.Button(
                                "Clear the selection",
                                id=ids.SELECT_CLEAR,
                                className="btn btn-outline-secondary",
                            ),
                        ],
                        className="nuwa-actions",
                    ),
                ],
                className="nuwa-form",
            ),
        ],
        className="nuwa-selecting",
    )
