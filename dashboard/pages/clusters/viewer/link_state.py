"""What the viewer shows, as a link carries it: panels, colour, resolution, dimensions and selection."""

from typing import NamedTuple

from core.config import DEFAULT_RESOLUTION, RESOLUTIONS
from core.errors import UserError
from dashboard.pages.clusters.colours import CLUSTERS
from dashboard.pages.clusters.links import BETWEEN
from dashboard.pages.clusters.viewer import embeddings
from dashboard.pages.clusters.viewer import selection as selecting

MOST = 4  # panels
COUNTS = (1, 2, 4)
FEW_PANELS = 100_000  # cells above which two panels are shown first


class State(NamedTuple):
    """The embeddings of the panels, what colours them, and the selection; `remarks` are words on what was not understood."""

    panels: tuple
    by: str = CLUSTERS
    resolution: float = DEFAULT_RESOLUTION
    k: int = 2
    selection: dict | None = None
    remarks: tuple = ()


def read(asked, view, run):
    """The State that the query of a link asks for, with defaults for what it leaves open or says wrongly."""
    known = embeddings.default(view, run)
    n_cells = view.dataset(run["dataset"])["record"]["cells"]
    first = known if n_cells <= FEW_PANELS else [known[0], known[-1]]
    panels = [key for key in asked.get("panels", "").split(BETWEEN) if key][:MOST] or first
    if len(panels) not in COUNTS:
        panels = panels[: max(n for n in COUNTS if n <= len(panels))]
    remarks, selection = [], None
    try:
        resolution = float(asked.get("resolution", DEFAULT_RESOLUTION))
    except ValueError:
        resolution = None
    if resolution not in RESOLUTIONS:
        remarks.append("This link asks for clusters of a resolution that was not computed.")
        resolution = DEFAULT_RESOLUTION
    try:
        selection = selecting.read(asked.get("select"))
    except UserError as error:
        remarks.append(str(error))
    k = 3 if asked.get("dimensions") == "3" else 2
    return State(tuple(panels), asked.get("by") or CLUSTERS, resolution, k, selection, tuple(remarks))
