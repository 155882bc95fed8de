"""The loss of each step of a sweep by its learning rate."""

import math

import plotly.graph_objects as go

from core.figures.theme import faded, template, theme_colours


def rate_sweep(record, theme="light"):
    """The losses of a sweep (the record of core.training.rate_finder.Sweep) over a logarithmic axis of learning rates."""
    c = theme_colours(theme)
    figure = go.Figure(layout={"template": template(theme), "height": 280})
    for name, colour, width in (("losses", faded(c.accent, 0.35), 1), ("smooth", c.accent, 2.5)):
        figure.add_scatter(
            x=record["rates"],
            y=record[name],
            name="each step" if name == "losses" else "moving average",
            mode="lines",
            line={"color": colour, "width": width},
            hovertemplate="rate %{x:.2g}: %{y:.4g}<extra></extra>",
        )
    if record["suggested"]:
        figure.add_vline(
            x=record["suggested"],
            line={"color": c.edge, "dash": "dash"},
            annotation_text=f"suggested: {record['suggested']:g}",
            annotation_position="top",
        )
    smooth = record["smooth"]
    if smooth:  # the last steps, which blow up, do not set the scale
        low, high = min(smooth), max(smooth[: max(len(smooth) // 3, 1)])
        pad = 0.1 * (high - low) or 0.05
        figure.update_yaxes(range=[low - pad, high + 4 * pad])
        figure.update_xaxes(range=[math.log10(min(record["rates"])), math.log10(max(record["rates"]))])
    figure.update_xaxes(type="log", title_text="learning rate", exponentformat="power")
    figure.update_yaxes(title_text="loss of a minibatch")
    figure.update_layout(
        margin={"t": 34}, legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    )
    return figure
