"""Stability of clusters by resolution, and composition of groups."""

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import category_colours, empty, template, theme_colours
from core.figures.traces import escape
from core.text import short

BAR = 24  # pixels of a group


def resolution_stability(result, theme="light", height=280):
    """Mean ARI between clusterings of subsamples by resolution, with its standard error; the most stable is marked.

    `result`: {"resolutions", "ari", "error", "n_clusters", "steadiest"} as the worker's job has it.
    """
    c = theme_colours(theme)
    compared = [i for i, value in enumerate(result["ari"]) if value is not None]
    if not compared:
        return empty("one cluster at every resolution: nothing to compare", theme, height)
    figure = go.Figure(layout={"template": template(theme), "height": height, "showlegend": False})
    at = [result["resolutions"][i] for i in compared]
    best = [r == result["steadiest"] for r in at]
    figure.add_scatter(
        x=at,
        y=[result["ari"][i] for i in compared],
        error_y={"array": [result["error"][i] for i in compared], "color": c.edge, "thickness": 1},
        customdata=[result["n_clusters"][i] for i in compared],
        mode="lines+markers",
        line={"color": c.edge, "width": 1},
        marker={"color": [c.accent if b else c.quiet for b in best], "size": [13 if b else 7 for b in best]},
        hovertemplate="resolution %{x}: %{customdata} clusters<br>ARI %{y:.3f}<extra></extra>",
    )
    chosen = best.index(True)
    figure.add_annotation(
        x=at[chosen],
        y=result["ari"][compared[chosen]],
        text=f"most stable: {at[chosen]:g} ({result['n_clusters'][compared[chosen]]} clusters)",
        yshift=18,
        font={"color": c.text},
        bgcolor=c.card,
    )
    figure.update_xaxes(title_text="resolution")
    figure.update_yaxes(
        title_text="ARI between subsamples (1: the same)", rangemode="tozero", range=[0, 1.12]
    )
    return figure


def composition(names, counts, parts, theme="light"):
    """Horizontal bars: the composition of each group in percent, its size beside its name; `counts` (groups, parts)."""
    counts = np.asarray(counts, dtype=float)
    if not len(counts):
        return empty("no groups", theme, 200)
    figure = go.Figure(layout={"template": template(theme), "height": 110 + BAR * len(names)})
    total = counts.sum(axis=1)
    rows = np.arange(len(names))  # numbers, since two long names may be the same once they are short
    labels = [f"{escape(short(name))} ({int(n):,})" for name, n in zip(names, total, strict=True)]
    share = 100 * counts / np.maximum(total, 1)[:, None] if len(parts) > 1 else counts
    for part, colour in zip(range(len(parts)), category_colours(len(parts)), strict=True):
        unit = "%{x:.1f} %, %{customdata:,} cells" if len(parts) > 1 else "%{customdata:,} cells"
        figure.add_bar(
            x=share[:, part],
            y=rows,
            text=[escape(name) for name in names],
            textposition="none",
            orientation="h",
            name=escape(parts[part]),
            marker={"color": colour, "line": {"width": 0}},
            customdata=counts[:, part].astype(int),
            hovertemplate=f"%{{text}}<br>{escape(parts[part])}: {unit}<extra></extra>",
            showlegend=len(parts) > 1,
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.2,
        margin={"t": 30},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"},
    )
    figure.update_xaxes(title_text="% of the group's cells" if len(parts) > 1 else "cells")
    figure.update_yaxes(autorange="reversed", tickvals=rows, ticktext=labels, showgrid=False)
    return figure
