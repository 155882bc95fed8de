"""Counts of the values of a column: cells of each category or bin, of all cells and of those that pass a filter.

A column becomes one small code for each cell, which stays in a bounded cache. A count of a million cells is then one or
two milliseconds (numpy.bincount); a browser would have to be sent all columns first.
"""

import numpy as np

from core.figures import has_value
from dashboard.components.bounded_cache import BoundedCache
from dashboard.pages.clusters.colours import colour_of
from dashboard.pages.clusters.stamps import stamp
from dashboard.pages.clusters.viewer import filters
from dashboard.pages.clusters.viewer.selection import shown_name

BINS = 40  # of a histogram at most
MOST_ROWS = 20  # categories that are listed; a search finds the others
_columns = BoundedCache(256 * 1024**2, lambda column: column.codes.nbytes)


class CodedColumn:
    """One code for each cell: the index of its category or bin, or `n` without a value.

    `codes` is (cells,) of the smallest unsigned type, `total` (n + 1,) counts of all cells, `names` the categories, or
    None where `edges`, (n + 1,), are the edges of the bins of numbers, as numpy.histogram has them.
    """

    def __init__(self, colour):
        self.names, self.edges = colour.categories, None
        values, known = np.asarray(colour.values), has_value(colour)
        if self.names is None:
            self.edges = edges_of(values[known])
            self.n = len(self.edges) - 1
            codes = np.full(len(values), self.n)
            if self.n:
                codes[known] = _bins(values[known], self.edges)
        else:
            self.n = len(self.names)
            codes = np.where(known, values, self.n)
        self.codes = codes.astype(np.min_scalar_type(self.n))
        self.total = self.counts(None)

    def counts(self, rows):
        """(n + 1,) cells of each code among the indices `rows`, of all cells if None; the last have no value."""
        codes = self.codes if rows is None else self.codes[rows]
        return np.bincount(codes, minlength=self.n + 1)


def edges_of(values):
    """(bins + 1,) edges of a histogram of numbers: one bin for each whole number where these are few.

    Without a number there is no bin, and equal numbers have one bin around them.
    """
    if not len(values):
        return np.zeros(1)
    low, high = float(values.min()), float(values.max())
    if low == high:
        wide = max(0.5, 1e-6 * abs(low))
        return np.array([low - wide, high + wide])
    if high - low < BINS and (values == np.rint(values)).all():
        return np.arange(low - 0.5, high + 1)
    return np.linspace(low, high, BINS + 1)


def _bins(values, edges):
    """(values,) the bin of each number, exact at the edges; the last bin has its upper edge, too."""
    n, low, high = len(edges) - 1, edges[0], edges[-1]
    values = np.asarray(values, dtype=np.float64)
    places = np.clip(((values - low) * (n / (high - low))).astype(np.intp), 0, n - 1)
    places -= values < edges[places]
    places += (values >= edges[places + 1]) & (places < n - 1)
    return places


def coded(view, run, by, resolution):
    """The CodedColumn of a choice of a colour; raises UserError where it does not exist."""
    key = stamp(view, run, by, resolution)

    def compute():
        return CodedColumn(colour_of(view, run, by, resolution))

    return compute() if key is None else _columns.get(key, compute)


def answer(view, run, records, resolution, columns):
    """The counts for the page: {"n", "shown", "columns": [...]}, one entry for each of `columns` in their order.

    `records` is the filter. A column is {"by": choice, "search": text}. Its entry has "missing": [of all, shown] cells
    without a value, and of categories "rows": [[name, of all, shown]], "categories" (how many have cells) and "found" (how
    many match the search); of numbers "edges", "total" and "shown" by bin, and "low" and "high".
    """
    inside = filters.cells(view, run, records)
    rows = None if inside is None else np.flatnonzero(inside)
    entries = [_entry(view, run, records, resolution, rows, column) for column in columns]
    n = len(view.datasets.folder(run["dataset"]).cells()) if inside is None else len(inside)
    return {"n": n, "shown": n if rows is None else len(rows), "columns": entries}


def _entry(view, run, records, resolution, rows, wanted):
    by = str(wanted["by"])
    column = coded(view, run, by, resolution)
    shown = column.total if rows is None else column.counts(rows)
    entry = {"by": by, "missing": [int(column.total[-1]), int(shown[-1])]}
    if column.names is None:
        bins = {"edges": column.edges.tolist(), "total": column.total[:-1].tolist()}
        return entry | bins | {"shown": shown[:-1].tolist()}
    indices, n_found = _listed(column, str(wanted.get("search") or ""), _named(records, by))
    listed = [[str(column.names[i]), int(column.total[i]), int(shown[i])] for i in indices]
    n_filled = int(np.count_nonzero(column.total[:-1]))
    return entry | {"rows": listed, "categories": n_filled, "found": n_found}


def _listed(column, search, named):
    """(indices of the categories to list, how many match): in their order, or the largest where they are many.

    Those in the filter are always listed. A category that no cell has is listed only where it is `named`.
    """
    query = search.strip().lower()
    matching = [int(i) for i in np.flatnonzero(column.total[:-1])]
    named = [i for i, name in enumerate(column.names) if str(name) in named] if named else []
    if query:
        matching = [i for i in matching if query in shown_name(column.names[i]).lower()]
        named = []
    if len(matching) <= MOST_ROWS:
        return sorted({*matching, *named}), len(matching)
    order = np.argsort(-column.total[matching], kind="stable")
    largest = [matching[k] for k in order[:MOST_ROWS]]
    return [*largest, *(i for i in named if i not in largest)], len(matching)


def _named(records, by):
    """The names of the categories that the filter's records by a choice have."""
    plain = [record.get("not", record) for record in records]
    return {str(name) for record in plain if record.get("by") == by for name in record.get("is", ())}
