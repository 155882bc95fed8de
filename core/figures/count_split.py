"""The count-split score of PCA by its number of dimensions, with the model beside it."""

import plotly.graph_objects as go

from core.figures.theme import template, theme_colours


def count_split(record, theme="light", height=340):
    """The error of the unseen half over PCA's size, the model at its own; `record` is core.analysis.metrics.count_split's."""
    c, sizes = theme_colours(theme), list(range(1, len(record["pca"]) + 1))
    figure = go.Figure(layout={"template": template(theme), "height": height, "uirevision": "count-split"})
    figure.add_scatter(
        x=sizes,
        y=record["pca"],
        mode="lines",
        name="PCA",
        line={"color": c.quiet, "width": 2},
        hovertemplate="PCA, %{x} dimensions: %{y:.4f}<extra></extra>",
    )
    figure.add_scatter(
        x=[record["best"]],
        y=[record["pca"][record["best"] - 1]],
        mode="markers",
        name=f"best PCA ({record['best']})",
        marker={"color": c.quiet, "size": 9},
        hovertemplate="best PCA, %{x} dimensions: %{y:.4f}<extra></extra>",
    )
    figure.add_scatter(
        x=[record["n_latent"]],
        y=[record["model"]],
        mode="markers",
        name="autoencoder",
        marker={"color": c.accent, "size": 12, "symbol": "diamond"},
        hovertemplate="autoencoder, %{x} dimensions: %{y:.4f}<extra></extra>",
    )
    figure.update_xaxes(title_text="number of dimensions", type="log")
    figure.update_yaxes(title_text="error on the unseen half")
    figure.update_layout(
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": 1.02, "yanchor": "bottom"}
    )
    return figure
