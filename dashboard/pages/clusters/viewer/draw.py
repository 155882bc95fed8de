"""What the viewer draws: a plotly figure, or what the browser needs to draw many cells itself (assets/6*-cells-*.js)."""

import json
from typing import NamedTuple

import numpy as np

from core import figures
from core.config.dataset_record import DatasetRecord
from core.errors import UserError
from core.store import Missing
from dashboard.pages.clusters.viewer import embeddings, filters, maps, routes
from dashboard.pages.clusters.viewer import selection as selections

SCATTERGL_POINTS = 10_000  # in all panels: above it plotly is the slower one, see bench/README.md
CELLS_3D = 200_000  # more are too many for plotly to turn


class Drawing(NamedTuple):
    """`figure` is plotly's, or None where the browser draws `cells` itself; `notes` are sentences for the page."""

    figure: object
    cells: dict | None
    maps: maps.Shown
    selected: np.ndarray | None  # (cells,) bool, within the filter
    notes: list
    layers: tuple = ()  # a figures.Over of each panel that has one
    shown: np.ndarray | None = None  # (cells,) bool that pass the filter; None without one

    @property
    def colour(self):
        """The figures.Colour of the first map."""
        return self.maps.first


class Parts(NamedTuple):
    """What a ViewerState shows: the state without a filter that cannot be applied, and what is drawn of it."""

    state: object  # link_state.ViewerState
    maps: maps.Shown
    panels: list  # a figures.Panel of each map
    inside: np.ndarray | None  # (cells,) bool that pass the filter; None without one
    selected: np.ndarray | None  # (cells,) bool, within the filter


def parts(view, run, state, notes, with_panels=True):
    """The Parts of a ViewerState; sentences on what cannot be shown go to `notes`."""
    inside, state = _inside(view, run, state, notes)
    shown = maps.shown(view, run, state, notes, inside)
    selected = _selected(view, run, state, notes)
    panels = _panels(view, run, state, shown) if with_panels else []
    return Parts(state, shown, panels, inside, selected)


def draw(view, run, state):
    """The Drawing of a ViewerState; what cannot be drawn is named in its notes, and the rest is drawn."""
    notes = [*state.notes]
    drawn = parts(view, run, state, notes, with_panels=False)
    state, shown = drawn.state, drawn.maps
    n_cells = len(shown.first.values)
    if state.k == 3 and n_cells > CELLS_3D:
        message = f"3-D plots are limited to {CELLS_3D:,} cells: this dataset has {n_cells:,}."
        figure = figures.empty(message, state.theme)
        return Drawing(figure, None, shown, drawn.selected, notes, shown=drawn.inside)
    panels = _panels(view, run, state, shown)
    layers = tuple({panel.key: panel.over for panel in panels if panel.over is not None}.values())
    n_points = n_cells * len(panels) + sum(len(panel.over.points) for panel in panels if panel.over)
    if state.k == 2 and is_large(n_points, state.webgl):
        cells = _cells(view, run, state, shown, panels, drawn.selected)
        return Drawing(None, cells, shown, drawn.selected, notes, layers, drawn.inside)
    figure = plotly_figure(view, run, drawn._replace(panels=panels))
    return Drawing(figure, None, shown, drawn.selected, notes, layers, drawn.inside)


def is_large(n_points, webgl=True):
    """Whether these are too many points in all panels for plotly."""
    return n_points > (SCATTERGL_POINTS if webgl else figures.POINTS_WITHOUT_WEBGL)


def initial_cells(view, run, state):
    """What the browser draws itself as soon as the page is there, before Dash's first callback; None where plotly draws."""
    n_cells = DatasetRecord.of(view.datasets.one(run["dataset"])).cells
    at_most = maps.MOST_MAPS if state.split else max(len(state.panels), len(maps.choices_shown(state)))
    if state.k != 2 or not is_large(n_cells * at_most):
        return None
    return draw(view, run, state).cells


def _panels(view, run, state, shown):
    """The figures.Panel of each map, with its own Colour and the cells that are coloured."""
    embedded = {one.key: embeddings.panel(view, run, one.key, state.k, state.theme) for one in shown.maps}
    panels = []
    for one in shown.maps:
        panel = embedded[one.key]
        missing = panel.title.removeprefix(
            embeddings.label(view, run, one.key)
        )  # "7 cells without coordinates"
        only = None if one.only is None else np.asarray(shown.split.values) == one.only
        panels.append(panel._replace(title=f"{one.title}{missing}", colour=shown.colours[one.by], only=only))
    return panels


def _inside(view, run, state, notes):
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


def plotly_figure(view, run, drawn):
    """plotly's figure of Parts; its layout's `meta` says what each panel shows, for lassos and for labels that are renamed."""
    state, shown, panels = drawn.state, drawn.maps, drawn.panels
    inside, selected = drawn.inside, drawn.selected
    names = range(len(shown.first.values))  # above this many points the tooltip shows numbers
    if len(names) * len(panels) <= figures.NAMES_UP_TO:
        names = np.char.decode(view.datasets.folder(run["dataset"]).cells(), "utf-8")
    figure = figures.panels(
        panels,
        shown.first,
        names,
        state.theme,
        columns=shown.columns,
        selected=np.flatnonzero(selected) if selected is not None else None,
        linked=state.linked,
        webgl=state.webgl,
        filtered=None if inside is None else figures.Filtered(inside, state.outside == filters.HIDDEN),
        labels=state.labels,
    )
    figure.update_layout(
        showlegend=False,  # the page has its own legend, for plots of every size; a saved figure has plotly's
        dragmode=state.tool,
        selectionrevision=json.dumps(state.selection),  # cells are dimmed by us, not from plotly's memory
        meta={
            "shown": [{"key": one.key, "by": one.by, "resolution": state.resolution} for one in shown.maps]
        },
    )
    figure.for_each_coloraxis(lambda axis: axis.update(showscale=False))
    for annotation in figure.layout.annotations:
        if (annotation.name or "").startswith("title"):
            # The page has pickers there; a saved figure has the titles. Small multiples have both.
            annotation.visible = shown.is_small
            annotation.xanchor = "right" if shown.is_small else "left"
    return figure


def _cells(view, run, state, shown, panels, selected):
    """What the browser's script draws: addresses and labels, no array."""
    text = None
    if selected is not None and selected.any():
        text = json.dumps(filters.within(state.selection, state.filter))
    kept = json.dumps({"all": state.filter}) if state.filter else None
    split = shown.split and figures.folded(shown.split)
    records = []
    for one, panel in zip(shown.maps, panels, strict=True):
        record = _panel(view, run, state, one, panel)
        if one.only is not None:
            code = [str(name) for name in split.categories].index(str(shown.split.categories[one.only]))
            record["only"] = {
                "colour": routes.colour_link(view, run, state.split, state.resolution),
                "code": code,
            }
        records.append(record)
    return {
        "run": run["id"],
        "theme": state.theme,
        "linked": state.linked,
        "tool": state.tool,
        "labels": state.labels,
        "small": shown.is_small,
        "n": len(shown.first.values),
        "size": figures.point_size(len(shown.first.values)),
        "colour": routes.colour_link(view, run, shown.maps[0].by, state.resolution, state.clip),
        "selection": routes.selection_link(run, text) if text else None,
        "filter": routes.selection_link(run, kept) if kept else None,
        "outside": state.outside,
        "panels": records,
    }


def _panel(view, run, state, one, panel):
    """What the browser's script draws in one panel; a panel with mapped cells has their colours and names."""
    record = {name: getattr(panel, name) for name in ("key", "title", "note", "x", "y")}
    record["points"] = routes.points_link(view, run, panel.key) if panel.points is not None else None
    record |= {
        "by": one.by,
        "resolution": state.resolution,
        "badge": panel.colour.unit,
        "colour_name": panel.colour.name,
        "colour": routes.colour_link(view, run, one.by, state.resolution, state.clip),
        "name": routes.name_link(run, one.by, state.resolution),
    }
    if panel.over is not None:
        over = panel.over.colour
        record |= {"by": None, "badge": f"{over.name}: {over.unit}", "colour_name": over.name}
        record["colour"] = routes.layer_link(run, panel.key)
        record |= {"own_name": record["name"], "name": routes.layer_name_link(run, panel.key)}
    return record
