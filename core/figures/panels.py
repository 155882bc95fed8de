"""Embeddings side by side: coloured alike with one legend for all, or each by a Colour of its own."""

import math
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from core.figures import raster
from core.figures.colour import Colour, folded, n_without_value, no_value_text, sizes
from core.figures.panel_frames import STEP, colour_axis, frame_of, legend_of, panel_height
from core.figures.panel_labels import annotations
from core.figures.theme import template, theme_colours
from core.figures.traces import cell_traces, layered_traces, legend_traces, outside_traces

NAMES_UP_TO = 120_000  # points in all panels: above it cell names would take more bytes than the coordinates, and hover omits them
POINTS_WITHOUT_WEBGL = 40_000  # in all panels, drawn as vectors; above it as an image
WIDE = 760  # pixels of a figure whose width is not known, for the places of labels


class Over(NamedTuple):
    """Cells of another dataset drawn over those of a panel: (n, 2) points, their Colour, names and title."""

    points: np.ndarray
    colour: Colour
    names: np.ndarray
    title: str


class Filtered(NamedTuple):
    """Which cells pass a filter, (cells,) bool, and whether the others are hidden instead of grey."""

    inside: np.ndarray
    hidden: bool = False


class Panel(NamedTuple):
    """One embedding: its title and (cells, 2 or 3) points, or None with a note that says why there are none.

    Panels of the same `key` show the same embedding. With an Over its own cells are grey. `colour` is its own Colour, where
    it has another one than the other panels; with `only` (cells,) bool, all other cells are grey.
    """

    title: str
    points: np.ndarray | None
    note: str = ""
    x: str = ""
    y: str = ""
    z: str = ""
    key: str = ""
    over: Over | None = None
    colour: Colour | None = None
    only: np.ndarray | None = None

    @property
    def is_3d(self):
        return self.points is not None and np.ndim(self.points) == 2 and np.shape(self.points)[1] == 3


def panels(
    panels,
    colour,
    cells,
    theme="light",
    columns=2,
    size=None,
    selected=None,
    linked=False,
    webgl=True,
    filtered=None,
    labels=False,
    pixels=None,
):
    """One figure with a subplot for each Panel; `cells` are the names that hover shows.

    A point's `customdata` is the cell's index, so a click can be mapped back. `selected` (indices of cells) dims
    the others. `size` is the diameter of a point in pixels, chosen from the number of cells if None. With `linked`,
    panels of the same embedding are moved and zoomed together. For a browser without `webgl` the points are vectors,
    or where they are many an image. `filtered` is a Filtered: cells outside it are grey and small, or not drawn. `labels`
    writes the names of categories among their cells, in 2-D, so that none covers another in a figure of `pixels` (wide,
    high) or more.
    """
    columns = max(1, min(columns, len(panels)))
    rows = max(1, math.ceil(len(panels) / columns))
    size = size or point_size(len(cells))
    for panel in panels:
        if panel.points is not None and len(panel.points) != len(cells):
            raise ValueError(f"{panel.title} has {len(panel.points)} points for {len(cells)} cells")
    names = None
    if len(cells) * len(panels) <= NAMES_UP_TO:
        names = np.asarray(cells, dtype=object)
    chosen = None
    if selected is not None and len(selected):
        chosen = np.zeros(len(cells), dtype=bool)
        chosen[np.asarray(selected, dtype=int)] = True

    inside, is_hidden = filtered or (None, False)
    colours = _Colours(panels, colour)
    as_image = not webgl and len(cells) * len(panels) > POINTS_WITHOUT_WEBGL
    layout = {"template": template(theme), "annotations": [], "shapes": []}
    traces, drawn = [], []
    for i, panel in enumerate(panels):
        own, number = colours.of(panel)
        unit = own.unit if panel.over is None else panel.over.colour.unit
        axes = frame_of(layout, i, panel, rows, columns, theme_colours(theme), unit if columns < 3 else "")
        if panel.points is None or not len(panel.points):
            continue
        drawn.append((number, axes))
        first = next((k for k, p in enumerate(panels[:i]) if p.key and p.key == panel.key), None)
        if linked and first is not None and "xaxis" in axes:
            for axis in "xy":
                layout[f"{axis}axis{i + 1}"]["matches"] = f"{axis}{'' if first == 0 else first + 1}"
        if labels and own.categories is not None and panel.over is None and not panel.is_3d:
            frame = _size_of(layout, axes, pixels or (WIDE, rows * panel_height(columns)))
            labelled = panel if inside is None else _greyed(panel, own, inside, False)[0]
            layout["annotations"] += annotations(labelled, panel.colour or colour, i, axes, frame, theme)
        if as_image and "xaxis" in axes:
            raster.put(layout, *_greyed(panel, own, inside, is_hidden), theme, chosen, axes)
            traces += raster.placeholder(own, axes, axis_name(number))
        elif panel.over is not None:
            traces += layered_traces(panel, names, size, chosen, theme, axes, inside if is_hidden else None)
            traces += _entries(folded(panel.over.colour), axes, theme, f"over {i}", panel.over.title)
        else:
            if inside is not None and not is_hidden:
                traces += outside_traces(panel, names, size, inside, theme, axes)
            traces += cell_traces(panel, own, names, size, chosen, theme, axes, axis_name(number), inside)
    for trace in traces if not webgl else ():
        if trace["type"] == "scattergl":
            trace["type"] = "scatter"
    layout |= {
        "height": rows * panel_height(columns) + 40,
        "margin": {"l": 28, "r": 16, "t": 34, "b": 30},
        "hovermode": "closest",
        "dragmode": "pan",
        "uirevision": "panels",
    }
    _explain(layout, traces, colours, drawn, columns, rows, theme, inside)
    if not traces:  # without traces plotly draws default axes
        layout |= {"xaxis": {"visible": False}, "yaxis": {"visible": False}}
    return go.Figure(traces, layout)


def _greyed(panel, colour, inside, is_hidden):
    """(panel, colour) of an image: the cells outside a filter without coordinates, or grey."""
    if inside is None:
        return panel, colour
    if is_hidden:
        return panel._replace(points=np.where(inside[:, None], panel.points, np.nan)), colour
    return panel._replace(only=inside if panel.only is None else inside & panel.only), colour


def _domains_of(layout, axes):
    """([left, right], [bottom, top]) of the panel of a trace's axes, as shares of the figure."""
    if "scene" in axes:
        domain = layout[axes["scene"]]["domain"]
        return domain["x"], domain["y"]
    return tuple(layout[f"{axes[name][0]}axis{axes[name][1:]}"]["domain"] for name in ("xaxis", "yaxis"))


def _size_of(layout, axes, pixels):
    """(wide, high) of a panel in pixels, where the figure has `pixels`."""
    return np.array(
        [(end - start) * n for (start, end), n in zip(_domains_of(layout, axes), pixels, strict=True)]
    )


def axis_name(number):
    """The name of the colour axis of the distinct Colour of a number, from 0."""
    return "coloraxis" if not number else f"coloraxis{number + 1}"


def point_size(n):
    """Pixels for one of n points: 8 for tens, 4 for thousands, 2 for hundreds of thousands."""
    return float(np.clip(10.7 - 1.75 * math.log10(max(n, 1)), 2, 9))


class _Colours:
    """The distinct Colours of panels, folded, in the order of the panels; `colour` is that of panels without their own."""

    def __init__(self, panels, colour):
        given = [panel.colour or colour for panel in panels if panel.over is None] or [colour]
        self.numbers = {}
        for one in given:
            self.numbers.setdefault(id(one), len(self.numbers))
        self.common, self.all = colour, [folded(one) for one in {id(one): one for one in given}.values()]

    def of(self, panel):
        """(the folded Colour of a panel, its number)."""
        number = self.numbers.get(id(panel.colour or self.common), 0)
        return self.all[number], number


def _explain(layout, traces, colours, drawn, columns, rows, theme, inside):
    """Add the legend and the colour bars: one for all panels, or one below another for each distinct Colour."""
    several = len(colours.all) > 1
    n_bars, entries = 0, []
    for number, colour in enumerate(colours.all):
        axes = next((axes for k, axes in drawn if k == number), None)
        if colour.categories is None:
            layout[axis_name(number)] = colour_axis(colour, theme, columns, n_bars if several else None)
            n_bars += 1
        if axes is not None:
            shown = colour if inside is None else colour._replace(values=np.asarray(colour.values)[inside])
            entries += _entries(shown, axes, theme, str(number), colour.name if several else None)
    traces += entries
    categorical = [one for one in colours.all if one.categories is not None]
    labels = [trace["name"] for trace in traces if trace["showlegend"]]
    if categorical:
        layout["legend"], extra = legend_of("" if several else categorical[0].name, labels, columns, rows)
        layout["height"] += extra
        if several and n_bars and columns > 1:
            layout["legend"]["y"] = 1 - STEP * (n_bars + 0.4)


def _entries(colour, axes, theme, group, title):
    """The traces of the legend for a Colour: its categories that have cells, and the cells without a value."""
    entries, n_without = [], n_without_value(colour)
    if colour.categories is not None:
        categories = zip(colour.categories, colour.palette(), sizes(colour), strict=True)
        entries = [(name, paint) for name, paint, n in categories if n]
    if n_without:
        entries.append((no_value_text(n_without), theme_colours(theme).missing))
    return legend_traces(entries, axes, group, title)
