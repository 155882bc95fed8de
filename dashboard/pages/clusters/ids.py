"""The ids of the viewer and of what several cards of the Clusters page use; a card has its own ids beside it."""

from dashboard.ids import watched

# a dataset of the selected cells
SUBSET = watched("subset")
SUBSET_GO = "subset-go"
SUBSET_RESULT = "subset-result"

# the workspace: maps at the left, a panel with tabs at the right; see assets/70-workspace.js
WORKSPACE = "workspace"
SPLITTER = "panel-splitter"
PANEL = "side-panel"
FOLD = "panel-fold"
UNFOLD = "panel-unfold"
WIDEN = "panel-widen"

# the maps and what lies over them
MAPS = "maps"
MAP_LINES = "map-lines"  # one-line notes above the maps
SELECTION_BAR = "selection-bar"  # on the maps, empty while no cells are selected

# the viewer
PANELS = "panels"
PANELS_BOX = "panels-box"
CELLS = "cells"  # what the browser draws itself, see assets/68-cells-page.js
CELLS_BOX = "cells-box"
CELLS_HOST = "cells-host"
CELLS_CLICKED = "cells-clicked"
CELLS_NOTES = "cells-notes"
PANEL_COUNT = "panel-count"
LINKED = "panels-linked"
TOOL = "panels-tool"
WEBGL = "webgl"
LEGEND = "legend"
SELECTION = "selection"
FILTER = "filter"  # records of viewer/filters.py, or None
OUTSIDE = "outside"  # how cells outside the filter are drawn
WITHIN = "selection-within"  # the selection of the cells that pass the filter: what every action takes
SELECTED = "selected"
SHOWN = "shown"  # how many cells pass the filter
SELECT_BY = "select-by"
SELECT_IS = "select-is"
SELECT_FROM = "select-from"
SELECT_TO = "select-to"
SELECT_NAMES = "select-names"
SELECT_NUMBERS = "select-numbers"
SELECT_GO = "select-go"
SELECT_FILTER = "select-filter"

PANELS_MESSAGE = "panels-message"
PANELS_RETRY = "panels-retry"
PANELS_STOP = "panels-stop"
COLOUR = "colour"
RESOLUTION = "resolution"
DIMENSIONS = "dimensions"
EXPLORE_RETRY = "explore-retry"
CLUSTERS_WAIT = "clusters-wait"
PANELS_TICK = "panels-tick"
PANELS_MISSING = "panels-missing"
LINK_TABLE = "link-table"
LINK_MAPS = "link-maps"
LINK_PDF = "link-maps-pdf"
LINK = "viewer-link"  # the query of the address, with all that is shown

# colours of the maps
COLOUR_LABEL = "colour-label"
COLOURS_LINKED = "colours-linked"
SPLIT_BY = "panels-split"
LABELS = "panels-labels"
CLIP_LOW = "clip-low"
CLIP_HIGH = "clip-high"
CLIP_UNIT = "clip-unit"
CLIP_MESSAGE = "clip-message"
PANEL_COUNT_BOX = "panel-count-box"
COLOURS_LINKED_BOX = "colours-linked-box"

# a category that is renamed by a double click: assets/69-cells-rename.js
RENAME = "rename-category"
RENAMED = "renamed"  # the clustering of the last one
RENAME_MESSAGE = "rename-message"

# the clustering that a person has made or changed last; see annotate/callbacks.py
CLUSTERING = "clustering-line"


def panel(index):
    """The picker of the embedding of a panel, 0 to 3."""
    return f"panel-{index + 1}"


def panel_box(index):
    """All of that field, hidden where there are fewer panels."""
    return f"panel-box-{index + 1}"


def filter_chip(index):
    """The button that removes a record from the filter, by its place."""
    return {"type": "filter-chip", "name": index}


def panel_colour(index):
    """The picker of the colour of a panel after the first, 1 to 3; the first has COLOUR."""
    return f"panel-colour-{index + 1}"


def panel_colour_box(index):
    """All of that field, hidden where all panels have one colour."""
    return f"panel-colour-box-{index + 1}"


def category(name, by):
    """The entry of a category in the legend; `by` is the choice that colours the cells."""
    return {"type": "category", "by": by, "name": name}
