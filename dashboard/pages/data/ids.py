"""The ids of the Data page."""

from dashboard.ids import watched

UPLOAD = "upload"
UPLOADS = "uploads"
INBOX = "inbox"
LOAD_FROM_INBOX = "load-from-inbox"
DATA_LIST = "data-list"
DATA_MESSAGE = "data-message"
DATA_TICK = "data-tick"
DATA_DETAIL = "data-detail"
DATA_PICTURE = "data-picture"
DATASET = "dataset-id"
DATA_DRAWN = "data-drawn"
DATA_FIRST = "data-first"  # the link of the first dataset of all, for a page that was open before it
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
SAMPLES_LOOKING = watched("samples-looking")
SAMPLES_LOST = "samples-lost"
SAMPLES_ASKED = "samples-asked"
SAMPLES_GO = "samples-go"
DATA_DELETE = "data-delete"
DATA_CONFIRM = "data-confirm"

DATA_SEARCH = "data-search"
RENAME = "data-rename"
RENAME_GO = "data-rename-go"

# training with recommended settings
RECOMMENDED = "recommended"
RECOMMENDED_BATCH = "recommended-batch"
RECOMMENDED_QUESTIONS = "recommended-questions"
RECOMMENDED_SURE = "recommended-sure"
RECOMMENDED_SURE_PART = "recommended-sure-part"
RECOMMENDED_CANCEL = "recommended-cancel"
RECOMMENDED_MESSAGE = "recommended-message"
RECOMMENDED_STAGES = "recommended-stages"
RECOMMENDED_TICK = "recommended-tick"

DROPLETS = "droplets"
DROPLETS_PROTEIN = "droplets-protein"
DROPLETS_RNA = "droplets-rna"

# the steps of a dataset, on either page
STEP_UNDO = "step-undo"
STEP_MESSAGE = "step-message"


def sample_name(dataset_id):
    """The field of a sample's name."""
    return {"type": "sample-name", "name": dataset_id}


def repair(name):
    """The button of one repair."""
    return {"type": "repair", "name": name}
