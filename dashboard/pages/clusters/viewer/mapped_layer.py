"""Cells of other datasets that were mapped onto a run, as a layer over its own cells in a panel of the viewer.

The key of such a panel is "mapped:KEY", or "mapped:KEY:BY" where something else than the transferred label colours the
mapped cells. The run's own cells are grey there and stay linked to the other panels, tooltips and selections. The mapped
cells are in no other panel and in no selection.
"""

import numpy as np

from core.config import SURE
from core.figures import Over
from core.store import Missing
from dashboard.pages.clusters.viewer.mapped_colours import colour_of_mapped

KIND = "mapped"
LABEL = "label"
# Labels of their own need a column, which only the card of mapped cells asks for.
OFFERED = {LABEL: "Transferred labels", "confidence": "Confidence", "farness": "Distance"}


def keys(view, run):
    """The keys of all such panels, the newest mapping first."""
    ends = ["" if by == LABEL else f":{by}" for by in OFFERED]
    return [f"{KIND}:{one['key']}{end}" for one in view.mappings.all(run["id"]) for end in ends]


def title(view, run, rest):
    """The title of a panel; `rest` is its key without the kind."""
    key, by = _read(rest)
    try:
        about, _ = view.mappings.one(run["id"], key)
    except Missing:
        return "Mapped cells that were deleted"
    return f"{OFFERED[by]} of {about['name']}, mapped"


def stamp(view, run, rest):
    """A text that changes with the coordinates of the mapped cells."""
    about, _ = view.mappings.one(run["id"], _read(rest)[0])
    return f"{about['created']:.3f}"


def layer(view, run, rest, theme="light"):
    """The figures.Over of a panel; raises Missing where the mapping was deleted."""
    key, by = _read(rest)
    about, arrays = view.mappings.one(run["id"], key)
    colour = colour_of_mapped(about, arrays, by, SURE, theme)
    if by == LABEL:
        colour = colour._replace(
            name=f"transferred {colour.name}", unit=f"unknown below a confidence of {SURE:g}"
        )
    return Over(
        np.asarray(arrays["picture"]), colour, np.char.decode(arrays["cells"], "utf-8"), about["name"]
    )


def _read(rest):
    key, _, by = rest.partition(":")
    return key, by if by in OFFERED else LABEL
