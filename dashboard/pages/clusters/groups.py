"""The groups of cells behind a choice such as "clusters" or "obs:batch"."""

import numpy as np

from core.errors import UserError
from core.figures import named_colour
from core.store import Groups
from dashboard.pages.clusters.colours import colour_of


def groups_of(view, run, base, resolution):
    """(title, Groups) of a choice; raises UserError where it is numeric."""
    colour = colour_of(view, run, base, resolution)
    if colour.categories is None:
        raise UserError(f"{colour.name} is numeric. Choose a categorical column.")
    return colour.name, Groups([str(c) for c in colour.categories], np.asarray(colour.values), colour.unit)


def palette_of(view, run, key):
    """'#rrggbb' of each of the Groups of a key: as in the clustering that they are of, or else those of the palette."""
    groups = view.groups.one(run["id"], key)
    rows = [row for row in view.clusterings.all(run["id"]) if row["groups"] == key]
    chosen = rows[-1]["colours"] if rows else {}
    return named_colour("", groups.names, groups.codes, chosen=chosen).palette()
