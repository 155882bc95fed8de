"""Variance explained of each gene and protein, by the model and by PCA."""

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import CATEGORIES, empty, template, theme_colours
from core.figures.traces import escape

LOWEST = -0.5  # rare genes may be far below; they are drawn at the edge, and hover has the number


def explained(rows, theme="light", height=440):
    """A point a feature; `rows` are dicts with feature, kind ("gene", "protein"), explained and explained_pca."""
    scored = [row for row in rows if row["explained"] is not None and row["explained_pca"] is not None]
    if not scored:
        return empty("no feature varies in the test cells", theme, height)
    c = theme_colours(theme)
    figure = go.Figure(layout={"template": template(theme), "height": height, "uirevision": "explained"})
    values = np.array([[row["explained_pca"], row["explained"]] for row in scored])
    low = max(LOWEST, float(values.min()))
    ends = [low - 0.03, max(1.0, float(values.max())) + 0.03]
    figure.add_scatter(x=ends, y=ends, mode="lines", line={"color": c.edge, "dash": "dash", "width": 1.25})
    figure.data[0].update(showlegend=False, hoverinfo="skip")
    kinds = {
        "gene": (c.accent, "circle", 5),
        "protein": (CATEGORIES[1 if theme == "dark" else 5], "diamond", 9),
    }
    for kind, (colour, symbol, size) in kinds.items():
        at = [i for i, row in enumerate(scored) if row["kind"] == kind]
        if at:
            points = np.maximum(values[at], low)
            figure.add_scattergl(
                x=points[:, 0],
                y=points[:, 1],
                customdata=values[at],
                text=[escape(scored[i]["feature"]) for i in at],
                name=f"{kind}s ({len(at):,})",
                mode="markers",
                marker={"color": colour, "symbol": symbol, "size": size, "opacity": 0.65},
                hovertemplate="<b>%{text}</b><br>model %{customdata[1]:.3~f}<br>PCA %{customdata[0]:.3~f}"
                "<extra></extra>",
            )
    note = f" (below {low:g}: drawn there)" if values.min() < low else ""
    figure.update_xaxes(title_text=f"variance explained by PCA{note}", range=ends, showgrid=True)
    figure.update_yaxes(title_text="variance explained by the model", range=ends)
    figure.update_layout(
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": 1.02, "yanchor": "bottom"}
    )
    return figure
