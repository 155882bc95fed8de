"""What colours the cells of a film, and the Colour behind a choice."""

import numpy as np

from core import figures
from core.config import DEFAULT_RESOLUTION
from core.store import Explored
from dashboard.pages.clusters import colours as of_clusters

SETS = "sets"  # validation cells or others, which is known from the first frame on


def options(view, run):
    """Options of a picker: the sets of cells, obs columns, and once they are there the clusters."""
    numbers = [c["name"] for c in view.datasets.folder(run["dataset"]).columns() if c["kind"] == "number"]
    groups = of_clusters.groupings(view, run)
    if run["explored"] != Explored.READY:
        groups = [option for option in groups if option["value"].startswith("obs:")]
    sets = {"label": "Validation cells", "value": SETS}
    return [sets, *groups, *({"label": f"{name} (obs)", "value": f"obs:{name}"} for name in numbers)]


def default(view, run):
    """The choice that a film opens with: a column of cell types, else the sets."""
    values = [option["value"] for option in options(view, run)]
    return next((value for value in values if value.startswith("obs:") and "type" in value.lower()), SETS)


def colour_of(view, run, film, by):
    """The figures.Colour of the cells of a core.store.film.Film; raises UserError where there is no such choice."""
    if by == SETS:
        names = ("training and test cells", "validation cells")
        return figures.Colour("set", film.is_validation.astype(int), names)
    colour = of_clusters.colour_of(view, run, by, DEFAULT_RESOLUTION)
    return colour._replace(values=np.asarray(colour.values)[film.cells])
