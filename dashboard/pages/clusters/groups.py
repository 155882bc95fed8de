"""The groups of cells behind a choice such as "clusters" or "obs:batch"."""

import numpy as np

from core.errors import UserError
from core.store import Groups
from dashboard.pages.clusters.colours import colour_of


def groups_of(view, run, base, resolution):
    """(title, Groups) of a choice; raises UserError where it is numeric."""
    colour = colour_of(view, run, base, resolution)
    if colour.categories is None:
        raise UserError(f"{colour.name} is numeric. Choose a categorical column.")
    return colour.name, Groups([str(c) for c in colour.categories], np.asarray(colour.values), colour.unit)
