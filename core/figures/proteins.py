"""Proteins before and after their transform: a pair of histograms each, with the limit of the background."""

import numpy as np
from plotly.subplots import make_subplots

from core.figures.histograms import Binned, outline
from core.figures.theme import empty, template, theme_colours
from core.figures.traces import escape

ROW = 150  # pixels a protein
TICKS = (0, 1, 10, 100, 1000, 10_000, 100_000)


def protein_histograms(proteins, transform, theme="light"):
    """A row for each protein: its counts on a log axis, and its values after `transform`; the dashed line is the limit.

    `proteins` are records with "name", "before" and "after" ({"counts", "edges"}; before: of log10(1 + count)),
    "limit_before", "limit_after" and "above", the share of cells above the limit (None without isotype controls).
    """
    if not proteins:
        return empty("no protein is chosen", theme, ROW)
    n, c = len(proteins), theme_colours(theme)
    titles = [title for protein in proteins for title in (escape(protein["name"]), _above(protein))]
    gap = min(0.3, 52 / (ROW * n)) if n > 1 else 0
    figure = make_subplots(n, 2, subplot_titles=titles, horizontal_spacing=0.1, vertical_spacing=gap)
    for row, protein in enumerate(proteins, 1):
        for column, (side, line) in enumerate((("before", "limit_before"), ("after", "limit_after")), 1):
            binned = Binned(np.array(protein[side]["counts"]), np.array(protein[side]["edges"]))
            hover = "%{y:,} cells<br>%{customdata}"
            if side == "before":  # hover has counts; their logarithm is drawn
                outline(
                    figure, column, binned, False, theme, hover, row=row, hover_edges=10**binned.edges - 1
                )
                ticks = [t for t in TICKS if np.log10(1 + t) <= binned.edges[-1]]
                positions = [float(np.log10(1 + t)) for t in ticks]
                axis = {"tickvals": positions, "ticktext": [f"{t:,}" for t in ticks]}
                figure.update_xaxes(**axis, row=row, col=column)
            else:
                outline(figure, column, binned, False, theme, hover, row=row)
            if protein[line] is not None:
                figure.add_vline(
                    protein[line], line={"color": c.text, "width": 1.5, "dash": "dash"}, row=row, col=column
                )
    figure.update_xaxes(title_text="counts, log axis", row=n, col=1)
    figure.update_xaxes(title_text=UNITS[transform], row=n, col=2)
    figure.update_yaxes(title_text="cells", col=1, tickfont_size=9)
    figure.update_yaxes(tickfont_size=9, col=2)
    figure.update_annotations(font_size=12)
    figure.update_layout(
        template=template(theme), height=ROW * n + 60, showlegend=False, margin={"t": 26, "b": 44, "r": 12}
    )
    return figure


UNITS = {
    "clr": "CLR across cells",
    "clr_cells": "CLR within the cell",
    "dsb": "DSB, sd of empty droplets",
    "none": "counts",
}


def _above(protein):
    return "" if protein["above"] is None else f"{100 * protein['above']:.0f} % of cells above the background"
