"""The traces of one embedding panel: one a group, or one for all numbers; unknown cells grey and beneath.

They are plain dicts, which plotly checks once, as the figure is made; trace objects it would check and copy again.
"""

import numpy as np

from core.figures.colour import folded, has_value, is_known, span
from core.figures.theme import theme_colours
from core.text import short

MISSING = "not known"
OUTSIDE = "outside the filter"
SMALL = 0.6  # diameter of a cell outside the filter, as a share of that of the others


def group_traces(panel, colour, names, size, chosen, c, axes, first, inside=None):
    """One trace a category, and one for cells without any; groups share a legend entry over all panels.

    `inside` are the cells, (cells,) bool, that are drawn; all if None.
    """
    codes = np.asarray(colour.values)
    colours = colour.palette()
    entries = [(-1, MISSING, c.missing)]
    entries += [(k, str(name), colours[k]) for k, name in enumerate(colour.categories)]
    rest = np.flatnonzero(~has_value(colour))
    groups = [(np.flatnonzero(codes == k) if k >= 0 else rest, k, n, p) for k, n, p in entries]
    traces = []
    for rows, k, name, paint in groups:
        rows = _those(rows, inside)
        if not len(rows):
            continue
        trace = _points(panel, rows, names, size, chosen, c, axes)
        trace["marker"]["color"] = paint
        trace |= {
            "name": escape(short(name)),  # hover shows the whole name
            "legendgroup": str(k),
            "showlegend": first,
            "legendrank": 2000 if k < 0 else 1000,  # drawn first, listed last
            "hovertemplate": f"{_hover(names)}<br>{escape(colour.name)}: {escape(name)}<extra></extra>",
        }
        traces.append(trace)
    return traces + _ringed(panel, chosen, size, c, axes)


def continuous_traces(panel, colour, names, size, chosen, c, axes, first, inside=None):
    """Cells without a number in grey, then the others from the lowest to the highest, so that peaks are seen.

    `inside` are the cells, (cells,) bool, that are drawn; all if None.
    """
    values = np.asarray(colour.values, dtype=np.float32)
    known = is_known(values)
    grey, rows = np.flatnonzero(~known), np.flatnonzero(known)
    rows = rows[np.argsort(values[rows], kind="stable")]
    traces = []
    for cells, is_coloured in ((grey, False), (rows, True)):
        cells = _those(cells, inside)
        if not len(cells):
            continue
        trace = _points(panel, cells, names, size, chosen, c, axes)
        value = "%{marker.color:.4~g}" if is_coloured else MISSING
        trace["marker"] |= (
            {"color": values[cells], "coloraxis": "coloraxis"} if is_coloured else {"color": c.missing}
        )
        trace |= {
            "name": escape(colour.name) if is_coloured else MISSING,
            "showlegend": False,
            "hovertemplate": f"{_hover(names)}<br>{escape(colour.name)}: {value}<extra></extra>",
        }
        traces.append(trace)
    return traces + _ringed(panel, chosen, size, c, axes)


def outside_traces(panel, names, size, inside, c, axes):
    """The cells that are not in `inside`, (cells,) bool, grey and small; no trace where there are none."""
    rows = np.flatnonzero(~inside)
    if not len(rows):
        return []
    trace = _points(panel, rows, names, SMALL * size, None, c, axes)
    trace["marker"] |= {"color": c.missing, "opacity": 0.45}
    trace |= {
        "name": OUTSIDE,
        "showlegend": False,
        "hovertemplate": f"{_hover(names)}<br>{OUTSIDE}<extra></extra>",
    }
    return [trace]


def layered_traces(panel, names, size, chosen, theme, axes, inside=None):
    """The panel's own cells in grey, and those of its Over in their colours: a part of the legend, and in no selection."""
    c, over = theme_colours(theme), panel.over
    beneath = _points(panel, _those(np.arange(len(panel.points)), inside), names, size, chosen, c, axes)
    beneath["marker"]["color"] = c.missing
    beneath |= {
        "name": "",
        "showlegend": False,
        "hovertemplate": f"{_hover(names)}<br>of the run<extra></extra>",
    }
    colour = folded(over.colour)
    paint = group_traces if colour.categories is not None else continuous_traces
    above = panel._replace(points=over.points)
    traces = paint(above, colour, np.asarray(over.names, dtype=object), size, None, c, axes, True)
    title = {"text": escape(f"{over.title}: {colour.name}")}
    for trace in traces:
        del trace["customdata"]  # which means a cell of the run
        trace |= {"legendgroup": over.title, "legendgrouptitle": title}
        if trace["marker"].pop("coloraxis", None):
            ends = span(colour.values, theme)
            trace["marker"] |= {"cmin": ends.low, "cmax": ends.high, "colorscale": ends.scale}
    return [beneath, *traces]


def escape(text):
    """A name as plotly should show it, not as the mark-up it may look like (plotly renders <b>, <a> and %{...})."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "% {")


def _those(rows, inside):
    """Those of the indices `rows` that are in `inside`, (cells,) bool; all if it is None."""
    return rows if inside is None else rows[inside[rows]]


def _points(panel, rows, names, size, chosen, c, axes):
    """A trace with the points of `rows`, float32 as it stays typed (base64) in the figure's JSON."""
    points = np.asarray(panel.points, dtype=np.float32)[rows]
    fields = {
        "x": points[:, 0],
        "y": points[:, 1],
        "mode": "markers",
        # A list: dash sends a clicked point's customdata to the page, and cannot read a base64 array.
        "customdata": rows.tolist(),
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
