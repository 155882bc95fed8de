"""Mapped cells in colour over the reference cells in grey."""

import numpy as np
import plotly.graph_objects as go

from core.figures import raster
from core.figures.colour import Colour
from core.figures.panels import Panel, panels, point_size
from core.figures.theme import look

MOST_POINTS = 60_000  # of either kind; more are an image, as plotly takes seconds for them
BENEATH = "cells of the run"


def mapped(title, reference, places, colour, names, axes=("", ""), theme="light", webgl=True):
    """A figure of (reference cells, 2) points in grey and (new cells, 2) `places` over them in their Colour.

    `names` are those of the new cells, for hover.
    """
    points = np.asarray(reference, dtype=np.float32)[:, :2]
    drawn = panels(
        [Panel(title, np.asarray(places), x=axes[0], y=axes[1])],
        colour,
        names,
        theme,
        columns=1,
        size=point_size(len(points) + len(places)),
        webgl=webgl and len(places) <= MOST_POINTS,
    )
    if len(points) > MOST_POINTS or not webgl:
        return _over_image(drawn, points, theme)
    marker = {"size": point_size(len(points)), "color": look(theme).missing, "opacity": 0.9}
    beneath = {"type": "scattergl", "x": points[:, 0], "y": points[:, 1], "mode": "markers", "marker": marker}
    beneath |= {
        "name": BENEATH,
        "hoverinfo": "skip",
        "xaxis": "x",
        "yaxis": "y",
        "showlegend": colour.categories is not None,
    }
    return go.Figure([beneath, *drawn.data], drawn.layout)


def _over_image(drawn, points, theme):
    """The reference as an image below what is drawn, both within one frame."""
    layout = {"xaxis": {}, "yaxis": {}, "annotations": []}
    grey = Colour(BENEATH, np.zeros(len(points), dtype=int), (BENEATH,), "", (look(theme).missing,))
    raster.put(layout, Panel("", points), grey, theme, None, {"xaxis": "x", "yaxis": "y"})
    drawn.layout.images = [*layout["images"], *drawn.layout.images]
    for axis in ("xaxis", "yaxis"):
        ranges = [layout[axis]["range"], *([drawn.layout[axis].range] if drawn.layout[axis].range else [])]
        low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
        for trace in drawn.data:
            values = [v for v in trace[axis[0]] if v is not None]
            low, high = min([low, *values]), max([high, *values])
        drawn.layout[axis].range = [float(low), float(high)]
    drawn.layout.annotations = [a for a in drawn.layout.annotations if not a.text.startswith("an image")]
    return drawn
