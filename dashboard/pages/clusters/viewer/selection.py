"""Selections: a small record of how cells were chosen, which a link can carry, and the cells that it means.

{"in": embedding, "polygon": [x, y, x, y, ...]} is a lasso; {"by": choice, "is": [categories]} and {"by": choice, "from":
low, "to": high} go by what can colour cells, with "resolution" where that is the clusters.
"""

import json
import math

import numpy as np

from core.errors import UserError
from core.figures import inside, known
from core.text import listed
from dashboard.pages.clusters.colours import CLUSTERS, colour_of, label
from dashboard.pages.clusters.viewer import embeddings

VERTICES = 400  # of a polygon at most: a link has to carry it
NONSENSE = "The selection in this link cannot be read: select the cells anew."


def read(text):
    """The record that a link carries as JSON, or None where there is none; raises UserError where it is nonsense."""
    if not text:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        raise UserError(NONSENSE) from None
    return checked(found)


def checked(found):
    """`found` if it is a record of a selection; raises UserError else."""
    if isinstance(found, dict):
        corners = found.get("polygon")
        if isinstance(found.get("in"), str) and isinstance(corners, list):
            numbers = all(isinstance(c, int | float) and math.isfinite(c) for c in corners)
            if numbers and len(corners) % 2 == 0 and 6 <= len(corners) <= 2 * VERTICES:
                return found
        if isinstance(found.get("by"), str):
            if isinstance(found.get("is"), list):
                return found
            ends = [found.get(end) for end in ("from", "to")]
            if any(e is not None for e in ends) and all(e is None or _is_number(e) for e in ends):
                return found
    raise UserError(NONSENSE)


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def cells(view, run, chosen):
    """(cells,) bool of the selected cells, or None without a selection; raises UserError where its means are gone."""
    if chosen is None:
        return None
    chosen = checked(chosen)
    if "polygon" in chosen:
        points = embeddings.points(view, run, chosen["in"])
        if points is None:
            raise UserError(
                "The embedding of the selection has not been drawn yet: wait for it, or select anew."
            )
        return inside(points[:, :2], np.reshape(chosen["polygon"], (-1, 2)))
    colour = colour_of(view, run, chosen["by"], chosen.get("resolution", 1.0))
    values = np.asarray(colour.values)
    if "is" in chosen:
        if colour.categories is None:
            raise UserError(f"{colour.name} has numbers, no categories: select from one number to another.")
        codes = [k for k, name in enumerate(colour.categories) if str(name) in set(map(str, chosen["is"]))]
        return np.isin(values, codes)
    if colour.categories is not None:
        raise UserError(f"{colour.name} has categories, no numbers: select some of them.")
    low = -math.inf if chosen.get("from") is None else chosen["from"]
    high = math.inf if chosen.get("to") is None else chosen["to"]
    return known(colour) & (values >= low) & (values <= high)


def words(view, run, chosen, found):
    """The selection as a sentence."""
    if chosen is None:
        return "No cells are selected."
    n = int(found.sum())
    many = "No cell is" if not n else ("1 cell is" if n == 1 else f"{n:,} cells are")
    return f"{many} selected of {len(found):,}: {how(view, run, chosen)}."


def how(view, run, chosen):
    """How the cells of a selection were chosen."""
    if "polygon" in chosen:
        return f"by lasso in {embeddings.label(view, run, chosen['in'])}"
    name = "cluster" if chosen["by"] == CLUSTERS else label(chosen["by"])
    if chosen["by"] == CLUSTERS:
        name = f"cluster at resolution {chosen.get('resolution', 1.0):g}"
    if "is" in chosen:
        shown = [str(c) for c in chosen["is"]]
        shown = [*shown[:8], f"{len(shown) - 8} more"] if len(shown) > 9 else shown
        return f"{name} is {listed(shown)}" if shown else f"{name} is none of its values"
    ends = [(chosen.get("from"), "at least"), (chosen.get("to"), "at most")]
    return f"{name} is {' and '.join(f'{word} {end:g}' for end, word in ends if end is not None)}"


def toggled(chosen, by, resolution, name):
    """The selection after a click on a category: that one alone, or with those of the same colour chosen before.

    A second click takes the category out again; None when none is left.
    """
    base = {"by": by} | ({"resolution": resolution} if by == CLUSTERS else {})
    same = chosen is not None and "is" in chosen and {k: chosen.get(k) for k in base} == base
    names = [str(n) for n in chosen["is"]] if same else []
    names = [n for n in names if n != name] if name in names else [*names, name]
    return base | {"is": names} if names else None
