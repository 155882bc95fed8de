"""The figures of a run for paper: each once as plotly's figure and once as a matplotlib drawing, from the same values."""

import json
from collections.abc import Callable
from typing import NamedTuple

from core import figures
from core.config.bundle import Size
from core.figures.loss_page import parts_of
from core.figures.printed import matplotlib_figures, matplotlib_maps

FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"  # journals ask for these
TEXT, SMALL = 11, 9  # pixels of CSS: 8 and 7 points
MOST_POINTS = 20_000  # in a figure, drawn as vectors; above it as dots, by matplotlib
ROW = 140  # pixels of CSS of a row of the loss
ENTRY = 19  # pixels of a line of plotly's legend, whatever its font
LABELS_UP_TO = 40  # groups whose names are written among their cells


class PaperFigure(NamedTuple):
    """A figure: `name` of its files, its `title`, its Size, and how it is drawn in both ways.

    `plotly()` gives the go.Figure; `draw(figure)` fills a matplotlib Figure. `vectors` says whether plotly's can be taken:
    its points are few, and its legend fits.
    """

    name: str
    title: str
    size: Size
    plotly: Callable
    draw: Callable
    vectors: bool = True


def loss(epochs, baselines, best_epoch, n_latent, loss_label, size):
    """Loss convergence: total, RNA and protein, those that a run has, each in a row."""
    size = size.as_high_as(max(size.pixels[1], 60 + ROW * len(parts_of(epochs))))

    def plotly():
        figure = figures.loss_page(
            epochs,
            baselines,
            n_latent,
            best_epoch=best_epoch,
            loss_label=loss_label,
            apart=matplotlib_figures.APART,
        )
        figure.update_yaxes(title={"text": loss_label, "font": {"size": SMALL}})
        return figure.update_annotations(selector={"xshift": 6}, font={"size": SMALL})

    return PaperFigure(
        "loss",
        "Loss convergence",
        size,
        plotly,
        lambda figure: matplotlib_figures.loss(figure, epochs, baselines, best_epoch, n_latent, loss_label),
    )


def maps(name, title, panels, colour, cells, size):
    """Embeddings beside one another (core.figures.Panel), two in a row, coloured by a core.figures.Colour.

    With one panel, the names of up to 40 groups are written among their cells.
    """
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    if len(panels) > 1:  # each about as high as a single one
        size = size.as_high_as(rows * size.pixels[1] * 0.62)
    n = len(colour.categories or ())
    named = len(panels) == 1 and 0 < n <= LABELS_UP_TO
    fits = n * ENTRY + 40 <= size.pixels[1]

    def plotly():
        figure = figures.panels(
            panels, colour, cells, columns=columns, webgl=False, labels=named, pixels=size.pixels
        )
        position = {"x": 1.01, "y": 1, "xanchor": "left", "yanchor": "top", "orientation": "v"}
        figure.update_layout(legend=position | {"entrywidth": None, "font": {"size": SMALL}}, showlegend=fits)
        figure.update_traces(
            marker={"size": max(1.5, figures.point_size(len(cells)) * 0.6)}, hoverinfo="skip"
        )
        figure.update_traces(text=None, customdata=None, hovertemplate=None)
        figure.update_traces(hovertext=None)
        return figure.update_annotations(selector={"captureevents": True}, font={"size": SMALL})

    return PaperFigure(
        name,
        title,
        size,
        plotly,
        lambda figure: matplotlib_maps.maps_of(figure, panels, colour, columns, named),
        len(cells) * len(panels) <= MOST_POINTS and (fits or named),
    )


def shown_maps(maps, size):
    """The maps of the Clusters page (core.figures.maps_file.Maps) as they were shown, each with its own colour."""
    columns = max(1, min(maps.columns, len(maps.panels)))
    rows = -(-len(maps.panels) // columns)
    if len(maps.panels) > 1:
        size = size.as_high_as(rows * size.pixels[1] * 0.62)

    def draw(figure):
        matplotlib_maps.shown(figure, maps)

    return PaperFigure("maps", "The maps as they were shown", size, None, draw, vectors=False)


def dots(features, groups, means, shares, unit, size, n_genes=None):
    """The best markers of each group, as high as their rows; `n_genes` as of `core.figures.markers.dot_plot`."""
    size = size.as_high_as(max(size.pixels[1] / 2, 90 + 15 * max(len(features), 5)))
    arguments = features, groups, means, shares, unit
    return PaperFigure(
        "markers",
        "The best markers of each group",
        size,
        lambda: figures.dot_plot(*arguments, n_genes=n_genes),
        lambda figure: matplotlib_figures.dots(figure, *arguments, n_genes),
    )


def composition(names, counts, parts, of, size):
    """The composition of each group, as high as its rows; `of` names the parts."""
    size = size.as_high_as(max(size.pixels[1] / 2, 100 + 18 * len(names)))
    return PaperFigure(
        "composition",
        f"Composition of the groups by {of}" if len(parts) > 1 else "Sizes of the groups",
        size,
        lambda: figures.composition(names, counts, parts),
        lambda figure: matplotlib_figures.composition(figure, names, counts, parts),
    )


def on_paper(paper_figure):
    """The plotly figure of a PaperFigure as JSON: its size, white ground, a font that journals take."""
    figure = paper_figure.plotly()
    wide, high = paper_figure.size.pixels
    figure.update_layout(
        width=wide,
        height=high,
        autosize=False,
        paper_bgcolor="white",
        plot_bgcolor="white",
        font={"family": FONT, "size": TEXT},
        hovermode=False,
    )
    return json.loads(figure.to_json())
