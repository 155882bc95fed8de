"""Selections of cells: a small record of how they were selected, which fits into a link, and the cells it selects.

{"in": embedding, "polygon": [x, y, x, y, ...]} is a lasso; {"by": choice, "is": [categories]} and {"by": choice, "from":
low, "to": high} select by anything that can colour cells, with "resolution" where that is the clusters.
"""

import json
import math
import sys

import numpy as np

from core.config import DEFAULT_RESOLUTION
from core.errors import UserError
from core.figures import has_value, inside
from core.text import listed
from dashboard.pages.clusters.colours import CLUSTERS, colour_of, label
from dashboard.pages.clusters.viewer import embeddings

VERTICES = 400  # of a polygon at most, to fit into a link
INVALID = "The selection in this link is invalid. Select the cells again."
NONE_SELECTED = "No cells are selected. Draw a lasso, click in the legend, or use the form below the plots."


def read(text):
    """The record in a link as JSON, or None where there is none; raises UserError where it is invalid."""
    if not text:
        return None
    try:
        selection = json.loads(text)
    except ValueError:
        raise UserError(INVALID) from None
    return checked(selection)


def checked(selection):
    """`selection` if it is a valid record; raises UserError otherwise."""
    if isinstance(selection, dict) and _is_number(selection.get("resolution", DEFAULT_RESOLUTION)):
        corners = selection.get("polygon")
        if isinstance(selection.get("in"), str) and isinstance(corners, list):
            numbers = all(_is_number(c) for c in corners)
            if numbers and len(corners) % 2 == 0 and 6 <= len(corners) <= 2 * VERTICES:
                return selection
        if isinstance(selection.get("by"), str):
            if isinstance(selection.get("is"), list):
                return selection
            limits = [selection.get(end) for end in ("from", "to")]
            if any(e is not None for e in limits) and all(e is None or _is_number(e) for e in limits):
                return selection
    raise UserError(INVALID)


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def cells(view, run, selection):
    """(cells,) bool of the selected cells, or None without a selection; raises UserError where it cannot be applied."""
    if selection is None:
        return None
    selection = checked(selection)
    if "polygon" in selection:
        points = embeddings.points(view, run, selection["in"])
        if points is None:
            raise UserError(
                "The embedding of this selection is not computed yet. Wait for it, or select again."
            )
        return inside(points[:, :2], np.reshape(selection["polygon"], (-1, 2)))
    colour = colour_of(view, run, selection["by"], selection.get("resolution", DEFAULT_RESOLUTION))
    values = np.asarray(colour.values)
    if "is" in selection:
        if colour.categories is None:
            raise UserError(f"{colour.name} is numeric. Select a range of numbers.")
        names = set(map(str, selection["is"]))
        codes = [k for k, name in enumerate(colour.categories) if str(name) in names]
        return np.isin(values, codes)
    if colour.categories is not None:
        raise UserError(f"{colour.name} is categorical. Select one or more categories.")
    low = -math.inf if selection.get("from") is None else selection["from"]
    high = math.inf if selection.get("to") is None else selection["to"]
    return has_value(colour) & (values >= low) & (values <= high)


def sentence(view, run, selection, selected):
    """The selection as a sentence; `selected` is (cells,) bool."""
    if selection is None:
        return "No cells are selected."
    n, total = int(selected.sum()), f"{len(selected):,}"
    return f"{n:,} of {total} cells selected: {description(view, run, selection)}."


def description(view, run, selection):
    """How the cells were selected, such as "cluster at resolution 1 is 3 and 5"."""
    if "polygon" in selection:
        return f"by lasso in {embeddings.label(view, run, selection['in'])}"
    name = "cluster" if selection["by"] == CLUSTERS else label(selection["by"])
    if selection["by"] == CLUSTERS:
        name = f"cluster at resolution {selection.get('resolution', DEFAULT_RESOLUTION):g}"
    if "is" in selection:
        names = [str(c) for c in selection["is"]]
        names = [*names[:8], f"{len(names) - 8} more"] if len(names) > 9 else names
        return f"{name} is {listed(names)}" if names else f"{name} is none of its values"
    limits = [(selection.get("from"), "at least"), (selection.get("to"), "at most")]
    return f"{name} is {' and '.join(f'{word} {limit:g}' for limit, word in limits if limit is not None)}"


def toggled(selection, by, resolution, name):
    """The selection after a click on a category: the category is added, or removed where it was selected.

    A selection by something else is replaced; None where no category is left.
    """
    base = {"by": by} | ({"resolution": resolution} if by == CLUSTERS else {})
    same = selection is not None and "is" in selection and {k: selection.get(k) for k in base} == base
    names = [str(n) for n in selection["is"]] if same else []
    names = [n for n in names if n != name] if name in names else [*names, name]
    return base | {"is": names} if names else None
