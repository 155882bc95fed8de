"""What the card on mapped cells shows of a mapping: its picture, sentences and tables."""

import numpy as np
from dash import html

from core import figures
from core.analysis import mapping_summary
from dashboard.components.widgets import notice, number, table
from dashboard.pages.clusters.viewer import embeddings
from dashboard.pages.clusters.viewer.mapped_colours import colour_of_mapped

MOST_ROWS = 40  # of a table of own against transferred labels


def own_columns(view, about):
    """The obs columns with names that the mapped data set has; none where it was deleted."""
    if view.readable("dataset", about["dataset"]) is None:
        return []
    return [c["name"] for c in view.datasets.folder(about["dataset"]).columns() if c["kind"] == "category"]


def own_labels(view, about, column):
    """(cells,) names of the mapped cells' own labels, "" where there is none; None where no column is asked for."""
    if column not in own_columns(view, about):
        return None
    entry, codes = view.datasets.folder(about["dataset"]).column(column)
    return np.array([*map(str, entry["categories"]), ""])[codes]


def picture(view, run, about, arrays, by, threshold, own, theme, webgl):
    """The figure of the mapped cells over those of the run; raises UserError where there is nothing to colour by."""
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


def words(about, arrays):
    """Notices on what was filled, and how far the cells lie."""
    said, warns = mapping_summary.distance_words(arrays["farness"])
    return [notice(note, "warn") for note in about["notes"]] + [notice(said, "warn" if warns else "info")]


def tables(about, arrays, threshold, own, column):
    """Cells by transferred label, and where the cells have labels of their own, those against these."""
    codes = mapping_summary.sure(arrays["codes"], arrays["confidence"], threshold)
    rows = [
        [name, f"{n:,}", f"{share:.1%}", number(float(mean))]
        for name, n, share, mean in mapping_summary.counts_of(about["names"], codes, arrays["confidence"])
    ]
    parts = [table([about["title"], "cells", "share", "confidence, mean"], rows, numeric=(1, 2, 3))]
    if own is not None:
        found = mapping_summary.agreement(own, about["names"], codes)
        parts.append(html.P(html.Strong(mapping_summary.agreement_words(found, column))))
        parts.append(_against(found, column))
    return parts


def _against(found, column):
    if max(len(found.rows), len(found.columns)) > MOST_ROWS:
        return html.P(
            f"A table of {len(found.rows)} own by {len(found.columns)} transferred labels is too large to read: take the CSV.",
            className="help",
        )
    head = [f"own {column}", *found.columns]
    rows = [
        [name, *(f"{n:,}" for n in line)]
        for name, line in zip(found.rows, found.counts.tolist(), strict=True)
    ]
    return table(head, rows, numeric=tuple(range(1, len(head))))
