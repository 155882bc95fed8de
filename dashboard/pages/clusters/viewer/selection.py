"""Selections of cells: a small record of how they were selected, which fits into a link, and the cells it selects.

{"in": embedding, "polygon": [x, y, x, y, ...]} is a lasso; {"by": choice, "is": [categories]} and {"by": choice, "from":
low, "to": high} select by anything that can colour cells, with "resolution" where that is the clusters. With "missing":
true such a record selects the cells without a value as well, or these alone. {"not": record} selects all other cells,
and {"all": [records]} those that every one of the records selects.
"""

import json
import math
import sys

import numpy as np

from core.config import DEFAULT_RESOLUTION
from core.errors import UserError
from core.figures import has_value, inside
from core.text import listed
from dashboard.components.bounded_cache import BoundedCache
from dashboard.pages.clusters.colours import CLUSTERS, colour_of, label
from dashboard.pages.clusters.stamps import stamp
from dashboard.pages.clusters.viewer import embeddings

VERTICES = 400  # of a polygon at most, to fit into a link
MOST_RECORDS = 40  # in an {"all": [...]}
DEPTH = 8  # of records in records
INVALID = "The selection in this link is invalid. Select the cells again."
NONE_SELECTED = "No cells are selected. Draw a lasso, click in the legend, or use the tab of metadata."
NO_VALUE, EMPTY_TEXT = (
    "no value",
    "empty text",
)  # names of cells without a value, and of a category without a name

# The masks of the records used last: a lasso around a million cells takes a tenth of a second, and each change of the
# page needs the same mask for the plots, the counts and the table.
_masks = BoundedCache(64 * 1024**2, lambda mask: mask.nbytes)


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
    if not _is_valid(selection, DEPTH):
        raise UserError(INVALID)
    return selection


def _is_valid(selection, depth):
    if not isinstance(selection, dict) or not depth:
        return False
    if not _is_number(selection.get("resolution", DEFAULT_RESOLUTION)):
        return False
    if "all" in selection:
        records = selection["all"]
        is_list = isinstance(records, list) and 0 < len(records) <= MOST_RECORDS
        return is_list and all(_is_valid(record, depth - 1) for record in records)
    if "not" in selection:
        return _is_valid(selection["not"], depth - 1)
    corners = selection.get("polygon")
    if isinstance(selection.get("in"), str) and isinstance(corners, list):
        numbers = all(_is_number(c) for c in corners)
        return numbers and len(corners) % 2 == 0 and 6 <= len(corners) <= 2 * VERTICES
    return isinstance(selection.get("by"), str) and _has_values(selection)


def _has_values(selection):
    """Whether a record by a choice names categories, limits or the cells without a value."""
    if not isinstance(selection.get("missing", False), bool):
        return False
    if "is" in selection:
        return isinstance(selection["is"], list)
    limits = [limit for end in ("from", "to") if (limit := selection.get(end)) is not None]
    return all(_is_number(limit) for limit in limits) and bool(limits or selection.get("missing"))


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def cells(view, run, selection):
    """(cells,) bool of the selected cells, read-only; None without a selection. Raises UserError where it cannot be applied."""
    if selection is None:
        return None
    return _cells(view, run, checked(selection))


def _cells(view, run, selection):
    if "all" in selection:
        return np.logical_and.reduce([_cells(view, run, record) for record in selection["all"]])
    if "not" in selection:
        return ~_cells(view, run, selection["not"])
    if "polygon" in selection:
        points, compute = embeddings.points(view, run, selection["in"]), _in_polygon
        if points is None:
            raise UserError(
                "The embedding of this selection is not computed yet. Wait for it, or select again."
            )
        key = f"{run['id']} {run['dataset']} {embeddings.stamp(view, run, selection['in'])}"
    else:
        resolution = selection.get("resolution", DEFAULT_RESOLUTION)
        points, compute = None, _by_value
        key = stamp(view, run, selection["by"], resolution)
    if key is None:
        return compute(view, run, selection, points)
    return _masks.get(
        (key, json.dumps(selection, sort_keys=True)),
        lambda: _read_only(compute(view, run, selection, points)),
    )


def _read_only(mask):
    mask.flags.writeable = False
    return mask


def _in_polygon(view, run, selection, points):
    return inside(points[:, :2], np.reshape(selection["polygon"], (-1, 2)))


def _by_value(view, run, selection, _):
    colour = colour_of(view, run, selection["by"], selection.get("resolution", DEFAULT_RESOLUTION))
    values, known = np.asarray(colour.values), has_value(colour)
    missing = ~known if selection.get("missing") else np.zeros(len(values), dtype=bool)
    if "is" in selection:
        if colour.categories is None:
            raise UserError(f"{colour.name} is numeric. Select a range of numbers.")
        names = set(map(str, selection["is"]))
        is_selected = np.array([*(str(name) in names for name in colour.categories), False])
        return is_selected[np.where(known, values, len(colour.categories))] | missing
    if selection.get("from") is None and selection.get("to") is None:
        return missing
    if colour.categories is not None:
        raise UserError(f"{colour.name} is categorical. Select one or more categories.")
    low = -math.inf if selection.get("from") is None else selection["from"]
    high = math.inf if selection.get("to") is None else selection["to"]
    return (known & (values >= low) & (values <= high)) | missing


def sentence(view, run, selection, selected):
    """The selection as a sentence; `selected` is (cells,) bool."""
    if selection is None:
        return "No cells are selected."
    n, total = int(selected.sum()), f"{len(selected):,}"
    return f"{n:,} of {total} cells selected: {description(view, run, selection)}."


def description(view, run, selection):
    """How the cells were selected, such as "cluster at resolution 1 is 3 and 5"."""
    if "all" in selection:
        return "; ".join(description(view, run, record) for record in selection["all"])
    if "not" in selection:
        return _not(view, run, selection["not"])
    if "polygon" in selection:
        return f"by lasso in {embeddings.label(view, run, selection['in'])}"
    name, or_missing = _name_of(view, run, selection), " or has no value" * selection.get("missing", False)
    if "is" in selection and (selection["is"] or not or_missing):
        values = listed(_names(selection)) if selection["is"] else "none of its values"
        return f"{name} is {values}{or_missing}"
    limits = [(selection.get("from"), "at least"), (selection.get("to"), "at most")]
    limits = " and ".join(f"{word} {limit:g}" for limit, word in limits if limit is not None)
    return f"{name} is {limits}{or_missing}" if limits else f"{name} has no value"


def _not(view, run, selection):
    """How cells were selected that are not in a selection, such as "cell_type (obs) is not B or T"."""
    if "by" not in selection or "from" in selection or "to" in selection:
        return f"not: {description(view, run, selection)}"
    name, names = _name_of(view, run, selection), " or ".join(_names(selection))
    if not selection.get("missing"):
        return f"{name} is not {names or 'any of its values'}"
    return f"{name} has a value" + (f", which is not {names}" if names else "")


def _name_of(view, run, selection):
    """What a record selects by, such as "cluster at resolution 1"."""
    kind, _, line = selection["by"].partition(":")
    if kind == CLUSTERS:
        return f"cluster at resolution {selection.get('resolution', DEFAULT_RESOLUTION):g}"
    return label(selection["by"])


def _names(selection):
    """The categories of a record for people, at most nine."""
    names = [shown_name(name) for name in selection.get("is", ())]
    return [*names[:8], f"{len(names) - 8} more"] if len(names) > 9 else names


def shown_name(category):
    """A category as people see it: an empty text has a name, too."""
    return str(category) if str(category).strip() else EMPTY_TEXT


def toggled(selection, by, resolution, name):
    """The selection after a click on a category: the category is added, or removed where it was selected.

    `name` is None for the cells without a value. A selection by something else is replaced; None where no category is left.
    """
    base = {"by": by} | ({"resolution": resolution} if by == CLUSTERS else {})
    same = selection is not None and "by" in selection and {k: selection.get(k) for k in base} == base
    same = same and "from" not in selection and "to" not in selection
    names = [str(n) for n in selection.get("is", ())] if same else []
    missing = bool(same and selection.get("missing"))
    if name is None:
        missing = not missing
    else:
        names = [n for n in names if n != name] if name in names else [*names, name]
    if not names and not missing:
        return None
    return base | ({"is": names} if names else {}) | ({"missing": True} if missing else {})
