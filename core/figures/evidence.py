"""Marks on a loss curve: the epochs that a diagnosis rests on."""

from core.figures.theme import faded, theme_colours

SHAPE = "evidence"


def mark(figure, evidence, case, theme="light"):
    """Shade the epochs of an Evidence (core.training.diagnosis_case) in a loss figure and name them by the case.

    Returns the figure.
    """
    if evidence is not None:
        shape, annotation = mark_parts(evidence, case, theme)
        figure.add_shape(shape)
        figure.add_annotation(annotation)
    return figure


def mark_parts(evidence, case, theme="light"):
    """(shape, annotation) of `mark`, as plotly has them in a layout."""
    c, first, last = theme_colours(theme), evidence.first, evidence.last
    epochs = f"epochs {first} to {last}" if last > first else f"epoch {first}"
    shape = {
        "type": "rect",
        "name": SHAPE,
        **{"xref": "x", "x0": first - 0.5, "x1": last + 0.5, "yref": "y domain", "y0": 0, "y1": 1},
        **{"fillcolor": faded(c.accent, 0.1), "line": {"width": 0}, "layer": "below"},
    }
    annotation = {
        "text": f"{case}: {epochs}",
        "font": {"size": 11, "color": c.quiet},
        **{"xref": "x", "x": last + 0.5, "xanchor": "right", "yref": "y domain", "y": 1, "yanchor": "top"},
        "showarrow": False,
    }
    return shape, annotation
