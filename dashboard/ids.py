"""Every id on the page; a thing that exists once per row has an id that is a function of the row."""

from typing import NamedTuple


class Watched(NamedTuple):
    """The ids of work that a card asks for and watches, as dashboard/components/job_card.py has it."""

    message: str
    job: str
    tick: str
    done: str


def watched(name):
    """The Watched of a card's work by its name."""
    return Watched(*(f"{name}-{part}" for part in Watched._fields))


# the frame
URL = "url"
SIDEBAR = "sidebar"
HEADER = "header"
CONTENT = "content"
THEME = "theme"
THEME_BUTTON = "theme-button"
FOOT = "sidebar-foot"
FOOT_TICK = "sidebar-tick"
PLACE = (
    "place"  # the ids of the data set, preparation and run that the page is about, and which steps are done
)
GONE = "gone"  # what a callback asked for and was deleted
PAGE = "page-token"  # a random word for each time a page is drawn: keeps the long callbacks of two tabs apart

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

# data
UPLOAD = "upload"
UPLOADS = "uploads"
INBOX = "inbox"
BRING = "bring-from-inbox"
DATA_LIST = "data-list"
DATA_MESSAGE = "data-message"
DATA_TICK = "data-tick"
DATA_DETAIL = "data-detail"
DATA_PICTURE = "data-picture"
DATA_SHOWN = "data-shown"
DATA_SEEN = "data-seen"
INBOX_PART = "inbox-part"
ROOTS = "roots"
ROOTS_AT = "roots-at"
ROOTS_OPEN = "roots-open"
ROOTS_UP = "roots-up"
ROOTS_READ = "roots-read"
ROOTS_PART = "roots-part"
ANSWER = "data-answer"
ANSWER_GO = "data-answer-go"
JOIN_WHAT = "join-what"
JOIN_UPLOAD = "join-upload"
JOIN_INBOX = "join-inbox"
JOIN_GO = "join-go"
SAMPLES = "samples"
SAMPLES_NAMES = "samples-names"
SAMPLES_BATCH = "samples-batch"
SAMPLES_LOOK = "samples-look"
SAMPLES_PROGRESS = "samples-progress"
SAMPLES_LOST = "samples-lost"
SAMPLES_ASKED = "samples-asked"
SAMPLES_GO = "samples-go"
DATA_DELETE = "data-delete"
DATA_CONFIRM = "data-confirm"

# preprocess
PREPARE = "prepare"
PREPARE_PROGRESS = "prepare-progress"
PREPARE_MESSAGE = "prepare-message"
PREPARE_DATASET = "prepare-dataset"
PREPARE_GO = "prepare-go"
PREPARE_SHOWN = "prepare-shown"
PREPARE_RESULT = "prepare-result"
GENES_TICK = "genes-tick"
GENES_ASKED = "genes-asked"
GENES_WORDS = "genes-words"
GENES_PICTURE = "genes-picture"

# preprocess: cells, and the recipe
QUALITY_VIOLINS = "quality-violins"
QUALITY_SCATTER = "quality-scatter"
QUALITY_FIELDS = "quality-fields"
QUALITY_STAY = "quality-stay"
QUALITY_PROPOSE = "quality-propose"
QUALITY_LIMITS = "quality-limits"
QUALITY_BATCHES = "quality-batches"
QUALITY_BATCH = "quality-batch"
QUALITY_BATCH_PART = "quality-batch-part"
MIN_CELLS = "min-cells"
HIGHEST = "highest-genes"
DOUBLETS_BY = "doublets-by"
PROTEINS_SHOWN = "proteins-shown"
PROTEINS_PROGRESS = "proteins-progress"
PROTEINS_FOUND = "proteins-found"
PROTEINS_FIGURE = "proteins-figure"
PROTEINS_WORDS = "proteins-words"
BATCHES_CELLS = "batches-cells"
RECIPE_GO = "recipe-go"
DROPLETS = "droplets"
DROPLETS_PROTEIN = "droplets-protein"
DROPLETS_RNA = "droplets-rna"
PRESET_BATCH = "preset-batch"
RECIPE_NAME = "recipe-name"
RECIPE_JSON = "recipe-json"
RECIPE_SCRIPT = "recipe-script"
RECIPE_FILE = "recipe-file"
RECIPE_UPLOAD = "recipe-upload"
RECIPE_MESSAGE = "recipe-message"
WAIT_TICK = "wait-tick"

# the steps of a data set, on either page
STEP_UNDO = "step-undo"
STEP_MESSAGE = "step-message"

# model
MODEL_PREPARATION = "model-preparation"
MODEL_NAME = "model-name"
MODEL_DRAWING = "model-drawing"
MODEL_WORDS = "model-words"
MODEL_MESSAGE = "model-message"
MODEL_CREATE = "model-create"
FORECAST = "forecast"
FORECAST_TICK = "forecast-tick"
FORECAST_ASKED = "forecast-asked"

# train
RUN = "run"
TRAIN = "train"
CANCEL = "cancel"
ATTACH = "attach"
TICK = "tick"
FINISHED = "finished"
STATUS = "status"
TILES = "tiles"
BAR = "bar"
WORKING = "working"
LOSS = "loss"
LOSS_LOG = "loss-log"
LOSS_PART = "loss-part"
TRAIN_NEXT = "train-next"

# clusters: the viewer
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

# clusters
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
PROFILE_DATA = "profile-data"
PROFILE_FIGURE = "profile-figure"
PROFILE_TABLE = "profile-table"
PROFILE_MESSAGE = "profile-message"
DIMENSION = "loadings-dimension"
LOADINGS = "loadings"
LABELS = "labels"
LABELS_ASKED = "labels-asked"
LABELS_RESULT = "labels-result"
LINK_TABLE = "link-table"
LINK_LATENT = "link-latent"

# clusters: take away
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

# clusters: markers
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

# clusters: grouping the cells
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

# clusters: suggested names
SUGGEST_SET = "suggest-set"
SUGGEST_GMT = "suggest-gmt"
SUGGEST_SHOWN = "suggest-shown"
SUGGEST_GO = "suggest-go"
SUGGEST_MESSAGE = "suggest-message"

# clusters: what the latent dimensions mean
MEANING_GO = "meaning-go"
MEANING = watched("meaning")
MEANING_SHOWN = "meaning-shown"
MEANING_WORDS = "meaning-words"
MEANING_OF = "meaning-of"
MEANING_PAINT = "meaning-paint"
MEANING_TABLE = "meaning-table"
MEANING_FIGURE = "meaning-figure"
# clusters: judging
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

# runs
RUNS_TABLE = "runs-table"
RUNS_CONFIRM = "runs-confirm"
RUNS_CHOSEN = "runs-chosen"
RUNS_MESSAGE = "runs-message"


def setting(name):
    """The control of one RunConfig field; the name "ALL" is dash's pattern when it is given instead."""
    return {"type": "setting", "name": name}


def obeyed(name, models):
    """The whole field of a setting that only some models obey; the page hides it for the others."""
    return {
        "type": "obeyed",
        "name": name,
        "models": ",".join(models) if isinstance(models, tuple) else models,
    }


def sample_name(dataset_id):
    """The field of a sample's name."""
    return {"type": "sample-name", "name": dataset_id}


def panel(place):
    """The picker of the embedding of a panel, 0 to 3."""
    return f"panel-{place + 1}"


def panel_box(place):
    """All of that field, hidden where there are fewer panels."""
    return f"panel-box-{place + 1}"


def section(name):
    """The cards of a section of a long page."""
    return f"section-{name}"


def wanted(name):
    """Whether somebody has come to that section."""
    return f"wanted-{name}"


def category(name):
    """The entry of a category in the legend."""
    return {"type": "category", "name": name}


def repair(name):
    """The button of one repair."""
    return {"type": "repair", "name": name}


def take(name):
    """The button of one step of a recipe."""
    return {"type": "take", "name": name}


def preset(name):
    """The button of one preset."""
    return {"type": "preset", "name": name}


def limit(measure, end):
    """The field of one end ("low" or "high") of a limit on cells."""
    return {"type": "limit", "name": f"{measure}_{end}"}


def delete_run(run_id):
    return {"type": "delete-run", "run": run_id}


def save(graph, form):
    """The button that saves a graph as "svg" or "png"."""
    return {"type": "save", "graph": graph, "form": form}


def prepare_picture(part):
    return {"type": "prepare-picture", "part": part}
