"""What the card of mapped cells shows of a mapping: its figure, notices and tables."""

import numpy as np
from dash import html

from core import figures
from core.analysis import mapping_summary
from dashboard.components.widgets import notice, number, table
from dashboard.pages.clusters.viewer import embeddings
from dashboard.pages.clusters.viewer.mapped_colours import colour_of_mapped

MOST_ROWS = 40  # of the table of own by transferred labels


def own_columns(view, about):
    """The categorical obs columns of the mapped dataset; none where it was deleted."""
    if view.readable("dataset", about["dataset"]) is None:
        return []
    return [c["name"] for c in view.datasets.folder(about["dataset"]).columns() if c["kind"] == "category"]


def own_labels(view, about, column):
    """(cells,) names of the mapped cells' own labels, "" where a cell has none; None without such a column."""
    if column not in own_columns(view, about):
        return None
    entry, codes = view.datasets.folder(about["dataset"]).column(column)
    return np.array([*map(str, entry["categories"]), ""])[codes]


def figure(view, run, about, arrays, by, threshold, own, theme, webgl):
    """The mapped cells over those of the run; raises UserError where there is nothing to colour by."""
    key = embeddings.first(run)
    axes = embeddings.axes_of(view, run, key)
    names = np.char.decode(arrays["cells"], "utf-8")
    colour = colour_of_mapped(about, arrays, by, threshold, theme, own)
    reference = embeddings.points(view, run, key)
    return figures.mapped(
        f"{axes.title}: {about['name']} over {run['name']} (grey)",
        reference,
        arrays["picture"],
        colour,
        names,
        (axes.x, axes.y),
        theme,
        webgl,
    )


def notices(about, arrays):
    """Notices on filled values, and on how far the cells lie from those of the run."""
    sentence, warns = mapping_summary.distance_words(arrays["farness"])
    return [notice(note, "warn") for note in about["notes"]] + [notice(sentence, "warn" if warns else "info")]


def tables(about, arrays, threshold, own, column):
    """Cells by transferred label, and own by transferred labels where the cells have their own."""
    codes = mapping_summary.sure(arrays["codes"], arrays["confidence"], threshold)
    rows = [
        [name, f"{n:,}", f"{share:.1%}", number(float(mean))]
        for name, n, share, mean in mapping_summary.counts_of(about["names"], codes, arrays["confidence"])
    ]
    parts = [table([about["title"], "cells", "share", "mean confidence"], rows, numeric=(1, 2, 3))]
    if own is not None:
        agreement = mapping_summary.agreement(own, about["names"], codes)
        parts.append(html.P(html.Strong(mapping_summary.agreement_words(agreement, column))))
        parts.append(_calibration(own, about["names"], arrays))
        parts.append(_contingency(agreement, column))
    return parts


def _calibration(own, names, arrays):
    """The table of how often a label is right at each confidence."""
    rows = [
        [f"{low:g} to {high:g}", f"{n:,}", f"{right:.1%}"]
        for low, high, n, right in mapping_summary.calibration(
            own, names, arrays["codes"], arrays["confidence"]
        )
    ]
    return table(["confidence", "cells", "labels correct"], rows, numeric=(1, 2)) if rows else ""


def _contingency(agreement, column):
    """The table of own by transferred labels."""
    n_rows, n_columns = len(agreement.rows), len(agreement.columns)
    if max(n_rows, n_columns) > MOST_ROWS:
        return html.P(
            f"{n_rows} own by {n_columns} transferred labels are too many for a table. Download the CSV instead.",
            className="help",
        )
    head = [f"own {column}", *agreement.columns]
    rows = [
        [name, *(f"{n:,}" for n in counts)]
        for name, counts in zip(agreement.rows, agreement.counts.tolist(), strict=True)
    ]
    return table(head, rows, numeric=tuple(range(1, len(head))))
