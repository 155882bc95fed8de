"""A latent dimension as bars: the features that it moves most, upwards and downwards."""

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import AROUND_ZERO, empty, template, theme_colours
from core.figures.traces import escape


def dimension_bars(features, effects, sizes, title, theme="light", k=12, height=600):
    """The k strongest effects at each end, with the mean absolute effect as a thin line beneath; (features,) each."""
    effects = np.asarray(effects, dtype=float)
    order = np.argsort(effects, kind="stable")
    ends = [*[i for i in order[::-1][:k] if effects[i] > 0], *[i for i in order[:k][::-1] if effects[i] < 0]]
    if not ends:
        return empty("this dimension moves nothing", theme, height)
    c, scale = theme_colours(theme), AROUND_ZERO[theme]
    names = [escape(features[i]) for i in ends]
    figure = go.Figure(layout={"template": template(theme), "height": height})
    figure.add_bar(
        x=[effects[i] for i in ends],
        y=names,
        orientation="h",
        marker={
            "color": [scale[3][1] if effects[i] > 0 else scale[1][1] for i in ends],
            "line": {"width": 0},
        },
        name="mean over the cells",
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )
    figure.add_scatter(
        x=[np.sign(effects[i]) * sizes[i] for i in ends],
        y=names,
        mode="markers",
        marker={"symbol": "line-ns", "size": 12, "line": {"width": 2, "color": c.text}},
        name="mean of the absolute effect",
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )
    figure.update_xaxes(title_text=escape(title), zeroline=True, zerolinecolor=c.edge)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    figure.update_layout(
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"}, margin={"t": 36}, bargap=0.25
    )
    return figure
