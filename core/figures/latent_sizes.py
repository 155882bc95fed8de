"""Scores on unseen molecules over the number of latent dimensions, with PCA beside the autoencoder."""

from plotly.subplots import make_subplots

from core.figures.theme import template, theme_colours
from core.text import NORMAL_95


def latent_sizes(record, theme="light", height=340):
    """Squared error (lower is better) and deviance explained (higher is better) by the record of core.analysis.latent_sizes."""
    c, sizes = theme_colours(theme), [one["n_latent"] for one in record["sizes"]]
    figure = make_subplots(
        1,
        2,
        subplot_titles=("error on the unseen half", "deviance explained, unseen half"),
        horizontal_spacing=0.12,
    )
    every = list(range(1, len(record["pca"]) + 1))
    bars = {"type": "data", "array": [NORMAL_95 * one["deviance_error"] for one in record["sizes"]]}
    drawn = (
        ("PCA", every, record["pca"], c.quiet, "lines", 1, None),
        ("autoencoder", sizes, [one["error"] for one in record["sizes"]], c.accent, "lines+markers", 1, None),
        ("PCA", sizes, [one["pca_deviance"] for one in record["sizes"]], c.quiet, "lines+markers", 2, None),
        (
            "autoencoder",
            sizes,
            [one["deviance"] for one in record["sizes"]],
            c.accent,
            "lines+markers",
            2,
            bars,
        ),
    )
    for name, x, y, colour, mode, column, error in drawn:
        figure.add_scatter(
            x=x,
            y=y,
            mode=mode,
            name=name,
            error_y=error,
            line={"color": colour, "width": 2},
            marker={"color": colour, "size": 8},
            showlegend=column == 1,
            hovertemplate=f"{name}, %{{x}} dimensions: %{{y:.4f}}<extra></extra>",
            row=1,
            col=column,
        )
    figure.update_xaxes(title_text="number of dimensions", type="log")
    figure.update_layout(
        template=template(theme),
        height=height,
        uirevision="latent-sizes",
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.22, "yanchor": "top"},
    )
    return figure
