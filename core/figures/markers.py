"""Features by groups: dots (size and colour), a heat map, and violins of one feature."""

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import VALUES, category_colours, empty, template
from core.figures.traces import escape
from core.text import short

ROW = 19  # pixels of a feature
LARGEST = 15  # pixels of a dot at 100 %
MOST_CELLS = 1000  # cells of a group in a violin: more change nothing that can be seen
MOST_GROUPS = 40  # violins beside one another


def dot_plot(features, groups, means, shares, unit, theme="light"):
    """A dot a feature and group: its area the share of cells above 0, its colour the mean; (groups, features) both."""
    if not len(features):
        return empty("no group has a marker", theme, 240)
    means, shares = np.asarray(means, float), np.asarray(shares, float)
    x = np.repeat(np.arange(len(groups)), len(features))
    y = np.tile(np.arange(len(features)), len(groups))
    text = [f"<b>{escape(f)}</b> in {escape(g)}" for g in groups for f in features]
    share = np.nan_to_num(shares).ravel()
    figure = go.Figure(layout={"template": template(theme), "height": _height(features)})
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        text=text,
        customdata=100 * share,
        marker={
            "size": LARGEST * np.sqrt(share),
            "color": means.ravel(),
            "coloraxis": "coloraxis",
            "line": {"width": 0},
        },
        hovertemplate="%{text}<br>%{customdata:.0f} % of cells, mean %{marker.color:.3~g}<extra></extra>",
        showlegend=False,
    )
    for at in (0.25, 0.5, 1.0):  # the sizes, as a legend
        dot = {"size": LARGEST * np.sqrt(at), "color": "gray"}
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=dot, name=f"{at:.0%} of cells")
    figure.update_layout(legend={"itemsizing": "trace"})
    return _grid(figure, features, groups, "mean", unit)


def heat_map(features, groups, means, unit, theme="light"):
    """The mean of each feature and group, from 0 at its lowest to 1 at its highest group; (groups, features)."""
    if not len(features):
        return empty("no group has a marker", theme, 240)
    means = np.asarray(means, float)
    low = np.nanmin(means, axis=0)
    span = np.nanmax(means, axis=0) - low
    scaled = (means - low) / np.where(span > 0, span, 1)
    figure = go.Figure(layout={"template": template(theme), "height": _height(features)})
    figure.add_heatmap(
        z=scaled.T,
        x=np.arange(len(groups)),
        y=np.arange(len(features)),
        customdata=means.T,
        text=[[f"<b>{escape(f)}</b> in {escape(g)}" for g in groups] for f in features],
        coloraxis="coloraxis",
        xgap=1,
        ygap=1,
        hovertemplate="%{text}<br>mean %{customdata:.3~g}<extra></extra>",
    )
    return _grid(figure, features, groups, "mean,<br>0 to 1<br>by row", unit)


def expression_violins(feature, groups, values, codes, unit, theme="light", height=380):
    """The distribution of one feature, (cells,) values, in each group, by (cells,) codes into `groups`."""
    figure = go.Figure(layout={"template": template(theme), "height": height})
    colours, random = category_colours(len(groups)), np.random.default_rng(0)
    for group, name in enumerate(groups[:MOST_GROUPS]):
        rows = np.flatnonzero(codes == group)
        if len(rows) > MOST_CELLS:
            rows = random.choice(rows, MOST_CELLS, replace=False)
        figure.add_violin(
            y=np.asarray(values, dtype=np.float32)[rows],
            name=escape(name),
            line={"color": colours[group], "width": 1},
            spanmode="hard",
            points=False,
            meanline={"visible": True},
            showlegend=False,
            hoverinfo="y+name",
        )
    title = f"groups, up to {MOST_CELLS:,} cells of each"
    if len(groups) > MOST_GROUPS:
        title += f"; the first {MOST_GROUPS} of {len(groups)}"
    figure.update_xaxes(title_text=title, type="category")
    figure.update_yaxes(title_text=f"{escape(feature)}<br>{escape(unit)}", rangemode="tozero")
    return figure


def _height(features):
    return 130 + ROW * max(len(features), 5)


def _grid(figure, features, groups, bar, unit):
    """Names on both axes, groups above as well where they are many, one bar of colours."""
    figure.update_xaxes(
        title_text=f"groups; {escape(unit)}",
        tickvals=list(range(len(groups))),
        ticktext=[escape(short(g)) for g in groups],
        range=[-0.6, len(groups) - 0.4],
    )
    figure.update_yaxes(
        tickvals=list(range(len(features))),
        ticktext=[escape(short(f)) for f in features],
        range=[len(features) - 0.4, -0.6],
        showgrid=False,
    )
    figure.update_layout(
        coloraxis={"colorscale": VALUES, "colorbar": {"title": {"text": bar}, "len": 0.6, "y": 0.3}},
        margin={"t": 16},
    )
    return figure
