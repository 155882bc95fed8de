"""Cells as an image for browsers without WebGL: each pixel has the mean of its cells, fuller where they are dense."""

import base64
import struct
import zlib

import numpy as np

from core.figures.colour import UNKNOWN, coded, paints
from core.figures.theme import theme_colours

WIDE, TALL = 560, 400  # pixels of an image
FAINTEST = 0.35  # opacity of a pixel with one cell; the densest is opaque
DIMMED = 0.15  # share of the opacity that cells which are not selected keep


def raster(points, colour, theme="light", chosen=None, wide=WIDE, tall=TALL, only=None):
    """((tall, wide, 4) uint8 image, (low, high)) of (cells, 2) points: row 0 is the top; the ends are (2,) each.

    The counts are those of numpy.histogram2d over the same range, computed in one pass. `chosen`: (cells,) bool of
    the selected cells, the others are faint. `only`: (cells,) bool of the cells that are coloured, the others are grey.
    """
    points = np.asarray(points, dtype=np.float64)[:, :2]
    placed = np.isfinite(points).all(axis=1)
    points = points[placed]
    image = np.zeros((tall * wide, 4))
    if not len(points):
        return image.reshape(tall, wide, 4).astype(np.uint8), (np.zeros(2), np.ones(2))
    low, high = points.min(axis=0), points.max(axis=0)
    high = np.where(high > low, high, low + 1)
    size = np.array([wide, tall])
    column_row = np.minimum(((points - low) / (high - low) * size).astype(np.intp), size - 1)
    pixel = (tall - 1 - column_row[:, 1]) * wide + column_row[:, 0]
    code = coded(colour, theme)
    weight = np.ones(len(points)) if chosen is None else np.where(chosen[placed], 1.0, DIMMED)
    n = np.bincount(pixel, minlength=wide * tall)
    full = np.bincount(pixel, weight, wide * tall)
    table, codes, filled = paints(code, theme), code.codes[placed], n > 0
    if only is not None:
        codes = np.where(only[placed], codes, UNKNOWN)
    if colour.categories is None:  # a pixel shows the mean of its numbers, not of their colours
        weight = np.where(codes == UNKNOWN, 0, weight)
        total = np.bincount(pixel, weight, wide * tall)
        mean = np.bincount(pixel, weight * codes, wide * tall)[filled] / np.maximum(total[filled], 1e-12)
        image[filled, :3] = table[np.where(total[filled] > 0, np.rint(mean), UNKNOWN).astype(int)]
    else:
        for channel in range(3):
            mixed = np.bincount(pixel, weight * table[codes, channel], wide * tall)
            image[filled, channel] = mixed[filled] / full[filled]
    depth = np.log1p(n[filled]) / np.log1p(n.max())
    image[filled, 3] = 255 * (FAINTEST + (1 - FAINTEST) * depth) * full[filled] / n[filled]
    return np.rint(image).astype(np.uint8).reshape(tall, wide, 4), (low, high)


def png(image):
    """The PNG file (bytes) of a (tall, wide, 4) uint8 image."""
    tall, wide, _ = image.shape
    rows = np.concatenate([np.zeros((tall, 1), np.uint8), image.reshape(tall, -1)], axis=1)  # 0: no filter

    def chunk(name, content):
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    head = struct.pack(">IIBBBBB", wide, tall, 8, 6, 0, 0, 0)  # 8 bits, red green blue and opacity
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def placeholder(colour, axes, coloraxis):
    """A trace without points: plotly draws the axes of an image for it, and the colour bar of numbers."""
    trace = {"type": "scatter", "mode": "markers", "x": [None], "y": [None], "hoverinfo": "skip", **axes}
    marker = {"color": [0], "coloraxis": coloraxis} if colour.categories is None else {}
    return [trace | {"marker": marker, "showlegend": False}]


def put(layout, panel, colour, theme, chosen, axes):
    """Lay the image of a Panel under its axes in a figure's layout."""
    image, (low, high) = raster(panel.points, colour, theme, chosen, only=panel.only)
    x, y = axes["xaxis"], axes["yaxis"]
    for axis, a, b in ((x, low[0], high[0]), (y, low[1], high[1])):
        margin = 0.03 * (b - a)
        layout[f"{axis[0]}axis{axis[1:]}"]["range"] = [float(a - margin), float(b + margin)]
    source = "data:image/png;base64," + base64.b64encode(png(image)).decode()
    box = {"x": float(low[0]), "y": float(high[1]), "sizex": float(high[0] - low[0])}
    box |= {"sizey": float(high[1] - low[1]), "sizing": "stretch", "layer": "below"}
    layout.setdefault("images", []).append({"source": source, "xref": x, "yref": y, **box})
    layout["annotations"].append(
        {
            "text": "an image: this browser has no WebGL",
            **{"xref": f"{x} domain", "yref": f"{y} domain", "x": 1, "y": 0, "xanchor": "right"},
            **{
                "yanchor": "bottom",
                "font": {"size": 10, "color": theme_colours(theme).quiet},
                "showarrow": False,
            },
        }
    )
