"""What the viewer shows, as it is in a link: panels, colours, split, labels, resolution, selection and filter."""

import json
from typing import NamedTuple
from urllib.parse import urlencode

from core.config import DEFAULT_RESOLUTION, RESOLUTIONS
from core.errors import UserError
from core.figures import AUTOMATIC, Clip
from dashboard.pages.clusters.colours import CLUSTERS
from dashboard.pages.clusters.links import BETWEEN
from dashboard.pages.clusters.viewer import embeddings, filters
from dashboard.pages.clusters.viewer import selection as selections
from dashboard.pages.clusters.viewer.clip import clip_of, clip_text, read_clip

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
    colours: tuple = ()  # what colours the panels after the first, where each has its own; "" as the first
    split: str | None = None  # a map for each category of this
    labels: bool = False  # names of categories among their cells
    clip: Clip = AUTOMATIC  # where colour scales end


def from_link(query, view, run):
    """The ViewerState of a link's query, with the default for what is missing or invalid."""
    panels = [key for key in query.get("panels", "").split(BETWEEN) if key][:MOST]
    panels = panels or embeddings.default(view, run)[:FIRST]
    notes, selection, records, clip = [], None, (), AUTOMATIC
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
    try:
        clip = read_clip(query.get("clip"))
    except UserError as error:
        notes.append(str(error))
    return ViewerState(
        tuple(panels),
        query.get("by") or CLUSTERS,
        resolution,
        3 if query.get("dimensions") == "3" else 2,
        selection,
        tuple(notes),
        filter=records,
        outside=filters.HIDDEN if query.get("outside") == filters.HIDDEN else filters.GREY,
        theme="dark" if query.get("theme") == "dark" else "light",  # of a downloaded page alone
        colours=tuple(query["colours"].split(BETWEEN))[: MOST - 1] if "colours" in query else (),
        split=query.get("split") or None,
        labels=query.get("labels") == "1",
        clip=clip,
    )


def to_link(state, run):
    """The query of the link to what a ViewerState shows, without what is as by default."""
    query = {"run": run["id"], "panels": BETWEEN.join(state.panels), "by": state.by}
    query["resolution"] = f"{state.resolution:g}"
    more = {
        "dimensions": "3" if state.k == 3 else "",
        "colours": BETWEEN.join(state.colours) if any(state.colours) else "",
        "split": state.split,
        "labels": "1" if state.labels else "",
        "clip": clip_text(state.clip),
        "select": json.dumps(state.selection) if state.selection else "",
        "filter": json.dumps(state.filter) if state.filter else "",
        "outside": state.outside if state.outside == filters.HIDDEN else "",
    }
    return urlencode(query | {name: value for name, value in more.items() if value})


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
    alike, colours = values.pop("colours_linked") is not False, values.pop("colours")
    if not alike:
        colours = tuple(choice or "" for choice in colours)[: len(panels) - 1]
    notes, clip = [], AUTOMATIC
    try:
        clip = clip_of(*values.pop("clip"))
    except UserError as error:  # the fields may be in a tab that is not open
        notes.append(f"{error} The scale is automatic meanwhile.")
    return ViewerState(
        panels,
        linked=linked,
        tool=tool,
        webgl=values.pop("webgl") is not False,
        colours=() if alike else colours,
        labels=bool(values.pop("labels")),
        clip=clip,
        notes=tuple(notes),
        **values,
    )
