"""The ids of the page of a search, and of the card on Create model that starts one."""

SEARCH = "search-id"
TICK = "search-tick"
STATUS = "search-status"
TILES = "search-tiles"
PAUSE = "search-pause"
GO_ON = "search-go-on"
STOP = "search-stop"
MORE = "search-more"
EXTEND = "search-extend"
OPEN_BEST = "search-open-best"
DELETE = "search-delete"
CONFIRM = "search-confirm"
MESSAGE = "search-message"
DRAWN = "search-drawn"  # what the figures show, so that they are drawn again only when it changes
HISTORY = "search-history"
IMPORTANCE = "search-importance"
PARALLEL = "search-parallel"
TRIALS = "search-trials"

FORM_SETTINGS = "search-settings"
FORM_FIELDS = "search-fields"
FORM_SWEEP = "search-sweep"
FORM_OBJECTIVE = "search-objective"
FORM_PRUNER = "search-pruner"
FORM_TRIALS = "search-n-trials"
FORM_MINUTES = "search-minutes"
FORM_START = "search-start"
FORM_MESSAGE = "search-form-message"


def values(name):
    """The field with the values of a searched setting; "ALL" is dash's pattern when it is given instead."""
    return {"type": "search-values", "name": name}


def open_trial(search_id, run_id):
    """The button that opens a trial of a search; "ALL" as in `values`."""
    return {"type": "open-trial", "search": search_id, "run": run_id}
