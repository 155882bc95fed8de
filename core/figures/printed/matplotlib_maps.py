"""Maps of cells drawn by matplotlib: axes, labels and legends as vectors, cells as dots. Pure: data to a matplotlib Figure."""

import math

import numpy as np

from core.figures.colour import folded, has_value, n_without_value, no_value_text
from core.figures.drawing_order import drawing_order
from core.figures.labels import free_places, text_size
from core.figures.panel_labels import named_medians
from core.figures.panels import point_size
from core.figures.theme import theme_colours
from core.figures.traces import SMALL
from core.text import short

POINT = 0.75  # points of print for a pixel of CSS
LABEL = 7  # points of a name among cells
OPACITY, DIMMED, OUTSIDE = (
    0.85,
    0.12,
    0.45,
)  # of a cell, of one that is not selected, of one outside the filter
LINE = 0.15  # inches of a line of the legend


def maps_of(figure, panels, colour, columns, named=False, filtered=None, selected=None):
    """Panels (core.figures.Panel) beside one another; each has its own Colour or `colour`. Their points are dots.

    `named` writes each group's name among its cells. `filtered` is a core.figures.Filtered; `selected`, (cells,) bool,
    dims all other cells.
    """
    rows = math.ceil(len(panels) / columns)
    grid = [
        figure.add_subplot(rows, columns, i + 1, projection="3d" if panel.is_3d else None)
        for i, panel in enumerate(panels)
    ]
    drawn = _Cells(filtered, selected, columns, max((len(_points(panel)) for panel in panels), default=0))
    for axes, panel in zip(grid, panels, strict=True):
        axes.set_title(panel.title, loc="left", wrap=True)
        _draw(axes, panel, panel.colour or colour, drawn)
    _explain(figure, grid, panels, colour, drawn.inside)
    for axes, panel in zip(grid, panels, strict=True) if named else ():
        own = panel.colour or colour
        if own.categories is not None and panel.over is None and panel.points is not None and not panel.is_3d:
            _write_labels(figure, axes, drawn.greyed(panel), own)


def shown(figure, maps):
    """What the Clusters page shows, core.figures.maps_file.Maps, with its badge below."""
    columns = max(1, min(maps.columns, len(maps.panels)))
    maps_of(figure, maps.panels, maps.colour, columns, maps.labels, maps.filtered, maps.selected)
    if maps.badge:
        figure.text(0.995, 0.005, maps.badge, ha="right", va="bottom", fontsize=6)


class _Cells:
    """How the cells of all panels are drawn: which are in colour, grey or hidden, and their size."""

    def __init__(self, filtered, selected, columns, n):
        self.inside, self.hidden = filtered or (None, False)
        self.selected = selected if selected is not None and np.any(selected) else None
        self.side = point_size(n) * POINT / max(1, math.sqrt(columns))

    def greyed(self, panel):
        """The Panel whose cells outside the filter are grey."""
        if self.inside is None:
            return panel
        return panel._replace(only=self.inside if panel.only is None else self.inside & panel.only)

    def opacities(self, n):
        """(n,) float: of each of the run's cells."""
        return np.full(n, OPACITY) if self.selected is None else np.where(self.selected, OPACITY, DIMMED)


def _points(panel):
    return () if panel.points is None else panel.points


def _draw(axes, panel, colour, drawn):
    c = theme_colours("light")
    axes.set(
        xticks=[], yticks=[], xlabel=panel.x, ylabel=panel.y, **({"zlabel": panel.z} if panel.is_3d else {})
    )
    if panel.is_3d:
        axes.set_zticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, color=c.line)
    if panel.points is None:
        axes.text(0.5, 0.5, panel.note, ha="center", wrap=True, color=c.quiet, transform=axes.transAxes)
        return
    points = np.asarray(panel.points, dtype=np.float32)
    opacities, sides = drawn.opacities(len(points)), np.full(len(points), drawn.side)
    if panel.over is not None:
        order, paint = np.arange(len(points)), np.tile(_rgba([c.missing]), (len(points), 1))
    else:
        order, paint = drawing_order(colour), _paints(colour, c)
        if panel.only is not None:
            paint[~np.asarray(panel.only)] = _rgba([c.missing])
    if drawn.inside is not None:
        outside = ~drawn.inside
        paint[outside], opacities[outside], sides[outside] = _rgba([c.missing]), OUTSIDE, SMALL * drawn.side
        order = order[np.argsort(drawn.inside[order], kind="stable")]  # beneath the others
        order = order[drawn.inside[order]] if drawn.hidden else order
    paint[:, 3] = opacities
    _scatter(axes, points[order], sides[order], paint[order])
    if panel.over is not None:
        over, order = panel.over, drawing_order(panel.over.colour)
        paint = _paints(over.colour, c)
        paint[:, 3] = OPACITY
        _scatter(axes, np.asarray(over.points)[order], np.full(len(order), drawn.side), paint[order])


def _scatter(axes, points, sides, paint):
    axes.scatter(*points.T, s=sides**2, c=paint, linewidths=0, rasterized=True)


def _explain(figure, grid, panels, common, inside):
    """The colour scale or legend of each distinct Colour: one for all panels, or with the numbers of its panels."""
    several = {}
    for i, panel in enumerate(panels):
        if panel.points is None:
            continue
        own = panel.over.colour if panel.over is not None else panel.colour or common
        several.setdefault(id(own), (own, []))[1].append(i)
    entries = []
    for colour, places in several.values():
        if inside is not None and len(inside) == len(colour.values):
            shown = colour._replace(values=np.asarray(colour.values)[inside])
        else:
            shown = colour
        alone = len(several) == 1
        if colour.categories is None:
            _bar(figure, grid if alone else [grid[i] for i in places], colour, shown)
            continue
        where = (
            f", map {', '.join(str(i + 1) for i in places)}"
            if not alone and len(places) < len(panels)
            else ""
        )
        entries.append((f"{colour.name}{where}", _categories(folded(colour), shown)))
    if entries:
        _legend(figure, entries)


def _write_labels(figure, axes, panel, colour):
    """The name of each group among its cells, none over another, with a line where it was moved."""
    c = theme_colours("light")
    written = sorted(named_medians(panel, colour), key=lambda label: -label.n)
    figure.draw_without_rendering()  # lays out the axes
    to_data, frame = axes.transData.inverted(), axes.get_window_extent()
    point = figure.dpi / 72
    sizes = [text_size(label.name, LABEL * point) for label in written]
    centres = (
        axes.transData.transform([(label.x, label.y) for label in written]) - frame.p0 if written else []
    )
    at = free_places(centres, sizes, (frame.width, frame.height))
    for label, centre, place in zip(written, centres, at, strict=True):
        if np.isnan(place[0]):
            continue
        far = np.abs(place - centre).max() > LABEL * point
        box = {"facecolor": "white", "alpha": 0.65, "linewidth": 0, "pad": 1}
        line = {"arrowstyle": "-", "color": c.quiet, "linewidth": 0.5} if far else None
        text = {"ha": "center", "va": "center", "fontsize": LABEL, "color": c.text}
        x_y = to_data.transform(place + frame.p0)
        axes.annotate(label.name, (label.x, label.y), xytext=x_y, arrowprops=line, bbox=box, **text)


def _rgba(colours):
    from matplotlib.colors import to_rgba_array

    return to_rgba_array(colours)


def _paints(colour, c):
    """(cells, 4) float: the colour of each cell."""
    colour, known = folded(colour), has_value(colour)
    paint = np.tile(_rgba([c.missing]), (len(known), 1))
    if colour.categories is None:
        ends, values = colour.span(), np.asarray(colour.values, dtype=float)[known]
        share = np.clip((values - ends.low) / (ends.high - ends.low), 0, 1)
        paint[known] = _scale(ends.scale)(share)
    else:
        paint[known] = _rgba(colour.palette())[np.asarray(colour.values)[known]]
    return paint


def _scale(scale):
    """A scale of figures.colour as a matplotlib colour map."""
    import matplotlib
    from matplotlib.colors import LinearSegmentedColormap

    if isinstance(scale, str):
        return matplotlib.colormaps[scale.lower()]
    return LinearSegmentedColormap.from_list("nuwa", [(at, paint) for at, paint in scale])


def _bar(figure, axes, colour, shown):
    """The colour scale of numbers beside its axes; `shown` is the Colour of the cells that pass the filter."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    ends, n_without = colour.span(), n_without_value(shown)
    scale = ScalarMappable(Normalize(ends.low, ends.high), _scale(ends.scale))
    grey = f"grey: {no_value_text(n_without)}" if n_without else ""
    label = "\n".join(filter(None, (colour.name, colour.unit, ends.note, grey)))
    figure.colorbar(scale, ax=axes, label=label)


def _categories(colour, shown):
    """[(name, '#rrggbb')] of the categories of a folded Colour that have cells, and of cells without a value.

    `shown` is the same Colour of the cells that pass the filter, not folded.
    """
    codes = np.asarray(colour.values)[has_value(colour)]
    n = np.bincount(codes, minlength=len(colour.categories))
    entries = [(name, css) for name, css, k in zip(colour.categories, colour.palette(), n, strict=True) if k]
    n_without = n_without_value(shown)
    return entries + ([(no_value_text(n_without), theme_colours("light").missing)] if n_without else [])


def _legend(figure, parts):
    """A dot and a name a category in as many columns as fit beside the panels; `parts` are (title, entries)."""
    from matplotlib.lines import Line2D

    handles, names = [], []
    for title, entries in parts:
        if len(parts) > 1:
            handles.append(Line2D([], [], linestyle=""))
            names.append(short(title))
        handles += [Line2D([], [], marker="o", linestyle="", ms=4, mec="none", mfc=css) for _, css in entries]
        names += [short(str(name)) for name, _ in entries]
    lines = max(4, int(figure.get_size_inches()[1] / LINE) - 2)
    title = short(parts[0][0]) if len(parts) == 1 else None
    legend = figure.legend(
        handles, names, title=title, loc="outside right upper", ncols=math.ceil(len(names) / lines)
    )
    titles = {short(title) for title, _ in parts}
    for handle, text in zip(handles, legend.get_texts(), strict=True):
        if handle.get_marker() in ("None", None, "") and text.get_text() in titles:
            text.set_fontweight("bold")
