"""The tables of a run that is taken away, as CSV."""

from itertools import chain

import numpy as np

from core import safe_csv
from core.analysis.metrics.descriptions import SCORES, SPACES, meaning_of

ROWS = 20_000  # written at once


def write(path, head, columns):
    """A CSV of columns (arrays of one length, names as bytes are decoded), UTF-8, some thousand lines at a time."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = safe_csv.Writer(file)
        writer.writerow(head)
        for start in range(0, len(columns[0]), ROWS):
            parts = [np.asarray(column[start : start + ROWS]) for column in columns]
            parts = [np.char.decode(p, "utf-8") if p.dtype.kind == "S" else p for p in parts]
            writer.writerows(zip(*parts, strict=True))


def named(codes, names):
    """(cells,) object: the name of each code, "" for -1."""
    return np.array([*map(str, names), ""], dtype=object)[np.asarray(codes)]


def cells(path, cells, clusters, split, namings, columns, scores):
    """cells.csv: a row a cell with its cluster, set, names by hand (`columns` are theirs) and `scores` {name: (cells,)}."""
    head = ["cell", "nuwa_cluster", "nuwa_split", *columns, *scores]
    values = [cells, clusters, split, *(named(n.codes, n.names) for n in namings), *scores.values()]
    write(path, head, values)


def spaces(path, cells, found):
    """A row a cell, a column an axis of each of `found`, {name: (cells, k)}: latent.csv and embeddings.csv."""
    head = ["cell", *(f"{name}_{i + 1}" for name, points in found.items() for i in range(points.shape[1]))]
    write(path, head, [cells, *chain.from_iterable(np.asarray(points).T for points in found.values())])


def scores(path, flat, judged=None):
    """scores.csv: the table of all spaces where they were judged (records of core.analysis.metrics.benchmark), and the run's own scores."""
    rows = [
        [
            r["score"],
            SPACES[r["space"]],
            _plain(r["value"]),
            r["cells"],
            r["note"],
            SCORES[r["score"]].sentence,
        ]
        for r in judged or []
    ]
    rows += [
        [name, "the run", _plain(value), flat.get("judged_cells", ""), "", meaning_of(name)]
        for name, value in flat.items()
    ]
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = safe_csv.Writer(file)
        writer.writerow(["score", "space", "value", "cells", "note", "meaning"])
        writer.writerows(rows)


def _plain(value):
    return "" if value is None else value
