"""Marks on a loss curve: the epochs that a diagnosis rests on."""

from core.figures.theme import faded, theme_colours

SHAPE = "evidence"


def mark(figure, evidence, case, theme="light"):
    """Shade the epochs of an Evidence (core.training.diagnosis) in a loss figure and name them by the case.

    Returns the figure.
    """
    if evidence is None:
        return figure
    c = theme_colours(theme)
    figure.add_vrect(
        x0=evidence.first - 0.5,
        x1=evidence.last + 0.5,
        name=SHAPE,
        fillcolor=faded(c.accent, 0.1),
        line_width=0,
        layer="below",
        annotation={
            "text": f"{case}: epochs {evidence.first} to {evidence.last}"
            if evidence.last > evidence.first
            else f"{case}: epoch {evidence.first}",
            "font": {"size": 11, "color": c.quiet},
            "yanchor": "top",
        },
        annotation_position="top right",
    )
    return figure
