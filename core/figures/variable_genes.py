"""Mean and variance of genes, as the method of gene selection computes them."""

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import CATEGORIES, empty, template, theme_colours
from core.figures.traces import escape


class Axes(NamedTuple):
    """The titles of the axes of a method."""

    x: str
    y: str
    log: bool  # the axes are logarithmic; where the values are logs already, they are not


AXES = {
    "seurat_v3": Axes("mean counts per cell", "variance of the counts", True),
    "seurat": Axes("log1p of the mean normalised counts", "log of the dispersion (variance / mean)", False),
    "cell_ranger": Axes(
        "mean of the logged values", "dispersion of the logged values (variance / mean)", True
    ),
}
MARKS = (  # by the roles of core.preprocessing.gene_selection
    ("other genes", "circle", 3.5, 0.35),
    ("used", "circle", 3.5, 0.8),
    ("always used", "diamond", 8, 1.0),
    ("never used", "x-thin", 6, 0.9),
)


def mean_variance(means, spread, roles, flavor="seurat_v3", names=None, of=None, theme="light", height=400):
    """Each gene's mean against its spread, as `flavor` computes them; `roles` (genes,) pick one of MARKS.

    `names` are shown when pointed at. A note counts the genes that have no place on the axes, and those not
    drawn where there are `of` in all.
    """
    c, axes = theme_colours(theme), AXES[flavor]
    means, spread = np.asarray(means, dtype=np.float64), np.asarray(spread, dtype=np.float64)
    roles = np.asarray(roles)
    with np.errstate(invalid="ignore"):
        plotted = np.isfinite(means) & np.isfinite(spread)
        plotted &= (means > 0) & (spread > 0) if axes.log else spread != 0
    if not plotted.any():
        return empty("no gene varies", theme, height)
    figure = go.Figure(layout={"template": template(theme), "height": height})
    colours = (c.edge, c.accent, CATEGORIES[1 if theme == "dark" else 5], c.text)
    for role, ((label, symbol, size, opacity), colour) in enumerate(zip(MARKS, colours, strict=True)):
        rows = np.flatnonzero(plotted & (roles == role))
        if not len(rows) and role > 1:
            continue
        text = "<b>%{text}</b><br>" if names is not None else ""
        figure.add_scattergl(
            x=means[rows],
            y=spread[rows],
            mode="markers",
            name=f"{label} ({len(rows):,})",
            marker={
                **{"color": colour, "opacity": opacity, "size": size, "symbol": symbol},
                "line": {"color": colour if symbol == "x-thin" else c.card, "width": 1.25 * (role > 1)},
            },
            text=[escape(names[i]) for i in rows] if names is not None else None,
            hovertemplate=f"{text}{axes.x} %{{x:.3g}}<br>{axes.y} %{{y:.3g}}<extra>{label}</extra>",
        )
    scale = {"type": "log", "exponentformat": "power", "tickfont_size": 9} if axes.log else {}
    figure.update_xaxes(title_text=axes.x, **scale, **({"dtick": 1} if axes.log else {}))
    figure.update_yaxes(title_text=axes.y, **scale)
    figure.update_layout(
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}, uirevision=f"genes {flavor}"
    )
    note = _not_shown(int((~plotted).sum()), (of or len(roles)) - len(roles))
    if note:
        figure.add_annotation(
            text=note,
            **{"x": 1, "y": 0, "xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "bottom"},
            font={"size": 11},
        )
    return figure


def _not_shown(silent, left_out):
    parts = [f"{silent:,} genes do not vary and are not shown"] * (silent > 0)
    parts += [f"{left_out:,} more of the other genes are not drawn"] * (left_out > 0)
    return "; ".join(parts)
