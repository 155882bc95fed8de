"""What the viewer draws: a plotly figure, or what assets/60-viewer.js needs to draw many cells by WebGL."""

import json
from typing import NamedTuple

import numpy as np

from core import figures
from core.errors import UserError
from core.store import Missing
from dashboard.painting import CLUSTERS, colour_of
from dashboard.viewer import routes, selecting, spaces

SCATTERGL_POINTS = 60_000  # in all panels: above it plotly takes seconds to recolour, see bench/README.md
CELLS_3D = 200_000  # more are too many for plotly to turn


class Asked(NamedTuple):
    """What is to be seen: the panels' embeddings, what colours the cells, and how."""

    keys: tuple
    by: str
    resolution: float
    k: int = 2
    selection: dict | None = None
    linked: bool = True
    tool: str = "pan"
    theme: str = "light"
    webgl: bool = True


class Drawn(NamedTuple):
    """`figure` is plotly's, or None where `cells` says what the page draws itself; `notes` are sentences."""

    figure: object
    cells: dict | None
    colour: object  # figures.Colour
    chosen: np.ndarray | None  # (cells,) bool
    notes: list


def draw(view, run, asked):
    """The Drawn of what is Asked; what is not there is said in its notes, and the rest is drawn all the same."""
    notes = []
    colour, by = _colour(view, run, asked, notes)
    chosen = _chosen(view, run, asked, notes)
    notes += figures.remarks(colour)
    n_cells = len(colour.values)
    if asked.k == 3 and n_cells > CELLS_3D:
        words = f"Three dimensions are for up to {CELLS_3D:,} cells: this data set has {n_cells:,}."
        return Drawn(figures.empty(words, asked.theme, 360), None, colour, chosen, notes)
    panels = [spaces.panel(view, run, key, asked.k) for key in asked.keys]
    if asked.k == 2 and asked.webgl and is_large(n_cells, len(panels)):
        cells = _cells(view, run, asked._replace(by=by), panels, colour, chosen)
        return Drawn(None, cells, colour, chosen, notes)
    names = range(n_cells)  # above as many points hover has numbers
    if n_cells * len(panels) <= figures.NAMES_UP_TO:
        names = np.char.decode(view.shelf(run["dataset"]).cells(), "utf-8")
    figure = figures.panels(
        panels,
        colour,
        names,
        asked.theme,
        columns=1 if len(panels) == 1 else 2,
        selected=np.flatnonzero(chosen) if chosen is not None else None,
        linked=asked.linked,
        webgl=asked.webgl,
    )
    figure.update_layout(
        showlegend=False,  # the page has a legend of its own, for pictures of every size; a saved figure has plotly's
        dragmode=asked.tool,
        selectionrevision=json.dumps(
            asked.selection
        ),  # the cells are dimmed as we say, not as plotly remembers
    )
    if colour.categories is None:
        figure.update_layout(coloraxis_showscale=False)
    return Drawn(figure, None, colour, chosen, notes)


def is_large(n_cells, n_panels):
    """Are these too many points for plotly?"""
    return n_cells * n_panels > SCATTERGL_POINTS


def early(view, run, state):
    """The addresses of the coordinates that a page which shows this State will ask for, if it draws them itself."""
    n_cells = view.dataset(run["dataset"])["record"]["cells"]
    if state.k != 2 or not is_large(n_cells, len(state.panels)):
        return []
    panels = [spaces.panel(view, run, key) for key in dict.fromkeys(state.panels)]
    return [routes.points_link(view, run, p.key) for p in panels if p.points is not None]


def _colour(view, run, asked, notes):
    """(Colour, its choice), or the clusters where there is no such thing, with the reason."""
    try:
        return colour_of(view, run, asked.by, asked.resolution), asked.by
    except Missing:
        raise
    except UserError as error:
        notes.append(f"{error} The clusters are shown instead.")
        return colour_of(view, run, CLUSTERS, asked.resolution), CLUSTERS


def _chosen(view, run, asked, notes):
    """(cells,) bool of the selection, or None: without one, or where it means no cell."""
    try:
        chosen = selecting.cells(view, run, asked.selection)
    except Missing:
        raise
    except UserError as error:
        notes.append(str(error))
        return None
    if chosen is not None and not chosen.any():
        notes.append("No cell lies in this selection.")
    return chosen


def _cells(view, run, asked, panels, colour, chosen):
    """What the page's own script draws: addresses and words, no array."""
    text = json.dumps(asked.selection) if chosen is not None and chosen.any() else None
    return {
        "run": run["id"],
        "theme": asked.theme,
        "linked": asked.linked,
        "tool": asked.tool,
        "size": figures.point_size(len(colour.values)),
        "colour": routes.colour_link(run, asked.by, asked.resolution, asked.theme),
        "name": routes.name_link(run, asked.by, asked.resolution),
        "title": colour.name,
        "badge": colour.words,
        "selection": routes.selection_link(run, text) if text else None,
        "panels": [
            {
                "key": panel.key,
                "title": panel.title,
                "note": panel.note,
                "x": panel.x,
                "y": panel.y,
                "points": routes.points_link(view, run, panel.key) if panel.points is not None else None,
            }
            for panel in panels
        ],
    }
