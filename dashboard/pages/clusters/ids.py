"""The ids of the Clusters page and its cards."""

from dashboard.ids import watched

# a selection as a data set
SUBSET = watched("subset")
SUBSET_GO = "subset-go"
SUBSET_RESULT = "subset-result"

# the viewer
PANELS = "panels"
PANELS_SHOWN = "panels-shown"
CELLS = "cells"  # what the page draws itself (assets/68-cells-page.js), and where
CELLS_SHOWN = "cells-shown"
CELLS_HOST = "cells-host"
CELLS_CLICKED = "cells-clicked"
CELLS_NOTES = "cells-notes"
PANEL_COUNT = "panel-count"
LINKED = "panels-linked"
TOOL = "panels-tool"
WEBGL = "webgl"
LEGEND = "legend"
SELECTION = "selection"
SELECTED = "selected"
SELECT_BY = "select-by"
SELECT_IS = "select-is"
SELECT_FROM = "select-from"
SELECT_TO = "select-to"
SELECT_NAMES = "select-names"
SELECT_NUMBERS = "select-numbers"
SELECT_GO = "select-go"
SELECT_CLEAR = "select-clear"

# the maps and the cluster profile
PANELS_MESSAGE = "panels-message"
PANELS_RETRY = "panels-retry"
COLOUR = "colour"
RESOLUTION = "resolution"
DIMENSIONS = "dimensions"
CLUSTERS_LOSS = "clusters-loss"
EXPLORE_RETRY = "explore-retry"
CLUSTERS_WAIT = "clusters-wait"
PANELS_TICK = "panels-tick"
PANELS_MISSING = "panels-missing"
PROFILE_OF = "profile-of"
PROFILE_CELL = "profile-cell"
PROFILE_CLUSTER = "profile-cluster"
PROFILE_GO = "profile-go"
PROFILE = watched("profile")
PROFILE_FIGURE = "profile-figure"
PROFILE_TABLE = "profile-table"
LOADINGS_DIMENSION = "loadings-dimension"
LOADINGS_TABLE = "loadings"
LABELS = "labels"
COMPARING = watched("comparing")
LABELS_RESULT = "labels-result"
LINK_TABLE = "link-table"

# the clustering that a person has made or changed last; see annotate/callbacks.py
CLUSTERING = "clustering-line"

# what the latent dimensions mean
EFFECTS_GO = "effects-go"
EFFECTS = watched("effects")
EFFECTS_SHOWN = "effects-shown"
EFFECTS_NOTE = "effects-note"
EFFECTS_DIMENSION = "effects-dimension"
EFFECTS_COLOUR = "effects-colour"
EFFECTS_TABLE = "effects-table"
EFFECTS_FIGURE = "effects-figure"

# other seeds
SEEDS_K = "seeds-k"
SEEDS_GO = "seeds-go"
SEEDS_CANCEL = "seeds-cancel"
SEEDS_COMPARE = "seeds-compare"
SEEDS_MESSAGE = "seeds-message"
SEEDS_STATE = "seeds-state"
SEEDS_TICK = "seeds-tick"
SEEDS_DONE = "seeds-done"
SEEDS_RESULT = "seeds-result"
SEEDS_FIGURE = "seeds-figure"


def panel(place):
    """The picker of the embedding of a panel, 0 to 3."""
    return f"panel-{place + 1}"


def panel_box(place):
    """All of that field, hidden where there are fewer panels."""
    return f"panel-box-{place + 1}"


def category(name):
    """The entry of a category in the legend."""
    return {"type": "category", "name": name}
