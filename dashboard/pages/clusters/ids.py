"""The ids of the Clusters page and its cards."""

from dashboard.ids import watched

# a selection as a data set
SUBSET = watched("subset")
SUBSET_GO = "subset-go"
SUBSET_MADE = "subset-made"

# mapping new cells
MAPPING = watched("mapping")
MAP_EXPORT = watched("map-export")
MAP_DATASET = "map-dataset"
MAP_LABELS = "map-labels"
MAP_BATCH = "map-batch"
MAP_GO = "map-go"
MAP_ASKED = "map-asked"
MAP_LOST = "map-lost"
MAP_CHOSEN = "map-chosen"
MAP_SHOWN = "map-shown"
MAP_BY = "map-by"
MAP_SURE = "map-sure"
MAP_OWN = "map-own"
MAP_FIGURE = "map-figure"
MAP_WORDS = "map-words"
MAP_TABLE = "map-table"
MAP_CSV = "map-csv"
MAP_EXPORT_GO = "map-export-go"
MAP_DELETE = "map-delete"
MAP_CONFIRM = "map-confirm"
MAP_EXPORTED = "map-exported"

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
PANELS_WORDS = "panels-words"
PANELS_AGAIN = "panels-again"
COLOUR = "colour"
RESOLUTION = "resolution"
DIMENSIONS = "dimensions"
CLUSTERS_LOSS = "clusters-loss"
EXPLORE_AGAIN = "explore-again"
CLUSTERS_WAIT = "clusters-wait"
CLUSTERS_TICK = "clusters-tick"
CLUSTERS_STATE = "clusters-state"
PROFILE_OF = "profile-of"
PROFILE_CELL = "profile-cell"
PROFILE_CLUSTER = "profile-cluster"
PROFILE_ASK = "profile-ask"
PROFILE = watched("profile")
PROFILE_FIGURE = "profile-figure"
PROFILE_TABLE = "profile-table"
DIMENSION = "loadings-dimension"
LOADINGS = "loadings"
LABELS = "labels"
COMPARING = watched("comparing")
LABELS_RESULT = "labels-result"
LINK_TABLE = "link-table"
LINK_LATENT = "link-latent"

# take away
TAKE = watched("take")
TAKE_BY = "take-by"
TAKE_WORDS = "take-words"
TAKE_PARTS = "take-parts"
TAKE_DENOISED = "take-denoised"
TAKE_WIDTH = "take-width"
TAKE_HEIGHT = "take-height"
TAKE_UNIT = "take-unit"
TAKE_DPI = "take-dpi"
TAKE_GO = "take-go"
TAKE_RESULT = "take-result"
VERIFY = watched("verify")
VERIFY_SHOWN = "verify-shown"
VERIFY_GO = "verify-go"
VERIFY_CANCEL = "verify-cancel"
VERIFY_RESULT = "verify-result"

# markers
MARKERS = watched("markers")
MARKERS_BY = "markers-by"
MARKERS_HOW = "markers-how"
MARKERS_EACH = "markers-each"
MARKERS_TWO = "markers-two"
MARKERS_A = "markers-a"
MARKERS_B = "markers-b"
MARKERS_A_TAKE = "markers-a-take"
MARKERS_B_TAKE = "markers-b-take"
MARKERS_B_REST = "markers-b-rest"
MARKERS_TWO_WORDS = "markers-two-words"
MARKERS_GO = "markers-go"
MARKERS_SHOWN = "markers-shown"
MARKERS_WORDS = "markers-words"
MARKERS_GROUP = "markers-group"
MARKERS_TABLE = "markers-table"
MARKERS_CSV = "markers-csv"
MARKERS_PICTURE = "markers-picture"
MARKERS_TOP = "markers-top"
MARKERS_FIGURE = "markers-figure"
MARKERS_BADGE = "markers-badge"

# grouping the cells
STEADY_GO = "steady-go"
STEADY = watched("steady")
STEADY_FIGURE = "steady-figure"
STEADY_SHOWN = "steady-shown"
STEADIEST = "steadiest"
METHOD = "method"
METHOD_VALUE = "method-value"
METHOD_GO = "method-go"
CLUSTER = watched("cluster")
MADE_BASE = "made-base"
MADE_NAME = "made-name"
MADE_GO = "made-go"
MADE_ANEW = "made-anew"
MADE_ANEW_AT = "made-anew-at"
MADE_GROUP = "made-group"
MADE_COLOUR = "made-colour"
MADE_COLOUR_GO = "made-colour-go"
MADE_UNDO = "made-undo"
MADE_MESSAGE = "made-message"
MADE_LINE = "made-line"
MADE_HISTORY = "made-history"
MADE_CSV = "made-csv"
MADE_UPLOAD = "made-upload"
COMPOSITION_OF = "composition-of"
COMPOSITION_FIGURE = "composition-figure"
COMPOSITION_TABLE = "composition-table"

# suggested names
SUGGEST_SET = "suggest-set"
SUGGEST_GMT = "suggest-gmt"
SUGGEST_SHOWN = "suggest-shown"
SUGGEST_GO = "suggest-go"
SUGGEST_MESSAGE = "suggest-message"

# what the latent dimensions mean
MEANING_GO = "meaning-go"
MEANING = watched("meaning")
MEANING_SHOWN = "meaning-shown"
MEANING_WORDS = "meaning-words"
MEANING_OF = "meaning-of"
MEANING_PAINT = "meaning-paint"
MEANING_TABLE = "meaning-table"
MEANING_FIGURE = "meaning-figure"

# judging
SPACES_LABELS = "spaces-labels"
SPACES_BATCHES = "spaces-batches"
SPACES_GO = "spaces-go"
SPACES = watched("spaces")
SPACES_RESULT = "spaces-result"
CELL_SCORES_GO = "cell-scores-go"
CELL_SCORES = watched("cell-scores")
CELL_SCORES_RESULT = "cell-scores-result"
EXPLAINED_GO = "explained-go"
EXPLAINED = watched("explained")
EXPLAINED_RESULT = "explained-result"
EXPLAINED_TABLE = "explained-table"
EXPLAINED_FIGURE = "explained-figure"
SEEDS_K = "seeds-k"
SEEDS_GO = "seeds-go"
SEEDS_CANCEL = "seeds-cancel"
SEEDS_COMPARE = "seeds-compare"
SEEDS_MESSAGE = "seeds-message"
SEEDS_STATE = "seeds-state"
SEEDS_TICK = "seeds-tick"
SEEDS_MARK = "seeds-mark"
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
