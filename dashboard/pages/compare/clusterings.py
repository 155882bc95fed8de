"""The clusters of compared runs, cell by cell: those of one run for the cells of another, by the names of the cells."""

from functools import lru_cache

import numpy as np

from core.analysis.cluster_agreement import shared_cells
from core.config.run_files import clusters_of
from core.figures import Colour, leiden_colour

OWN = "own"
OBS = "obs:"
MOST_DRAWN = 20_000  # cells of one map
FEW_SHARED = 0.5  # of the cells of a run: fewer may have a name in common by chance


def names_of(view, dataset):
    """(cells,) names of the cells of a dataset, as bytes."""
    return np.asarray(view.datasets.folder(dataset).cells())


def clusters(view, run, resolution):
    """(cells,) Leiden clusters of a run at a resolution, or None where it has none."""
    return view.results.array(run.id, clusters_of(resolution))


def has_clusters(view, runs, resolution):
    """Those of the runs that have clusters at a resolution."""
    return [run for run in runs if clusters(view, run, resolution) is not None]


def pair(view, first, second, resolution):
    """((n,), (n,)) clusters of the cells that two runs share."""
    codes = [np.asarray(clusters(view, run, resolution)) for run in (first, second)]
    rows = shared(view, first.row["dataset"], second.row["dataset"])
    return tuple(codes if rows is None else (each[at] for each, at in zip(codes, rows, strict=True)))


def shared(view, first, second):
    """(rows of the first dataset, rows of the second) with cells of the same name; None where it is one dataset."""
    if first == second:
        return None
    return _shared(*(_Names(view, dataset) for dataset in (first, second)))


class _Names:
    """The names of a dataset's cells, by the id of the dataset: a dataset never changes its cells."""

    def __init__(self, view, dataset):
        self.view, self.dataset = view, dataset

    def __eq__(self, other):
        return self.dataset == other.dataset

    def __hash__(self):
        return hash(self.dataset)


@lru_cache(maxsize=8)
def _shared(first, second):
    return shared_cells(*(names_of(one.view, one.dataset) for one in (first, second)))


def colour_of(view, run, by, runs, resolution):
    """The Colour of the cells of a run: by its own clusters, those of another run, or a column of obs; None without any."""
    if by.startswith(OBS):
        return _of_column(view, run, by.removeprefix(OBS), runs)
    source = run if by == OWN else next((one for one in runs if one.id == by), None)
    codes = None if source is None else clusters(view, source, resolution)
    if codes is None:
        return None
    colour = leiden_colour(np.asarray(codes), resolution)
    if by != OWN:
        colour = colour._replace(name=f"cluster of {source.name}")
    rows = shared(view, source.row["dataset"], run.row["dataset"])
    if rows is None:
        return colour
    values = np.full(len(names_of(view, run.row["dataset"])), -1)
    values[rows[1]] = np.asarray(codes)[rows[0]]
    return colour._replace(values=values)


def common_columns(view, runs):
    """The names of the columns with categories that the datasets of all runs have."""
    names = None
    for dataset in dict.fromkeys(run.row["dataset"] for run in runs):
        own = [one["name"] for one in view.datasets.folder(dataset).columns() if one["kind"] == "category"]
        names = own if names is None else [name for name in names if name in own]
    return names or []


def _of_column(view, run, name, runs):
    """A column of obs; a category has the same colour in every dataset."""
    categories = {}
    for dataset in dict.fromkeys(one.row["dataset"] for one in runs):
        try:
            entry, _ = view.datasets.folder(dataset).column(name)
        except KeyError:
            return None
        if entry["kind"] != "category":
            return None
        categories |= dict.fromkeys(entry["categories"])
    order = {category: i for i, category in enumerate(categories)}
    entry, codes = view.datasets.folder(run.row["dataset"]).column(name)
    table = np.array([*(order[category] for category in entry["categories"]), -1])
    return Colour(name, table[codes], tuple(categories))


def drawn(n_cells):
    """The rows of at most 20,000 of the cells, evenly."""
    return np.arange(n_cells)[:: max(1, -(-n_cells // MOST_DRAWN))]
