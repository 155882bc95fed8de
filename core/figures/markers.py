"""Features by groups: dots (size and colour), a heat map, and violins of one feature."""

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import VALUES, category_colours, empty, template
from core.figures.traces import escape
from core.text import short

ROW = 19  # pixels of a feature
LARGEST = 15  # pixels of a dot at 100 %
MOST_CELLS = 1000  # cells of a group in a violin: more change nothing that can be seen
BY_ROW = "mean, 0 to 1 by row"  # over a scale of colours
ABOVE = {True: 112, False: 64}  # pixels for the scale of colours, and with dots for that of their sizes
MOST_GROUPS = 40  # violins beside one another


def scaled(means):
    """(groups, features) means, of each feature from 0 at its lowest to 1 at its highest group; 0 where all are the same."""
    means = np.asarray(means, float)
    low = np.nanmin(means, axis=0)
    span = np.nanmax(means, axis=0) - low
    return (means - low) / np.where(span > 0, span, 1)


def places(n_features, n_genes=None):
    """(features,) int: the rows of a plot; with genes and proteins a row is free between them, for a heading."""
    rows = np.arange(n_features)
    return rows + (rows >= n_genes) if n_genes and n_genes < n_features else rows


def dot_plot(features, groups, means, shares, unit, theme="light", n_genes=None):
    """A dot a feature and group: its area the share of cells that express it, its colour the mean, from 0 to 1 by row.

    `means`, `shares`: (groups, features). The first `n_genes` features are genes, the others proteins, in a block of
    their own; None where all are of one kind.
    """
    if not len(features):
        return empty("no group has a marker", theme, 240)
    means, shares = np.asarray(means, float), np.asarray(shares, float)
    rows = places(len(features), n_genes)
    x = np.repeat(np.arange(len(groups)), len(features))
    y = np.tile(rows, len(groups))
    text = [f"<b>{escape(f)}</b> in {escape(g)}" for g in groups for f in features]
    share = np.nan_to_num(shares).ravel()
    figure = go.Figure(layout={"template": template(theme), "height": _height(rows)})
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        text=text,
        customdata=np.column_stack([100 * share, means.ravel()]),
        marker={
            "size": LARGEST * np.sqrt(share),
            "color": scaled(means).ravel(),
            "coloraxis": "coloraxis",
            "line": {"width": 0},
        },
        hovertemplate="%{text}<br>%{customdata[0]:.0f} % of cells express it, mean %{customdata[1]:.3~g}<extra></extra>",
        showlegend=False,
    )
    for at in (0.25, 0.5, 1.0):  # the sizes, as a legend
        dot = {"size": LARGEST * np.sqrt(at), "color": "gray"}
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=dot, name=f"{at:.0%} of cells")
    return _grid(figure, features, groups, unit, rows, sizes=True)


def heat_map(features, groups, means, unit, theme="light", n_genes=None):
    """The mean of each feature and group, from 0 at its lowest to 1 at its highest group; arguments as of `dot_plot`."""
    if not len(features):
        return empty("no group has a marker", theme, 240)
    means, rows = np.asarray(means, float), places(len(features), n_genes)
    lines = np.full((int(rows[-1]) + 1, len(groups)), np.nan)  # the row of a heading stays empty
    values, names = lines.copy(), [[""] * len(groups) for _ in lines]
    lines[rows], values[rows] = scaled(means).T, means.T
    for row, feature in zip(rows, features, strict=True):
        names[row] = [f"<b>{escape(feature)}</b> in {escape(group)}" for group in groups]
    figure = go.Figure(layout={"template": template(theme), "height": _height(rows)})
    figure.add_heatmap(
        z=lines,
        x=np.arange(len(groups)),
        y=np.arange(len(lines)),
        customdata=values,
        text=names,
        hoverongaps=False,
        coloraxis="coloraxis",
        xgap=1,
        ygap=1,
        hovertemplate="%{text}<br>mean %{customdata:.3~g}<extra></extra>",
    )
    return _grid(figure, features, groups, unit, rows)


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


def _height(rows):
    return ABOVE[True] + 70 + ROW * max(int(rows[-1]) + 1, 5)


def _grid(figure, features, groups, unit, rows, sizes=False):
    """Names on both axes, a heading over the proteins, and above them the bar of colours, with `sizes` the sizes of dots."""
    pixel = 1 / (ROW * max(int(rows[-1]) + 1, 5))  # of the height of the rows, about
    figure.update_xaxes(
        title_text=f"groups<br>{escape(unit).replace('; ', '<br>')}",
        tickvals=list(range(len(groups))),
        ticktext=[escape(short(g)) for g in groups],
        range=[-0.6, len(groups) - 0.4],
    )
    figure.update_yaxes(
        tickvals=rows.tolist(),
        ticktext=[escape(short(f)) for f in features],
        range=[int(rows[-1]) + 0.6, -0.6],
        showgrid=False,
    )
    figure.update_layout(
        coloraxis={
            "colorscale": VALUES,
            "colorbar": {
                "title": {"text": BY_ROW, "side": "top"},
                "orientation": "h",
                **{"x": 0, "xanchor": "left", "y": 1 + 4 * pixel, "yanchor": "bottom"},
                **{"lenmode": "pixels", "len": 150, "thickness": 10, "tickvals": [0, 0.5, 1]},
            },
        },
        legend={
            "itemsizing": "trace",
            "orientation": "h",
            **{"x": 0, "xanchor": "left", "y": 1 + 64 * pixel, "yanchor": "bottom"},
        },
        margin={"t": ABOVE[sizes]},
    )
    if len(free := np.setdiff1d(np.arange(rows[-1]), rows)):
        heading = {
            "text": "<b>Proteins</b>",
            "x": -0.55,
            "xanchor": "left",
            "y": int(free[0]),
            "showarrow": False,
        }
        figure.add_annotation(**heading)
    return figure
