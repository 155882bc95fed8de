"""The names of categories in plotly's panels: annotations among the cells, none over another."""

import numpy as np

from core.figures.colour import folded, named_categories
from core.figures.labels import free_places, medians, text_size
from core.figures.theme import faded, theme_colours
from core.figures.traces import escape

FONT = 11  # pixels
MARGIN = 0.05  # of plotly's axes around their points, as a share of the range
OPACITY = 0.72  # of the ground of a label


def annotations(panel, colour, i, axes, frame, theme):
    """The annotations of panel i: the name of each category at the median of its cells, with a line where it was moved.

    Their `name` is "label I CATEGORY". In a `frame` (wide, high) of so many pixels none covers another.
    """
    c = theme_colours(theme)
    labels = sorted(named_medians(panel, colour), key=lambda label: -label.n)
    if not labels:
        return []
    points = np.asarray(panel.points)[:, :2]
    points = points[np.isfinite(points).all(axis=1)]
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (1 - 2 * MARGIN) / np.where(high > low, high - low, 1)
    centres = np.array([(label.x, label.y) for label in labels])
    centres = (MARGIN + (centres - low) * scale) * frame
    moved = free_places(centres, [text_size(label.name, FONT) for label in labels], frame) - centres
    box = {"bgcolor": faded(c.card, OPACITY), "font": {"size": FONT, "color": c.text}, "borderpad": 1}
    written = []
    for label, (right, up) in zip(labels, moved, strict=True):
        if np.isnan(right):
            continue
        at = {"xref": axes["xaxis"], "yref": axes["yaxis"], "x": label.x, "y": label.y}
        far = max(abs(right), abs(up)) > FONT
        aside = {"showarrow": False, "xshift": right, "yshift": up}
        if far:
            aside = {"showarrow": True, "ax": right, "ay": -up, "arrowhead": 0, "arrowwidth": 1}
            aside["arrowcolor"] = c.quiet
        text = {"text": escape(label.name), "name": f"label {i} {label.whole}", "captureevents": True}
        written.append({**at, **text, **aside, **box})
    return written


def named_medians(panel, colour):
    """The Label of each category of a Colour in a Panel; all small categories together have none."""
    names = named_categories(colour)
    return [label for label in medians(panel.points, folded(colour), panel.only) if label.whole in names]
