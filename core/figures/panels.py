"""Embeddings side by side, coloured alike: one legend, one colour bar, one click for all."""

import math
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from core.figures import raster
from core.figures.colour import Colour, folded, span
from core.figures.theme import template, theme_colours
from core.figures.traces import continuous_traces, escape, group_traces, layered_traces, outside_traces

PANEL_HEIGHT = {1: 440}  # pixels by number of columns; 360 otherwise
NAMES_UP_TO = 120_000  # points in all panels: above it cell names would take more bytes than the coordinates, and hover omits them
LEGEND_LINE = 19  # pixels
SIDE_BAR = {"lenmode": "pixels", "len": 320, "x": 1.01, "y": 1, "yanchor": "top", "ypad": 0}
EYE = {"x": 1.35, "y": 1.35, "z": 0.9}  # lower than plotly's default, and far enough for the axis titles


POINTS_WITHOUT_WEBGL = 40_000  # in all panels, drawn as vectors; above it as an image


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

    Panels of the same `key` show the same embedding. With an Over its own cells are grey.
    """

    title: str
    points: np.ndarray | None
    note: str = ""
    x: str = ""
    y: str = ""
    z: str = ""
    key: str = ""
    over: Over | None = None

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
):
    """One figure with a subplot for each Panel; `cells` are the names that hover shows.

    A point's `customdata` is the cell's index, so a click can be mapped back. `selected` (indices of cells) dims
    the others. `size` is the diameter of a point in pixels, chosen from the number of cells if None. With `linked`,
    panels of the same embedding are moved and zoomed together. For a browser without `webgl` the points are vectors,
    or where they are many an image. `filtered` is a Filtered: cells outside it are grey and small, or not drawn.
    """
    c = theme_colours(theme)
    colour = folded(colour)
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
    paint = group_traces if colour.categories is not None else continuous_traces
    as_image = not webgl and len(cells) * len(panels) > POINTS_WITHOUT_WEBGL
    layout = {"template": template(theme), "annotations": [], "shapes": []}
    traces, listed = [], False  # are the groups in the legend already?
    for i, panel in enumerate(panels):
        unit = colour.unit if panel.over is None else panel.over.colour.unit
        axes = _axes(layout, i, panel, rows, columns, c, unit)
        if panel.points is None or not len(panel.points):
            continue
        first = next((k for k, p in enumerate(panels[:i]) if p.key and p.key == panel.key), None)
        if linked and first is not None and "xaxis" in axes:
            for axis in "xy":
                layout[f"{axis}axis{i + 1}"]["matches"] = f"{axis}{'' if first == 0 else first + 1}"
        if as_image and "xaxis" in axes:
            raster.put(layout, *_greyed(panel, colour, inside, is_hidden), theme, chosen, axes)
            traces += raster.legend(colour, axes, not traces)
            continue
        if panel.over is not None:
            traces += layered_traces(panel, names, size, chosen, theme, axes, inside if is_hidden else None)
            continue
        if inside is not None and not is_hidden:
            traces += outside_traces(panel, names, size, inside, c, axes)
        traces += paint(panel, colour, names, size, chosen, c, axes, not listed, inside)
        listed = True
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
    if colour.categories is None:
        layout["coloraxis"] = _colour_axis(colour, theme, columns)
    else:
        labels = [trace["name"] for trace in traces if trace["showlegend"]]
        layout["legend"], extra = _legend(colour, labels, columns, rows)
        layout["height"] += extra
    if not traces:  # without traces plotly draws default axes
        layout |= {"xaxis": {"visible": False}, "yaxis": {"visible": False}}
    return go.Figure(traces, layout)


def _greyed(panel, colour, inside, is_hidden):
    """(panel, colour) of an image: the cells outside a filter without coordinates, or without a value."""
    if inside is None:
        return panel, colour
    if is_hidden:
        return panel._replace(points=np.where(inside[:, None], panel.points, np.nan)), colour
    missing = -1 if colour.categories is not None else np.nan
    return panel, colour._replace(values=np.where(inside, colour.values, missing))


def panel_height(columns):
    return PANEL_HEIGHT.get(columns, 360)


def point_size(n):
    """Pixels for one of n points: 8 for tens, 4 for thousands, 2 for hundreds of thousands."""
    return float(np.clip(10.7 - 1.75 * math.log10(max(n, 1)), 2, 9))


def _axes(layout, i, panel, rows, columns, c, badge=""):
    """Make the axes or the scene of panel i; gives back the trace fields that put a trace there."""
    row, column = divmod(i, columns)
    gap_x = 0.05 if columns > 1 else 0
    gap_y = min(0.3, 58 / (rows * panel_height(columns))) if rows > 1 else 0
    wide, tall = (1 - gap_x * (columns - 1)) / columns, (1 - gap_y * (rows - 1)) / rows
    x = [column * (wide + gap_x), min(1, column * (wide + gap_x) + wide)]
    y = [max(0, 1 - row * (tall + gap_y) - tall), 1 - row * (tall + gap_y)]
    number = "" if i == 0 else str(i + 1)
    paper = {"xref": "paper", "yref": "paper"}
    title = {"text": escape(panel.title), "yshift": 4, "font": {"size": 13, "weight": 600, "color": c.text}}
    left = {"x": x[0], "y": y[1], "xanchor": "left", "yanchor": "bottom", "name": f"title {i}"}
    layout["annotations"].append({**paper, **left, **title})
    if badge and panel.points is not None:
        right = {"x": x[1], "y": y[0], "xanchor": "right", "yanchor": "top", "yshift": -5}
        right |= {"text": escape(badge), "font": {"size": 11}, "name": f"unit {i}"}
        layout["annotations"].append({**paper, **right})
    if panel.points is None or not len(panel.points):
        middle = {"x": sum(x) / 2, "y": sum(y) / 2, "xanchor": "center", "yanchor": "middle"}
        middle |= {"text": escape(panel.note or "nothing to show"), "name": f"note {i}"}
        layout["annotations"].append({**paper, **middle})
        frame = {"x0": x[0], "x1": x[1], "y0": y[0], "y1": y[1], "line": {"color": c.line, "width": 1}}
        layout["shapes"].append({**paper, **frame, "type": "rect", "layer": "below", "name": f"frame {i}"})
        return {}
    titles = (panel.x, panel.y, panel.z)
    titles = [escape(title or f"{panel.title} {k}") for k, title in enumerate(titles, 1)]
    if panel.is_3d:
        still = {"aspectmode": "cube", "dragmode": "turntable", "camera": {"eye": EYE}}
        scene = {f"{a}axis": {"title": {"text": t}} for a, t in zip("xyz", titles, strict=True)}
        layout[f"scene{number}"] = {**scene, "domain": {"x": x, "y": y}, **still}
        return {"scene": f"scene{number}"}
    quiet = {"showgrid": False, "showticklabels": False, "ticks": "", "showline": True, "mirror": True}
    quiet |= {"linecolor": c.line, "zeroline": False}
    for axis, other, domain, text in (("x", "y", x, titles[0]), ("y", "x", y, titles[1])):
        title = {"text": text, "standoff": 4, "font": {"size": 11}}
        layout[f"{axis}axis{number}"] = {
            **quiet,
            "domain": domain,
            "anchor": f"{other}{number}",
            "title": title,
        }
    return {"xaxis": f"x{number}", "yaxis": f"y{number}"}


def _legend(colour, labels, columns, rows):
    """(legend, pixels it needs): beside wide figures, where it scrolls, below narrow ones, where it wraps."""
    title = {"text": escape(colour.name), "font": {"size": 12, "weight": 600}}
    common = {"title": title, "groupclick": "togglegroup", "traceorder": "normal", "tracegroupgap": 0}
    if columns > 1:
        return {**common, "x": 1.01, "y": 1, "xanchor": "left", "yanchor": "top"}, 0
    entry = 34 + 6.6 * max(map(len, labels), default=0)
    lines = math.ceil(len(labels) / max(1, 640 // entry)) + 1
    below = {"x": 0, "y": -34 / (rows * panel_height(columns)), "xanchor": "left", "yanchor": "top"}
    return {**common, **below, "orientation": "h", "entrywidth": entry - 30}, 14 + LEGEND_LINE * min(
        lines, 14
    )


def _colour_axis(colour, theme, columns):
    """A colour scale over the known values: around zero when there are both signs, and not ruled by rare giants."""
    ends = span(colour.values, theme)
    note = f"<br>{ends.note}" if ends.note else ""
    subtitle = (
        f"<br><span style='font-size:11px'>{escape(colour.unit)}{note}</span>" if colour.unit or note else ""
    )
    bar = {
        "title": {
            "text": f"<b>{escape(colour.name)}</b>{subtitle}",
            "side": "top" if columns == 1 else "right",
        }
    }
    bar |= SIDE_BAR if columns > 1 else {"orientation": "h", "y": -0.06, "yanchor": "top"}
    return {"cmin": ends.low, "cmax": ends.high, "colorscale": ends.scale, "colorbar": bar}
