"""The ids of the Preprocess page."""

from dashboard.ids import watched

PREPARE = "prepare"
PREPARE_MESSAGE = "prepare-message"
PREPARE_DATASET = "prepare-dataset"
RESULT_STATE = "result-state"
RESULT_FORWARD = "result-forward"
PREPARE_SHOWN = "prepare-shown"
PREPARE_RESULT = "prepare-result"
GENES_TICK = "genes-tick"
GENES_REQUEST = "genes-request"
GENES_MESSAGE = "genes-message"
GENES_PICTURE = "genes-picture"

# cells, and the recipe
QUALITY_VIOLINS = "quality-violins"
QUALITY_SCATTER = "quality-scatter"
QUALITY_FIELDS = "quality-fields"
QUALITY_STAY = "quality-stay"
QUALITY_PROPOSE = "quality-propose"
QUALITY_LIMITS = "quality-limits"
QUALITY_BATCHES = "quality-batches"
QUALITY_TISSUE = "quality-tissue"
QUALITY_BATCH = "quality-batch"
QUALITY_BATCH_PART = "quality-batch-part"
MIN_CELLS = "min-cells"
HIGHEST = "highest-genes"
DOUBLETS_RATE = "doublets-rate"
DOUBLETS_REASON = "doublets-reason"
REMOVE_CELLS = "remove-cells"
REMOVE_GENES = "remove-genes"
PROTEINS_SHOWN = "proteins-shown"
PROTEINS = watched("proteins")
PROTEINS_FIGURE = "proteins-figure"
PROTEINS_NOTES = "proteins-notes"
BATCHES_CELLS = "batches-cells"
APPLY_RECIPE = watched("apply-recipe")
BATCH_QUESTION = "batch-question"
BATCH_SURE = "batch-sure"
BATCH_SURE_PART = "batch-sure-part"
RECIPE_NAME = "recipe-name"
RECIPE_JSON = "recipe-json"
RECIPE_SCRIPT = "recipe-script"
RECIPE_FILE = "recipe-file"
RECIPE_UPLOAD = "recipe-upload"
RECIPE_MESSAGE = "recipe-message"
WAIT_TICK = "wait-tick"


def take(name):
    """The button of one step of a recipe."""
    return f"take-{name}"


def preset(name):
    """The button of one preset."""
    return {"type": "preset", "name": name}


def limit(measure, end):
    """The field of one end ("low" or "high") of a limit on cells."""
    return {"type": "limit", "name": f"{measure}_{end}"}


def prepare_picture(part):
    return {"type": "prepare-picture", "part": part}
