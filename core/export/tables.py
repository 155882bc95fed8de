"""The tables of a run as CSV, the same for a download and for a bundle; light enough for the web process."""

import io
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core import safe_csv
from core.analysis.marker_measures import MEASURES, P_NOTE, SAMPLE_MEASURES, shrunk_fold
from core.analysis.metrics.descriptions import SCORES, SPACES, meaning_of

ROWS = 5_000  # of a table in memory as text
WITH_LABELS = ("ari", "nmi", "ami", "knn_accuracy", "knn_accuracy_pca", "knn_accuracy_difference")


class Table(NamedTuple):
    """The names of columns, and columns of one length: arrays or lists; names of cells may be bytes (UTF-8)."""

    head: list
    columns: list

    def beside(self, other):
        """Both tables as one, of the same rows."""
        return Table([*self.head, *other.head], [*self.columns, *other.columns])

    def lines(self):
        """Yield the CSV as text, some thousand rows at a time; text that begins like a formula is marked."""
        text = io.StringIO()
        writer = safe_csv.Writer(text)
        writer.writerow(self.head)
        for start in range(0, len(self.columns[0]), ROWS):
            writer.writerows(zip(*(_decoded(c[start : start + ROWS]) for c in self.columns), strict=True))
            yield text.getvalue()
            text.seek(0)
            text.truncate()
        yield text.getvalue()  # the head alone, where there is no row

    def write(self, path):
        """Write the CSV to a file, UTF-8."""
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            file.writelines(self.lines())


def _decoded(values):
    if getattr(values, "dtype", None) is not None and values.dtype.kind == "S":
        return np.char.decode(values, "utf-8")
    return values


def named(codes, names):
    """(cells,) object: the name of each code, "" for -1."""
    return np.array([*map(str, names), ""], dtype=object)[np.asarray(codes)]


def cells(cells, clusters, split):
    """A row a cell: its name, its Leiden cluster, and its set ("train", "valid" or "test")."""
    return Table(["cell", "nuwa_cluster", "nuwa_split"], [cells, clusters, split])


def axes(**spaces):
    """A column an axis of each space by name, (cells, k)."""
    head = [f"{name}_{i + 1}" for name, points in spaces.items() for i in range(points.shape[1])]
    return Table(head, [*chain.from_iterable(np.asarray(points).T for points in spaces.values())])


def coordinates(cells, spaces):
    """A row a cell, a column an axis of each of `spaces`, {name: (cells, k)}: latent.csv and embeddings.csv."""
    return Table(["cell"], [cells]).beside(axes(**spaces))


def names(cells, groups, author, seconds):
    """names.csv: the name of each cell in a clustering (store.Groups), who made it and when (seconds since 1970)."""
    constant = author, datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    columns = [cells, named(groups.codes, groups.names)]
    columns += [np.full(len(groups.codes), value, dtype=object) for value in constant]
    return Table(["cell", "name", "author", "time"], columns)


def markers(groups, features, n_genes, values, logged=True, over_samples=None):
    """markers.csv: a row a group and feature, with the MEASURES and what their p values are not.

    `features` are the names of the genes, `n_genes` of them, and then of the proteins; `values` (measures, groups,
    features); `logged`: of the genes, as shrunk_fold has it; `over_samples`: the SAMPLE_MEASURES in the same form, where samples were compared.
    """
    columns = [np.repeat(np.array(groups, dtype=object), len(features))]
    columns += [np.tile(np.array(features, dtype=object), len(groups))]
    columns += [np.tile(kinds(len(features), n_genes), len(groups)), *(v.ravel() for v in values)]
    columns.append(shrunk_fold(np.asarray(values), n_genes, logged).ravel())
    head = ["group", "feature", "kind", *MEASURES, "log_fold_pseudocount"]
    if over_samples is not None:
        head, columns = [*head, *SAMPLE_MEASURES], [*columns, *(_known(v.ravel()) for v in over_samples)]
    return Table([*head, "note"], [*columns, [P_NOTE] * len(columns[0])])


def _known(values):
    """Numbers, and an empty field where there is none."""
    return np.where(np.isnan(values), "", np.char.mod("%.6g", values))


def kinds(n_features, n_genes):
    """(features,) "gene" or "protein": genes come first."""
    return np.where(np.arange(n_features) < n_genes, "gene", "protein")


def profile(record):
    """profile.csv: a row a feature, mean input and reconstruction of chosen cells, as core.worker.jobs.decode leaves them."""
    columns = [
        record["names"],
        kinds(len(record["names"]), record["n_genes"]),
        record["given"],
        record["made"],
    ]
    return Table(["feature", "kind", "input", "reconstruction"], columns)


def mapped(cells, labels, arrays):
    """mapped.csv: a row a mapped cell with its label, confidence, farness, place in the embedding and latent space."""
    columns = [cells, labels, np.asarray(arrays["confidence"]), np.asarray(arrays["farness"])]
    return Table(["cell", "label", "confidence", "farness"], columns).beside(
        axes(nuwa_umap=arrays["picture"], latent=arrays["latent"])
    )


def scores(run_scores, records=()):
    """scores.csv: the table of all spaces where they were compared (records of core.analysis.metrics.benchmark), and
    the run's own scores.
    """
    rows = [
        (
            *(r["score"], SPACES[r["space"]], r["value"], r.get("error"), r["cells"], r["note"]),
            SCORES[r["score"]].sentence,
        )
        for r in records
    ]
    n_cells, of_labels = run_scores.get("judged_cells", ""), run_scores.get("labelled_cells", "")
    for name, value in run_scores.items():
        if not name.endswith("_error"):
            cells = of_labels if name in WITH_LABELS else n_cells
            rows.append(
                (name, "the run", value, run_scores.get(f"{name}_error"), cells, "", meaning_of(name))
            )
    head = ["score", "space", "value", "standard error", "cells", "note", "meaning"]
    columns = zip(*rows, strict=True) if rows else [()] * len(head)
    return Table(head, [["" if value is None else value for value in column] for column in columns])
