"""The profile of one cell (or a mean of cells): input against reconstruction."""

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import CATEGORIES, empty, faded, template, theme_colours
from core.figures.traces import escape

NEAR = 0.045  # of the axis: labels closer than this would cover each other


def profile(measured, reconstructed, names, n_genes, theme="light", k=15, height=460, varies=None):
    """Input against reconstruction, genes before proteins in all; the k largest differences carry names.

    `varies`: as of `largest_differences`.
    """
    c = theme_colours(theme)
    measured, reconstructed = (
        np.asarray(measured, dtype=np.float32),
        np.asarray(reconstructed, dtype=np.float32),
    )
    if not len(measured):
        return empty("no features to show", theme, height)
    figure = go.Figure(layout={"template": template(theme), "height": height})
    finite = np.concatenate([measured, reconstructed])
    finite = finite[np.isfinite(finite)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    pad = 0.05 * (high - low) or 0.5
    ends = [low - pad, high + pad]
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": c.edge, "dash": "dash", "width": 1.25}, name="equal"
    )
    figure.data[0].update(showlegend=False, hoverinfo="skip")
    kinds = [("genes", 0, n_genes, c.accent, "circle", 5)]
    kinds.append(("proteins", n_genes, len(measured), CATEGORIES[1 if theme == "dark" else 5], "diamond", 9))
    for kind, start, stop, colour, symbol, size in kinds:
        if stop > start:
            figure.add_scattergl(
                x=measured[start:stop],
                y=reconstructed[start:stop],
                mode="markers",
                name=f"{kind} ({stop - start:,})",
                text=[escape(name) for name in names[start:stop]],
                marker={"color": colour, "symbol": symbol, "size": size, "opacity": 0.65},
                hovertemplate="<b>%{text}</b><br>input %{x:.3~f}<br>reconstruction %{y:.3~f}<extra></extra>",
            )
    width, placed = ends[1] - ends[0], []
    for row in largest_differences(measured, reconstructed, names, n_genes, k, varies):
        x, y = row["input"], row["reconstruction"]
        far = 1.5 * width * NEAR
        if any(abs(y - b) < width * NEAR and abs(x - a) < 3 * far for a, b in placed):
            continue
        placed.append((x, y))
        right = y < x  # away from the diagonal, where most points lie, but not out of the frame
        right = (right or x < ends[0] + 0.2 * width) and x < ends[0] + 0.8 * width
        figure.add_annotation(
            text=escape(row["name"]),
            **{"x": x, "y": y, "xanchor": "left" if right else "right", "xshift": 6 if right else -6},
            font={"size": 11, "color": c.text},
            bgcolor=faded(c.card, 0.7),
            borderpad=1,
        )
    figure.update_xaxes(title_text="input", range=ends, showgrid=True, constrain="domain")
    figure.update_yaxes(title_text="reconstruction", range=ends, scaleanchor="x", constrain="domain")
    figure.update_layout(
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": 1.02, "yanchor": "bottom"},
        uirevision="profile",
    )
    return figure


def largest_differences(measured, reconstructed, names, n_genes, k=15, varies=None):
    """The k features whose reconstruction is farthest from the input, the farthest first, as dicts.

    `varies` (features,) bool: those that do not come after all that do.
    """
    difference = np.asarray(reconstructed, dtype=np.float64) - np.asarray(measured, dtype=np.float64)
    far = np.where(np.isfinite(difference), np.abs(difference), -1)
    last = np.zeros(len(far), bool) if varies is None else ~np.asarray(varies, dtype=bool)
    rows = [i for i in np.lexsort((-far, last))[:k] if far[i] >= 0]
    return [
        {
            "name": str(names[i]),
            "kind": "gene" if i < n_genes else "protein",
            "input": float(measured[i]),
            "reconstruction": float(reconstructed[i]),
            "difference": float(difference[i]),
        }
        for i in rows
    ]
