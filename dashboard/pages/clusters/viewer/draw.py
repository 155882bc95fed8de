"""What the viewer draws: a plotly figure, or what the page needs to draw many cells itself (assets/6*-cells-*.js)."""

import json
from typing import NamedTuple

import numpy as np

from core import figures
from core.errors import UserError
from core.store import Missing
from dashboard.pages.clusters.colours import CLUSTERS, colour_of
from dashboard.pages.clusters.viewer import embeddings, routes
from dashboard.pages.clusters.viewer import selection as selecting

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
    over: tuple = ()  # a figures.Over of each panel that has one


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
    panels = [embeddings.panel(view, run, key, asked.k, asked.theme) for key in asked.keys]
    over = tuple({panel.key: panel.over for panel in panels if panel.over is not None}.values())
    n_points = n_cells * len(panels) + sum(len(panel.over.points) for panel in panels if panel.over)
    if asked.k == 2 and is_large(n_points, asked.webgl):
        cells = _cells(view, run, asked._replace(by=by), panels, colour, chosen)
        return Drawn(None, cells, colour, chosen, notes, over)
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
    return Drawn(figure, None, colour, chosen, notes, over)


def is_large(n_points, webgl=True):
    """Are these too many points in all panels for plotly?"""
    return n_points > (SCATTERGL_POINTS if webgl else figures.POINTS_WITHOUT_WEBGL)


def early(view, run, state):
    """What a page that shows this State draws itself, so that it begins as soon as it is there; None where plotly draws."""
    n_cells = view.dataset(run["dataset"])["record"]["cells"]
    if state.k != 2 or not is_large(n_cells * len(state.panels)):
        return None
    return draw(view, run, Asked(state.panels, state.by, state.resolution, selection=state.selection)).cells


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
        "n": len(colour.values),
        "size": figures.point_size(len(colour.values)),
        "colour": routes.colour_link(run, asked.by, asked.resolution),
        "name": routes.name_link(run, asked.by, asked.resolution),
        "title": colour.name,
        "badge": colour.words,
        "selection": routes.selection_link(run, text) if text else None,
        "panels": [_told(view, run, panel) for panel in panels],
    }


def _told(view, run, panel):
    """What the page's script draws in one panel; what is its own where further cells lie over its cells."""
    told = {name: getattr(panel, name) for name in ("key", "title", "note", "x", "y")}
    told["points"] = routes.points_link(view, run, panel.key) if panel.points is not None else None
    if panel.over is not None:
        told["badge"] = f"{panel.over.colour.name}: {panel.over.colour.words}"
        told["colour"] = routes.over_link(run, panel.key)
        told["name"] = routes.over_name_link(run, panel.key)
    return told
