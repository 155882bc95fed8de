"""The traces of one embedding panel: all cells with a value, and beneath them those without one and other cells in grey.

They are plain dicts, which plotly checks once, as the figure is made; trace objects it would check and copy again.
"""

import numpy as np

from core.figures.colour import NO_VALUE, has_value
from core.figures.drawing_order import drawing_order
from core.figures.theme import theme_colours
from core.text import short

OTHER_CELLS = "other cells"  # than those that a panel shows
OUTSIDE = "outside the filter"
SMALL = 0.6  # diameter of a cell outside the filter, as a share of that of the others


def cell_traces(panel, colour, names, size, chosen, theme, axes, coloraxis="coloraxis", inside=None):
    """The traces of a Panel whose cells have a Colour; `only` of the panel says which of them are coloured.

    `inside` are the cells, (cells,) bool, that are drawn; all if None.
    One trace has all cells with a value, in their drawing order: with one a category, the last would hide the others.
    """
    c = theme_colours(theme)
    order, known = _those(drawing_order(colour), inside), has_value(colour)
    shown = np.ones(len(known), dtype=bool) if panel.only is None else np.asarray(panel.only)
    traces = []
    for rows, name in ((order[~shown[order]], OTHER_CELLS), (order[(shown & ~known)[order]], NO_VALUE)):
        if len(rows):
            grey = _points(panel, rows, names, size, chosen, axes)
            grey["marker"]["color"] = c.missing
            said = name if name == OTHER_CELLS else f"{escape(colour.name)}: {name}"
            traces.append(grey | {"name": name, "hovertemplate": f"{_hover(names)}<br>{said}<extra></extra>"})
    rows = order[(shown & known)[order]]
    if len(rows):
        trace = _points(panel, rows, names, size, chosen, axes)
        value = "%{marker.color:.4~g}"
        if colour.categories is None:
            values = np.asarray(colour.values, dtype=np.float32)[rows]
            trace["marker"] |= {"color": values, "coloraxis": coloraxis}
        else:
            codes, value = np.asarray(colour.values)[rows], "%{hovertext}"
            labels = np.array([escape(name) for name in colour.categories], dtype=object)
            trace["hovertext"] = labels[codes].tolist()
            trace["marker"] |= categorical(codes, colour.palette())
        trace["name"] = escape(colour.name)
        trace["hovertemplate"] = f"{_hover(names)}<br>{escape(colour.name)}: {value}<extra></extra>"
        traces.append(trace)
    return traces + _ringed(panel, chosen, size, c, axes)


def categorical(codes, palette):
    """The colours of a marker: codes of one byte, each at its place on a scale whose steps are the palette."""
    n = len(palette)
    steps = [[k / max(1, n - 1), paint] for k, paint in enumerate(palette)]
    if n == 1:
        steps.append([1, palette[0]])
    few = codes.astype(np.uint8 if n <= 256 else np.int32)
    return {"color": few, "cmin": 0, "cmax": max(1, n - 1), "colorscale": steps, "showscale": False}


def outside_traces(panel, names, size, inside, theme, axes):
    """The cells that are not in `inside`, (cells,) bool, grey and small; no trace where there are none."""
    rows = np.flatnonzero(~inside)
    if not len(rows):
        return []
    trace = _points(panel, rows, names, SMALL * size, None, axes)
    trace["marker"] |= {"color": theme_colours(theme).missing, "opacity": 0.45}
    return [trace | {"name": OUTSIDE, "hovertemplate": f"{_hover(names)}<br>{OUTSIDE}<extra></extra>"}]


def layered_traces(panel, names, size, chosen, theme, axes, inside=None):
    """The panel's own cells in grey, and those of its Over in their colours, which are in no selection."""
    c, over = theme_colours(theme), panel.over
    beneath = _points(panel, _those(np.arange(len(panel.points)), inside), names, size, chosen, axes)
    beneath["marker"]["color"] = c.missing
    beneath |= {"name": "", "hovertemplate": f"{_hover(names)}<br>of the run<extra></extra>"}
    above = panel._replace(points=over.points, only=None)
    traces = cell_traces(above, over.colour, np.asarray(over.names, dtype=object), size, None, theme, axes)
    for trace in traces:
        del trace["customdata"]  # which means a cell of the run
        if trace["marker"].pop("coloraxis", None):
            ends = over.colour.span(theme)
            trace["marker"] |= {"cmin": ends.low, "cmax": ends.high, "colorscale": ends.scale}
    return [beneath, *traces]


def legend_traces(entries, axes, group="", title=None):
    """Traces without points, one for each (name, '#rrggbb') of a legend; `title` is that of their group."""
    point = {"type": "scatter", "mode": "markers", "x": [None], "y": [None], "hoverinfo": "skip", **axes}
    point |= {"type": "scatter3d", "z": [None]} if "scene" in axes else {}
    traces = [
        {
            **point,
            "name": escape(short(name)),
            "marker": {"color": paint},
            "showlegend": True,
            "legendgroup": group,
        }
        for name, paint in entries
    ]
    for trace in traces[:1] if title else ():
        trace["legendgrouptitle"] = {"text": escape(title)}
    return traces


def escape(text):
    """A name as plotly should show it, not as the mark-up it may look like (plotly renders <b>, <a> and %{...})."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "% {")


def _those(rows, inside):
    """Those of the indices `rows` that are in `inside`, (cells,) bool; all if it is None."""
    return rows if inside is None else rows[inside[rows]]


def _points(panel, rows, names, size, chosen, axes):
    """A trace with the points of `rows`, float32 as it stays typed (base64) in the figure's JSON."""
    points = np.asarray(panel.points, dtype=np.float32)[rows]
    fields = {
        "x": points[:, 0],
        "y": points[:, 1],
        "mode": "markers",
        # A list: dash sends a clicked point's customdata to the page, and cannot read a base64 array.
        "customdata": rows.tolist(),
        "showlegend": False,
        **axes,
    }
    if names is not None:
        fields["text"] = [escape(name) for name in names[rows]]
    if panel.is_3d:
        marker = {
            "size": max(1.5, size * 0.7),
            "opacity": 0.85 if chosen is None else 0.12,
            "line": {"width": 0},
        }
        return {"type": "scatter3d", "z": points[:, 2], "marker": marker, **fields}
    if chosen is not None:
        fields["selectedpoints"] = np.flatnonzero(chosen[rows]).tolist()
        fields["unselected"] = {"marker": {"opacity": 0.12}}
    return {"type": "scattergl", "marker": {"size": size, "opacity": 0.85}, **fields}


def _ringed(panel, chosen, size, c, axes):
    """In 3-D, where plotly cannot dim single points: the chosen ones again, solid."""
    if chosen is None or not panel.is_3d or not chosen.any():
        return []
    points = np.asarray(panel.points, dtype=np.float32)[chosen]
    marker = {"size": max(2, size * 0.8), "color": c.text}
    xyz = dict(zip("xyz", points.T, strict=True))
    still = {"type": "scatter3d", "mode": "markers", "showlegend": False, "hoverinfo": "skip"}
    return [{**still, **xyz, "marker": marker, **axes}]


def _hover(names):
    return "<b>%{text}</b>" if names is not None else "<b>cell %{customdata}</b>"
