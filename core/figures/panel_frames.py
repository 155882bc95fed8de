"""The frames of panels side by side: axes, titles, and where legend and colour bars are."""

import math

from core.figures.traces import escape

PANEL_HEIGHT = {1: 440, 2: 360}  # pixels by number of columns
SMALL = 250  # pixels of a panel with more columns
LEGEND_LINE = 19  # pixels
SIDE_BAR = {"lenmode": "pixels", "len": 320, "x": 1.01, "y": 1, "yanchor": "top", "ypad": 0}
STACKED_BAR = {
    "orientation": "h",
    "lenmode": "pixels",
    "len": 180,
    "thickness": 8,
    "x": 1.02,
    "xanchor": "left",
}
STACKED_BAR |= {"yanchor": "bottom", "xpad": 0, "ypad": 0}
STEP = 0.11  # from bar to bar, as a share of the height
UNIT = -15  # pixels from a panel to its unit, below the title of its axis
GAP = 0.05  # between columns, as a share of the figure
EYE = {"x": 1.35, "y": 1.35, "z": 0.9}  # lower than plotly's default, and far enough for the axis titles


def panel_height(columns):
    """Pixels of a panel, where so many stand side by side."""
    return PANEL_HEIGHT.get(columns, SMALL)


def domains(i, rows, columns):
    """([left, right], [bottom, top]) of panel i, as shares of the figure."""
    row, column = divmod(i, columns)
    gap_x = GAP if columns > 1 else 0
    gap_y = min(0.3, 58 / (rows * panel_height(columns))) if rows > 1 else 0
    wide, tall = (1 - gap_x * (columns - 1)) / columns, (1 - gap_y * (rows - 1)) / rows
    x = [column * (wide + gap_x), min(1, column * (wide + gap_x) + wide)]
    return x, [max(0, 1 - row * (tall + gap_y) - tall), 1 - row * (tall + gap_y)]


def frame_of(layout, i, panel, rows, columns, c, badge=""):
    """Make the axes or the scene of panel i; gives back the trace fields that put a trace there."""
    x, y = domains(i, rows, columns)
    number = "" if i == 0 else str(i + 1)
    paper = {"xref": "paper", "yref": "paper"}
    title = {"text": escape(panel.title), "yshift": 4, "font": {"size": 13, "weight": 600, "color": c.text}}
    left = {"x": x[0], "y": y[1], "xanchor": "left", "yanchor": "bottom", "name": f"title {i}"}
    layout["annotations"].append({**paper, **left, **title})
    if badge and panel.points is not None:
        right = {"x": x[1], "y": y[0], "xanchor": "right", "yanchor": "top", "yshift": UNIT}
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
        title = {"text": text, "standoff": 1, "font": {"size": 11}}
        layout[f"{axis}axis{number}"] = {
            **quiet,
            "domain": domain,
            "anchor": f"{other}{number}",
            "title": title,
        }
    return {"xaxis": f"x{number}", "yaxis": f"y{number}"}


def legend_of(title, labels, columns, rows):
    """(legend, pixels it needs): beside wide figures, where it scrolls, below narrow ones, where it wraps.

    Its entries show what colours mean; a click hides nothing, as all categories of a panel are one trace.
    """
    common = {"traceorder": "normal", "tracegroupgap": 6, "itemclick": False, "itemdoubleclick": False}
    if title:
        common["title"] = {"text": escape(title), "font": {"size": 12, "weight": 600}}
    if columns > 1:
        return {**common, "x": 1.01, "y": 1, "xanchor": "left", "yanchor": "top"}, 0
    entry = 34 + 6.6 * max(map(len, labels), default=0)
    lines = math.ceil(len(labels) / max(1, 640 // entry)) + 1
    below = {"x": 0, "y": -34 / (rows * panel_height(columns)), "xanchor": "left", "yanchor": "top"}
    return {**common, **below, "orientation": "h", "entrywidth": entry - 30}, 14 + LEGEND_LINE * min(
        lines, 14
    )


def colour_axis(colour, theme, columns, place=None):
    """The scale of a Colour of numbers, with what it clips; `place`: the number of its bar, where several are stacked."""
    ends = colour.span(theme)
    name, more = f"<b>{escape(colour.name)}</b>", [text for text in (escape(colour.unit), ends.note) if text]
    if place is not None:
        small = f"<br><span style='font-size:10px'>{'<br>'.join(more)}</span>" if more else ""
        bar = STACKED_BAR | {"title": {"text": f"{name}{small}", "side": "top"}, "y": 1 - STEP * (place + 1)}
    else:
        small = f"<br><span style='font-size:11px'>{'<br>'.join(more)}</span>" if more else ""
        bar = {"title": {"text": f"{name}{small}", "side": "top" if columns == 1 else "right"}}
        bar |= SIDE_BAR if columns > 1 else {"orientation": "h", "y": -0.06, "yanchor": "top"}
    return {"cmin": ends.low, "cmax": ends.high, "colorscale": ends.scale, "colorbar": bar}
