"""Loss convergence of all parts of a run, one above the other."""

from plotly.subplots import make_subplots

from core.figures.axis_range import LABEL_SHARE
from core.figures.loss import SQUARED, TITLES, draw
from core.figures.theme import template, theme_colours


def loss_page(
    epochs,
    baselines=None,
    n_latent=None,
    log=False,
    best_epoch=None,
    n_epochs=None,
    theme="light",
    loss_label=SQUARED,
    apart=LABEL_SHARE,
):
    """Total, RNA and protein loss, those that a run has, one above the other: the figure of loss.html.

    `apart`: the share of a row's height that the labels of two baselines keep from one another.
    """
    parts = parts_of(epochs)
    figure = make_subplots(
        rows=len(parts),
        shared_xaxes=True,
        vertical_spacing=0.08 if len(parts) == 3 else 0.11,
        subplot_titles=[TITLES[part] for part in parts],
    )
    figure.update_annotations(
        x=0, xanchor="left", font={"size": 13, "weight": 600, "color": theme_colours(theme).text}
    )
    for row, part in enumerate(parts, 1):
        arguments = epochs, baselines, log, part, best_epoch, n_epochs, theme, n_latent, loss_label
        draw(figure, *arguments, row, apart)
    figure.update_layout(
        template=template(theme),
        height=90 + 270 * len(parts),
        margin={"t": 58, "r": 128 if baselines else 16},
        legend={"orientation": "h", "x": 0, "y": 1, "yref": "container", "yanchor": "top"},
        hovermode="x unified",
        uirevision=f"loss page {'log' if log else 'linear'}",
    )
    figure.update_xaxes(unifiedhovertitle_text="epoch %{x}")
    figure.update_xaxes(title_text="epoch", row=len(parts), col=1)
    return figure


def parts_of(epochs):
    """The parts of the loss of a run: "total", and of "rna" and "protein" those that its epochs have."""
    parts = [p for p in ("rna", "protein") if any(epoch.get(f"valid_{p}") is not None for epoch in epochs)]
    return ["total", *(parts or ["rna"])]
