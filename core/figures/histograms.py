"""Histograms of the data: counts and genes per cell, and values before and after preprocessing."""

from typing import NamedTuple

import numpy as np
from plotly.subplots import make_subplots

from core.figures.theme import empty, faded, template, theme_colours
from core.figures.traces import escape

BINS = 60


class Binned(NamedTuple):
    """A histogram that was counted elsewhere: (bins,) counts and (bins + 1,) edges."""

    counts: np.ndarray
    edges: np.ndarray


def counts_and_genes(n_counts, n_genes, theme="light", height=260):
    """Histograms of counts per cell (log axis) and genes per cell with their medians; n_counts None: genes only."""
    histograms = [
        ("counts per cell", n_counts, True),
        ("genes per cell", n_genes, False),
    ]
    histograms = [(title, np.asarray(values), log) for title, values, log in histograms if values is not None]
    if not any(len(values) for _, values, _ in histograms):
        return empty("no cells to count", theme, height)
    figure = make_subplots(cols=len(histograms), horizontal_spacing=0.09)
    for column, (title, values, log) in enumerate(histograms, 1):
        _histogram(figure, column, values, title, log, theme)
    figure.update_yaxes(title_text="cells", col=1)
    figure.update_layout(template=template(theme), height=height, showlegend=False, margin={"t": 24})
    return figure


def histogram_pair(before, after, names, theme="light", height=260):
    """Two Binned distributions of values, such as before and after preprocessing; the height is on a log axis."""
    theme_colours(theme)
    figure = make_subplots(cols=2, horizontal_spacing=0.09)
    for column, (binned, name) in enumerate(zip((before, after), names, strict=True), 1):
        top = np.log10(max(1, np.max(binned[0], initial=1)))
        figure.update_yaxes(
            range=[np.log10(0.5), 1.05 * top + 0.1], row=1, col=column
        )  # empty bins: no height
        outline(figure, column, Binned(*binned), False, theme, "%{customdata}", least=0.5)
        figure.update_xaxes(title_text=escape(name), row=1, col=column)
    figure.update_yaxes(type="log", exponentformat="power", dtick=1, tickfont_size=9)
    figure.update_yaxes(title_text="values", col=1)
    figure.update_layout(template=template(theme), height=height, showlegend=False, margin={"t": 16})
    return figure


def _histogram(figure, column, values, title, log, theme):
    """Values binned and drawn with their median; a log axis omits values that are not above zero, with a note."""
    values = values[np.isfinite(values)].astype(np.float64)
    zeros = int((values <= 0).sum()) if log else 0
    positive = values[values > 0] if log else values
    note = f" ({zeros:,} cells without any are left out)" if zeros else ""
    figure.update_xaxes(title_text=title + note, tickformat=",", row=1, col=column)
    axis = "" if column == 1 else str(column)
    if not len(positive):
        return
    bins = int(np.clip(np.sqrt(len(positive)) * 1.5, 8, BINS))
    numbers = np.log10(positive) if log else positive
    counts, edges = np.histogram(numbers, bins=bins)
    if log:
        figure.update_xaxes(type="log", **round_ticks(edges[0], edges[-1]), row=1, col=column)
    outline(
        figure, column, Binned(counts, 10**edges if log else edges), log, theme, "%{customdata}: %{y:,} cells"
    )
    middle = float(np.median(values))  # of all, those left out included
    if middle <= 0 and log:
        return
    c = theme_colours(theme)
    figure.add_vline(middle, line={"color": c.text, "width": 1.5, "dash": "dot"}, row=1, col=column)
    figure.add_annotation(
        text=f"median {middle:,.0f}",
        x=np.log10(middle) if log else middle,
        y=1,
        **{"xref": f"x{axis}", "yref": f"y{axis} domain", "xanchor": "center", "yanchor": "bottom"},
        font={"size": 11, "color": c.text},
    )


def round_ticks(low, high):
    """Ticks for a log axis from 10**low to 10**high: 1, 2, 5, 10 ... or, over many decades, powers of ten."""
    steps = (1, 2, 5) if high - low < 2.5 else (1,)
    values = [step * 10.0**k for k in range(int(np.floor(low)), int(np.ceil(high)) + 1) for step in steps]
    values = [value for value in values if low <= np.log10(value) <= high]
    return {"tickvals": values, "ticktext": [f"{value:,.6g}" for value in values]} if len(values) > 1 else {}


def outline(figure, column, binned, log, theme, hover, least=0.0, row=1, hover_edges=None):
    """A histogram as a filled outline, which log axes draw correctly; empty bins are drawn at `least` there.

    `hover_edges` are the edges that hover names, where they are not those drawn.
    """
    c = theme_colours(theme)
    counts, edges = np.asarray(binned.counts, dtype=np.float64), np.asarray(binned.edges, dtype=np.float64)
    x = np.concatenate([[edges[0]], edges])
    y = np.maximum(np.concatenate([[0], counts, [0]]), least)
    hover_edges = edges if hover_edges is None else hover_edges
    spans = [f"{a:,.4g} to {b:,.4g}" for a, b in zip(hover_edges[:-1], hover_edges[1:], strict=True)]
    if least:
        spans = [f"{span}: {int(n):,} values" for span, n in zip(spans, counts, strict=True)]
    figure.add_scatter(
        x=x.tolist(),
        y=y.tolist(),
        mode="lines",
        line={"shape": "hv", "color": c.accent, "width": 1.25},
        fill="tozeroy",
        fillcolor=faded(c.accent, 0.22),
        customdata=[spans[0], *spans, spans[-1]],
        hovertemplate=hover + "<extra></extra>",
        row=row,
        col=column,
    )
