"""Mapped cells in colour over the reference cells in grey."""

import numpy as np
import plotly.graph_objects as go

from core.figures import raster
from core.figures.colour import Colour
from core.figures.panels import Panel, panels, point_size
from core.figures.theme import theme_colours

MOST_POINTS = 60_000  # of either kind; more are an image, as plotly takes seconds for them
BENEATH = "cells of the run"


def mapped(title, reference, positions, colour, names, axes=("", ""), theme="light", webgl=True):
    """A figure of (reference cells, 2) points in grey and (new cells, 2) `positions` over them in their Colour.

    `names` are those of the new cells, for hover.
    """
    points = np.asarray(reference, dtype=np.float32)[:, :2]
    figure = panels(
        [Panel(title, np.asarray(positions), x=axes[0], y=axes[1])],
        colour,
        names,
        theme,
        columns=1,
        size=point_size(len(points) + len(positions)),
        webgl=webgl and len(positions) <= MOST_POINTS,
    )
    if len(points) > MOST_POINTS or not webgl:
        return _over_image(figure, points, theme)
    marker = {"size": point_size(len(points)), "color": theme_colours(theme).missing, "opacity": 0.9}
    beneath = {"type": "scattergl", "x": points[:, 0], "y": points[:, 1], "mode": "markers", "marker": marker}
    beneath |= {
        "name": BENEATH,
        "hoverinfo": "skip",
        "xaxis": "x",
        "yaxis": "y",
        "showlegend": colour.categories is not None,
    }
    return go.Figure([beneath, *figure.data], figure.layout)


def _over_image(figure, points, theme):
    """The reference as an image below what is drawn, both within one frame."""
    layout = {"xaxis": {}, "yaxis": {}, "annotations": []}
    grey = Colour(BENEATH, np.zeros(len(points), dtype=int), (BENEATH,), "", (theme_colours(theme).missing,))
    raster.put(layout, Panel("", points), grey, theme, None, {"xaxis": "x", "yaxis": "y"})
    figure.layout.images = [*layout["images"], *figure.layout.images]
    for axis in ("xaxis", "yaxis"):
        ranges = [layout[axis]["range"], *([figure.layout[axis].range] if figure.layout[axis].range else [])]
        low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
        for trace in figure.data:
            values = [v for v in trace[axis[0]] if v is not None]
            low, high = min([low, *values]), max([high, *values])
        figure.layout[axis].range = [float(low), float(high)]
    figure.layout.annotations = [a for a in figure.layout.annotations if not a.text.startswith("an image")]
    return figure
