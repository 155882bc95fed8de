"""Figures of several runs at once: their loss curves, their settings beside a score, and how their clusters flow."""

import math
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from core.config.run_facts import Baselines
from core.figures.loss import TITLES
from core.figures.theme import category_colours, empty, faded, template, theme_colours
from core.figures.traces import escape
from core.text import short

MOST_POINTS = 600  # of one curve: more than a screen of this width tells apart
TRACES = 3  # of one run: training, validation, PCA
LEAST_FLOW = 0.02  # of a cluster on either side; thinner bands only hide the others


class ComparedRun(NamedTuple):
    """A run of a comparison: its name, its "#rrggbb", its epochs (dicts), and its Baselines or None."""

    name: str
    colour: str
    epochs: list
    baselines: Baselines | None = None
    n_epochs: int | None = None


def run_colours(n):
    """'#rrggbb' of n runs, the same in every figure and table of a comparison."""
    return category_colours(n)


def thinned(epochs, most=MOST_POINTS):
    """At most about `most` of the epochs, evenly, with the first and the last."""
    step = max(1, math.ceil(len(epochs) / most))
    kept = epochs[::step]
    return kept if not epochs or kept[-1] is epochs[-1] else [*kept, epochs[-1]]


def points(epochs, part):
    """(epochs, training losses, validation losses) of a part of the loss, as lists; a value that is no number is None."""
    name = "loss" if part == "total" else part
    curves = ([_finite(epoch.get(f"{kind}_{name}")) for epoch in epochs] for kind in ("train", "valid"))
    return [epoch["epoch"] for epoch in epochs], *curves


def compared_losses(runs, part="total", log=False, theme="light", unit=""):
    """The curves of ComparedRuns over one another, with one entry of the legend for each run.

    Validation is drawn thick, training thin, PCA dashed, in the colour of the run. Each run has three traces in this order:
    training, validation, PCA; a page may add points to them.
    """
    figure = go.Figure(layout={"template": template(theme)})
    for run in runs:
        x, train, valid = points(thinned(run.epochs), part)
        pca = _finite(getattr(run.baselines.pca, part)) if run.baselines else None
        last = max([run.n_epochs or 0, *x], default=0) or 1
        name, group = escape(run.name), {"legendgroup": run.name}
        # Of one epoch a line shows nothing; markers on all would hide the lines of many.
        mode = "lines" if len(x) > 1 else "lines+markers"
        figure.add_scatter(
            x=x,
            y=train,
            name=f"{name}, training",
            mode=mode,
            showlegend=False,
            **group,
            line={"color": faded(run.colour, 0.5), "width": 1.2},
            hovertemplate="%{y:.4g}",
        )
        figure.add_scatter(
            x=x,
            y=valid,
            name=name,
            mode=mode,
            **group,
            line={"color": run.colour, "width": 2.4},
            hovertemplate="%{y:.4g}",
        )
        figure.add_scatter(
            x=[1, last] if pca is not None else [],
            y=[pca, pca] if pca is not None else [],
            name=f"{name}, PCA",
            mode="lines",
            showlegend=False,
            **group,
            line={"color": run.colour, "width": 1.2, "dash": "dash"},
            hovertemplate="%{y:.4g}",
        )
    figure.update_layout(
        height=420,
        margin={"t": 34, "r": 16},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="x unified",
        uirevision=f"compared {part} {log}",
    )
    title = f"{TITLES[part].lower() if part == 'total' else TITLES[part]} loss"
    figure.update_xaxes(title_text="epoch", unifiedhovertitle_text="epoch %{x}", rangemode="tozero")
    figure.update_yaxes(title_text=f"{title}{f' ({unit})' if unit else ''}", type="log" if log else "linear")
    return figure


def parallel_settings(names, settings, score, scores, theme="light"):
    """Parallel coordinates: the settings of runs beside a score, which colours the lines.

    `settings` are (label, values) with one value for each of the runs `names`, numbers or text; `scores` are numbers, or
    None of a run that does not have the score, which is left out.
    """
    rows = [i for i, value in enumerate(scores) if value is not None]
    if len(rows) < 2:
        return empty(f"fewer than two of these runs have a value of {score}", theme, 200)
    c = theme_colours(theme)
    dimensions = [_dimension(label, [values[i] for i in rows]) for label, values in settings]
    values = [float(scores[i]) for i in rows]
    dimensions.append({"label": escape(score), "values": values})
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions,
            line={
                "color": values,
                "colorscale": "Viridis",
                "showscale": True,
                "colorbar": {"title": escape(score)},
            },
            labelfont={"color": c.text, "size": 12},
            tickfont={"color": c.quiet, "size": 11},
            rangefont={"color": c.quiet, "size": 10},
            labelangle=0,
        )
    )
    return figure.update_layout(
        template=template(theme), height=360, margin={"t": 60, "l": 70, "r": 30, "b": 24}
    )


def _dimension(label, values):
    """An axis of parallel coordinates; of text each value has a place of its own."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return {"label": escape(short(label)), "values": [float(value) for value in values]}
    texts = ["–" if value is None else str(value) for value in values]
    places = sorted(set(texts))
    return {
        "label": escape(short(label)),
        "values": [places.index(text) for text in texts],
        "tickvals": list(range(len(places))),
        "ticktext": [escape(short(text, 16)) for text in places],
    }


def cluster_flow(table, titles, theme="light"):
    """Which clusters of one clustering go where in another: bands as wide as their numbers of cells.

    `table` (clusters, clusters) numbers of cells, `titles` the names of the two clusterings. Bands below 2 % of the clusters
    at both ends are not drawn.
    """
    table = np.asarray(table)
    if not table.sum():
        return empty("no cell is in both clusterings", theme, 200)
    c = theme_colours(theme)
    sizes = table.sum(axis=1), table.sum(axis=0)
    share = np.maximum(table / np.maximum(sizes[0], 1)[:, None], table / np.maximum(sizes[1], 1))
    sources, targets = np.nonzero((table > 0) & (share >= LEAST_FLOW))
    colours = [category_colours(n) for n in table.shape]
    labels = [
        f"{escape(short(title, 20))}: {i}"
        for title, n in zip(titles, table.shape, strict=True)
        for i in range(n)
    ]
    figure = go.Figure(
        go.Sankey(
            node={
                "label": labels,
                "color": colours[0] + colours[1],
                "pad": 10,
                "thickness": 14,
                "line": {"width": 0},
                "hovertemplate": "cluster %{label}: %{value:,} cells<extra></extra>",
            },
            link={
                "source": sources.tolist(),
                "target": (targets + table.shape[0]).tolist(),
                "value": table[sources, targets].tolist(),
                "color": [faded(colours[0][i], 0.4) for i in sources],
                "hovertemplate": "%{value:,} cells from %{source.label} to %{target.label}<extra></extra>",
            },
            textfont={"color": c.text, "size": 11},
        )
    )
    height = max(320, 26 * max(table.shape) + 80)
    return figure.update_layout(
        template=template(theme), height=height, margin={"t": 20, "l": 12, "r": 12, "b": 16}
    )


def _finite(value):
    return float(value) if value is not None and math.isfinite(value) else None
