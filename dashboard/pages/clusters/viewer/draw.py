"""What the viewer draws: a plotly figure, or what the browser needs to draw many cells itself (assets/6*-cells-*.js)."""

import json
from typing import NamedTuple

import numpy as np

from core import figures
from core.config.dataset_record import DatasetRecord
from core.errors import UserError
from core.store import Missing
from dashboard.pages.clusters.colours import CLUSTERS, colour_of
from dashboard.pages.clusters.viewer import embeddings, filters, routes
from dashboard.pages.clusters.viewer import selection as selections

SCATTERGL_POINTS = 60_000  # in all panels: above it plotly takes seconds to recolour, see bench/README.md
CELLS_3D = 200_000  # more are too many for plotly to turn


class Drawing(NamedTuple):
    """`figure` is plotly's, or None where the browser draws `cells` itself; `notes` are sentences for the page."""

    figure: object
    cells: dict | None
    colour: object  # figures.Colour
    selected: np.ndarray | None  # (cells,) bool, within the filter
    notes: list
    layers: tuple = ()  # a figures.Over of each panel that has one
    shown: np.ndarray | None = None  # (cells,) bool that pass the filter; None without one


def draw(view, run, state):
    """The Drawing of a ViewerState; what cannot be drawn is named in its notes, and the rest is drawn."""
    notes = []
    colour, by = _colour(view, run, state, notes)
    shown, state = _shown(view, run, state, notes)
    selected = _selected(view, run, state, notes)
    notes += figures.remarks(colour)
    n_cells = len(colour.values)
    if state.k == 3 and n_cells > CELLS_3D:
        message = f"3-D plots are limited to {CELLS_3D:,} cells: this dataset has {n_cells:,}."
        figure = figures.empty(message, state.theme)
        return Drawing(figure, None, colour, selected, notes, shown=shown)
    panels = [embeddings.panel(view, run, key, state.k, state.theme) for key in state.panels]
    layers = tuple({panel.key: panel.over for panel in panels if panel.over is not None}.values())
    n_points = n_cells * len(panels) + sum(len(panel.over.points) for panel in panels if panel.over)
    if state.k == 2 and is_large(n_points, state.webgl):
        cells = _cells(view, run, state._replace(by=by), panels, colour, selected)
        return Drawing(None, cells, colour, selected, notes, layers, shown)
    names = range(n_cells)  # above this many points the tooltip shows numbers
    if n_cells * len(panels) <= figures.NAMES_UP_TO:
        names = np.char.decode(view.datasets.folder(run["dataset"]).cells(), "utf-8")
    figure = figures.panels(
        panels,
        colour,
        names,
        state.theme,
        columns=1 if len(panels) == 1 else 2,
        selected=np.flatnonzero(selected) if selected is not None else None,
        linked=state.linked,
        webgl=state.webgl,
        filtered=None if shown is None else figures.Filtered(shown, state.outside == filters.HIDDEN),
    )
    figure.update_layout(
        showlegend=False,  # the page has its own legend, for plots of every size; a saved figure has plotly's
        dragmode=state.tool,
        selectionrevision=json.dumps(state.selection),  # cells are dimmed by us, not from plotly's memory
    )
    for annotation in figure.layout.annotations:
        if (annotation.name or "").startswith("title"):
            annotation.visible = False  # the page has a picker there; a saved figure has the title
    if colour.categories is None:
        figure.update_layout(coloraxis_showscale=False)
    return Drawing(figure, None, colour, selected, notes, layers, shown)


def is_large(n_points, webgl=True):
    """Whether these are too many points in all panels for plotly."""
    return n_points > (SCATTERGL_POINTS if webgl else figures.POINTS_WITHOUT_WEBGL)


def initial_cells(view, run, state):
    """What the browser draws itself as soon as the page is there, before Dash's first callback; None where plotly draws."""
    n_cells = DatasetRecord.of(view.datasets.one(run["dataset"])).cells
    if state.k != 2 or not is_large(n_cells * len(state.panels)):
        return None
    return draw(view, run, state).cells


def _colour(view, run, state, notes):
    """(Colour, its choice); the clusters, with a note, where the choice names nothing."""
    try:
        return colour_of(view, run, state.by, state.resolution), state.by
    except Missing:
        raise
    except UserError as error:
        notes.append(f"{error} The clusters are shown instead.")
        return colour_of(view, run, CLUSTERS, state.resolution), CLUSTERS


def _shown(view, run, state, notes):
    """(cells that pass the filter, the ViewerState); without a filter, and a note, where it cannot be applied."""
    try:
        shown = filters.cells(view, run, state.filter)
    except Missing:
        raise
    except UserError as error:
        notes.append(f"{error} All cells are shown.")
        return None, state._replace(filter=())
    if shown is not None and not shown.any():
        notes.append("No cell passes the filter.")
    return shown, state


def _selected(view, run, state, notes):
    """(cells,) bool of the selection within the filter, or None without one; a note where it contains no cell."""
    try:
        selected = selections.cells(view, run, filters.within(state.selection, state.filter))
    except Missing:
        raise
    except UserError as error:
        notes.append(str(error))
        return None
    if selected is not None and not selected.any():
        notes.append("This selection contains no cells.")
    return selected


def _cells(view, run, state, panels, colour, selected):
    """What the browser's script draws: addresses and labels, no array."""
    text = None
    if selected is not None and selected.any():
        text = json.dumps(filters.within(state.selection, state.filter))
    records = json.dumps({"all": state.filter}) if state.filter else None
    return {
        "run": run["id"],
        "theme": state.theme,
        "linked": state.linked,
        "tool": state.tool,
        "n": len(colour.values),
        "size": figures.point_size(len(colour.values)),
        "colour": routes.colour_link(run, state.by, state.resolution),
        "name": routes.name_link(run, state.by, state.resolution),
        "title": colour.name,
        "badge": colour.unit,
        "selection": routes.selection_link(run, text) if text else None,
        "filter": routes.selection_link(run, records) if records else None,
        "outside": state.outside,
        "panels": [_panel(view, run, panel) for panel in panels],
    }


def _panel(view, run, panel):
    """What the browser's script draws in one panel; a panel with mapped cells has its own colours and names."""
    record = {name: getattr(panel, name) for name in ("key", "title", "note", "x", "y")}
    record["points"] = routes.points_link(view, run, panel.key) if panel.points is not None else None
    if panel.over is not None:
        record["badge"] = f"{panel.over.colour.name}: {panel.over.colour.unit}"
        record["colour"] = routes.layer_link(run, panel.key)
        record["name"] = routes.layer_name_link(run, panel.key)
    return record
