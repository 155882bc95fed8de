"""The film of a latent space: its places along fixed axes, as numbers for the page, and as an HTML file that plays."""

import numpy as np
import plotly.graph_objects as go

from core.figures.colour import UNKNOWN, coded, folded, paints
from core.figures.theme import template, theme_colours

LARGEST = 32_000  # of a coordinate in the page, as two bytes
PAUSE = 100  # milliseconds between two frames of a file
SIDE = 640  # pixels


def film_axes(points):
    """(n_latent, 2): the first two principal axes of one frame, which all frames of a film are seen along.

    Of the last frame, which is the picture that people know from other pages: along the axes of the first frame, which is
    noise, groups that form later would lie over one another. The largest weight of an axis is positive.
    """
    centred = np.asarray(points, dtype=np.float64) - np.mean(points, axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    axes = np.zeros((centred.shape[1], 2))
    leading = vectors[:, ::-1][:, :2]
    signs = np.sign(leading[np.abs(leading).argmax(axis=0), np.arange(leading.shape[1])])
    axes[:, : leading.shape[1]] = leading * np.where(signs == 0, 1, signs)
    return axes


def film_places(frames, axes):
    """(frames, cells, 2) float32: where each cell is in each frame, along the axes of `film_axes`."""
    return (np.asarray(frames, dtype=np.float32) @ axes.astype(np.float32)).astype(np.float32)


def film_numbers(places):
    """(the places as int16, the length of one step): half the bytes, and finer than a pixel."""
    unit = float(np.abs(places).max(initial=0.0)) / LARGEST or 1.0
    return np.rint(places / unit).astype(np.int16), unit


def film_page(places, epochs, colour, is_validation, theme="light"):
    """A figure with a frame for each epoch, a slider and buttons; `colour` is a Colour of its cells, in their order."""
    c, codes = theme_colours(theme), coded(colour, theme)
    table = paints(codes, theme)
    colours = [f"rgb({r},{g},{b})" for r, g, b in table[codes.codes]]
    box = 1.05 * float(np.abs(places).max(initial=0.0)) or 1.0
    edge = {"width": [1.5 if valid else 0 for valid in is_validation], "color": c.text}
    figure = go.Figure(
        go.Scatter(
            x=places[-1, :, 0],
            y=places[-1, :, 1],
            mode="markers",
            marker={"color": colours, "size": 5, "line": edge},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    figure.frames = [
        go.Frame(data=[{"x": at[:, 0], "y": at[:, 1]}], traces=[0], name=str(epoch))
        for at, epoch in zip(places, epochs, strict=True)
    ]
    for name, paint in legend(colour, theme):
        figure.add_scatter(x=[None], y=[None], mode="markers", name=name, marker={"color": paint, "size": 9})
    play = {
        "frame": {"duration": PAUSE, "redraw": False},
        "transition": {"duration": PAUSE},
        "fromcurrent": True,
    }
    still = {"mode": "immediate", "frame": {"duration": 0, "redraw": False}, "transition": {"duration": 0}}
    steps = [
        {"label": str(epoch), "method": "animate", "args": [[str(epoch)], still]} for epoch in epochs.tolist()
    ]
    buttons = [
        {"label": "Play", "method": "animate", "args": [None, play | {"fromcurrent": False}]},
        {"label": "Stop", "method": "animate", "args": [[None], still]},
    ]
    axis = {"range": [-box, box], "showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
    return figure.update_layout(
        template=template(theme),
        height=SIDE + 160,
        xaxis=axis | {"title": "principal axis 1 of the last frame"},
        yaxis=axis | {"title": "principal axis 2", "scaleanchor": "x"},
        sliders=[
            {"steps": steps, "active": len(steps) - 1, "currentvalue": {"prefix": "epoch "}, "pad": {"t": 40}}
        ],
        updatemenus=[
            {"type": "buttons", "direction": "left", "buttons": buttons, "x": 0, "y": 1.08, "xanchor": "left"}
        ],
    )


def legend(colour, theme="light"):
    """[(name, '#rrggbb')] of a Colour: its categories, or the ends of its scale."""
    if colour.categories is not None:
        few = folded(colour)
        return [(str(name), paint) for name, paint in zip(few.categories, few.palette(), strict=True)]
    ends, palette = colour.span(theme), coded(colour, theme).palette
    return [(f"{ends.low:.3g}", palette[0]), (f"{ends.high:.3g} {colour.unit}".strip(), palette[-1])]


def film_codes(colour, theme="light"):
    """(codes, palette) of a Colour for the page: (cells,) uint8, and '#rrggbb' of each code; 255 has no value."""
    few = coded(colour, theme)
    return few.codes, [
        *few.palette,
        *["#000000"] * (UNKNOWN - len(few.palette)),
        theme_colours(theme).missing,
    ]
