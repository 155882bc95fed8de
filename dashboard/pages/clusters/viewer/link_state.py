"""What the viewer shows, as it is in a link: panels, colour, resolution, dimensions, selection and filter."""

from typing import NamedTuple

from core.config import DEFAULT_RESOLUTION, RESOLUTIONS
from core.errors import UserError
from dashboard.pages.clusters.colours import CLUSTERS
from dashboard.pages.clusters.links import BETWEEN
from dashboard.pages.clusters.viewer import embeddings, filters
from dashboard.pages.clusters.viewer import selection as selections

MOST = 4  # panels
COUNTS = (1, 2, 3, 4)
FIRST = 2  # panels that are shown first


class ViewerState(NamedTuple):
    """What the viewer shows and how it is drawn; `notes` are sentences on what in a link was not understood."""

    panels: tuple  # keys of embeddings
    by: str = CLUSTERS  # what colours the cells
    resolution: float = DEFAULT_RESOLUTION
    k: int = 2  # dimensions
    selection: dict | None = None
    notes: tuple = ()
    linked: bool = True  # panels of the same embedding move and zoom together
    tool: str = "pan"  # what dragging does: "pan" or "lasso"
    theme: str = "light"
    webgl: bool = True
    filter: tuple = ()  # of viewer/filters.py
    outside: str = filters.GREY  # how cells outside it are drawn


def from_link(query, view, run):
    """The ViewerState of a link's query, with the default for what is missing or invalid."""
    panels = [key for key in query.get("panels", "").split(BETWEEN) if key][:MOST]
    panels = panels or embeddings.default(view, run)[:FIRST]
    notes, selection, records = [], None, ()
    try:
        resolution = float(query.get("resolution", DEFAULT_RESOLUTION))
    except ValueError:
        resolution = None
    if resolution not in RESOLUTIONS:
        notes.append("The clusters of the resolution in this link were not computed.")
        resolution = DEFAULT_RESOLUTION
    try:
        selection = selections.read(query.get("select"))
    except UserError as error:
        notes.append(str(error))
    try:
        records = filters.read(query.get("filter"))
    except UserError as error:
        notes.append(str(error))
    k = 3 if query.get("dimensions") == "3" else 2
    outside = filters.HIDDEN if query.get("outside") == filters.HIDDEN else filters.GREY
    state = ViewerState(tuple(panels), query.get("by") or CLUSTERS, resolution, k, selection, tuple(notes))
    return state._replace(filter=records, outside=outside)


def panels_of(view, run, count, keys):
    """The keys of the first `count` panels; a picker without a value has the default of its place."""
    default = embeddings.default(view, run)
    return tuple(key or default[i] for i, key in enumerate(keys))[: count or MOST]


def from_controls(view, run, controls):
    """The ViewerState of the values of the controls, a dict as viewer/callbacks.py lists them."""
    values = dict(controls)
    panels = panels_of(view, run, values.pop("count"), values.pop("keys"))
    linked, tool = bool(values.pop("linked")), values.pop("tool") or "pan"
    values["filter"] = filters.checked(values["filter"])
    values["outside"] = values["outside"] or filters.GREY
    return ViewerState(panels, linked=linked, tool=tool, webgl=values.pop("webgl") is not False, **values)
