"""Cell quality: the measures of each cell, with the limits of the cells that stay."""

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.figures.histograms import round_ticks
from core.figures.theme import category_colours, empty, faded, template, theme_colours
from core.figures.traces import escape
from core.preprocessing.recipe import MEASURES

MOST_CELLS = 5000  # cells drawn, evenly spread; limits and numbers are always of all cells
WIDTH = 0.42  # half the length of a limit, as a share of the space of a violin


class Line(NamedTuple):
    """A limit: its measure, its batch, which end, and its value."""

    measure: str
    batch: int
    end: str  # "low" or "high"
    value: float


def drawn_cells(n):
    """Indices of the cells that are drawn, of `n`."""
    return (
        np.arange(n)
        if n <= MOST_CELLS
        else np.sort(np.random.default_rng(0).choice(n, MOST_CELLS, replace=False))
    )


def violins(values, codes, names, lines, theme="light", height=330):
    """A violin a measure and batch; `values` by measure (cells,), `codes` (cells,) into the `names` of batches.

    `lines` are the limits, in the order of the figure's shapes; on a log measure the axis is log10 of the value.
    """
    measures = [name for name in MEASURES if name in values]
    if not measures or not len(codes):
        return empty("These cells have no quality measures.", theme, height)
    c = theme_colours(theme)
    colours = [c.accent] if len(names) < 2 else category_colours(len(names))
    figure = make_subplots(cols=len(measures), horizontal_spacing=0.055)
    for column, measure in enumerate(measures, 1):
        height_of = on_axis(measure, values[measure])
        for code, (name, colour) in enumerate(zip(names, colours, strict=True)):
            rows = (codes == code) & np.isfinite(height_of)
            figure.add_trace(
                go.Violin(
                    x=np.full(int(rows.sum()), code),
                    y=height_of[rows].astype(np.float32),
                    name=escape(name),
                    scalegroup=f"{measure} {code}",  # each as wide as its room: their units differ
                    showlegend=False,
                    line={"color": colour, "width": 1.25},
                    fillcolor=faded(colour, 0.25),
                    box={"visible": True, "width": 0.15},
                    meanline={"visible": False},
                    points=False,
                    spanmode="hard",
                    hoverinfo="skip",
                ),
                row=1,
                col=column,
            )
        label, unit, log, _ = MEASURES[measure]
        ticks = {
            "tickmode": "array",
            "tickvals": list(range(len(names))),
            "ticktext": [escape(n) for n in names],
        }
        figure.update_xaxes(
            row=1,
            col=column,
            fixedrange=True,
            range=[-0.6, len(names) - 0.4],
            showticklabels=len(names) > 1,
            **ticks,
        )
        title = label if unit in ("", "counts", "genes") else f"{label}, {unit}"
        figure.update_yaxes(row=1, col=column, title_text=title, fixedrange=True)
        if log and np.isfinite(height_of).any():
            figure.update_yaxes(row=1, col=column, **_log_ticks(height_of))
    figure.update_layout(
        template=template(theme),
        height=height,
        margin={"t": 12, "b": 30},
        shapes=shapes(lines, measures, theme),
    )
    return figure


def shapes(lines, measures, theme="light"):
    """The limits as plotly's shapes, one a line; they can be dragged."""
    c = theme_colours(theme)
    shapes = []
    for measure, batch, _, value in lines:
        axis = "" if (place := measures.index(measure)) == 0 else str(place + 1)
        at = float(on_axis(measure, np.array([value]))[0])
        shapes.append(
            {
                "type": "line",
                **{"xref": f"x{axis}", "yref": f"y{axis}", "x0": batch - WIDTH, "x1": batch + WIDTH},
                **{"y0": at, "y1": at, "line": {"color": c.text, "width": 2.5, "dash": "dot"}},
            }
        )
    return shapes


def on_axis(measure, values):
    """Positions of the values of a measure on its axis: log10 for those that span decades, with 0 half a unit below 1."""
    values = np.asarray(values, dtype=np.float64)
    if not MEASURES[measure].log:
        return values
    return np.log10(np.maximum(values, 0.5))


def off_axis(measure, position):
    """The value at a position on the axis; an integer for counts and genes."""
    return float(round(10**position)) if MEASURES[measure].log else round(float(position), 4)


def cells_scatter(values, stays, theme="light", height=330):
    """Counts against genes, and counts against the MT share, where these are known; cells outside the limits in grey.

    `values` by measure (cells,), `stays` (cells,) bool.
    """
    pairs = [
        pair for pair in (("counts", "genes"), ("counts", "mito")) if all(name in values for name in pair)
    ]
    if not pairs:
        return empty("Counts and genes of the cells are not known.", theme, height)
    c = theme_colours(theme)
    figure = make_subplots(cols=len(pairs), horizontal_spacing=0.1)
    for column, (x, y) in enumerate(pairs, 1):
        for rows, name, colour, opacity in ((~stays, "leave", c.edge, 0.45), (stays, "stay", c.accent, 0.5)):
            figure.add_scattergl(
                x=np.maximum(values[x][rows], 0.5).astype(np.float32),
                y=(np.maximum(values[y][rows], 0.5) if MEASURES[y].log else values[y][rows]).astype(
                    np.float32
                ),
                mode="markers",
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                marker={"color": colour, "opacity": opacity, "size": 3.5},
                hovertemplate=f"%{{x:,.0f}} {x}<br>%{{y:,.4g}} {MEASURES[y].unit}<extra>{name}</extra>",
                row=1,
                col=column,
            )
        figure.update_xaxes(type="log", title_text="Counts", row=1, col=column, **_plain_ticks(values[x]))
        figure.update_yaxes(
            title_text=MEASURES[y].label + (", %" if MEASURES[y].unit == "%" else ""), row=1, col=column
        )
        if MEASURES[y].log:
            figure.update_yaxes(type="log", row=1, col=column, **_plain_ticks(values[y]))
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    figure.update_layout(
        template=template(theme), height=height, margin={"t": 30}, legend=legend, uirevision="cells"
    )
    return figure


def highest_genes(genes, theme="light", height=None):
    """The genes with the highest share of a cell's counts, a box each: 5, 25, 50, 75 and 95 % of the cells.

    `genes` are the records {"gene", "mean", "shares"} of core.preprocessing.steps.filters.
    """
    if not genes:
        return empty("There are no counts to take shares of.", theme, 200)
    c = theme_colours(theme)
    low, first, middle, third, high = np.array([gene["shares"] for gene in genes]).T
    figure = go.Figure(
        go.Box(
            y=[escape(gene["gene"]) for gene in genes],
            lowerfence=low,
            q1=first,
            median=middle,
            q3=third,
            upperfence=high,
            mean=[gene["mean"] for gene in genes],
            orientation="h",
            line={"color": c.accent, "width": 1.25},
            fillcolor=faded(c.accent, 0.22),
            hoverinfo="x+y",
        )
    )
    figure.update_yaxes(autorange="reversed", dtick=1, tickfont_size=10)
    figure.update_xaxes(title_text="% of a cell's counts", showgrid=True, rangemode="tozero")
    return figure.update_layout(
        template=template(theme), height=height or 60 + 18 * len(genes), margin={"t": 8}
    )


def _log_ticks(heights):
    """Ticks at 1, 2, 5, 10 ... for values that are drawn as their log10."""
    ticks = round_ticks(np.nanmin(heights), np.nanmax(heights))
    if not ticks:  # a narrow range has no round numbers
        values = np.unique(np.round(10 ** np.linspace(np.nanmin(heights), np.nanmax(heights), 5))).tolist()
        ticks = {"tickvals": values, "ticktext": [f"{value:,.0f}" for value in values]}
    return {**ticks, "tickvals": [float(np.log10(max(v, 0.5))) for v in ticks["tickvals"]]}


def _plain_ticks(values):
    some = np.maximum(values[np.isfinite(values)], 0.5)
    return round_ticks(np.log10(some.min()), np.log10(some.max())) if len(some) else {}
