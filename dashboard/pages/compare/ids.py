"""The ids of the Compare page."""

RUNS = "compare-runs"  # the ids of the runs, in the order of the link
STATE = "compare-state"  # what is redrawn when it changes: dashboard.pages.compare.live.state
TICK = "compare-tick"
DRAWN = "compare-drawn"  # the last epoch of each curve that the browser has drawn
ADDED = "compare-added"  # points to add to the curves

PART = "compare-part"
LOG = "compare-log"
LOSSES = "compare-losses"
DIFFERENCES = "compare-differences"
SCORE = "compare-score"
PARALLEL = "compare-parallel"
COLOUR = "compare-colour"
MAPS = "compare-maps"
FIRST = "compare-first"
SECOND = "compare-second"
RESOLUTION = "compare-resolution"
AGREEMENT = "compare-agreement"
FLOW = "compare-flow"


def map_of(dataset):
    """The graph with the maps of the runs of a dataset."""
    return f"compare-maps-{dataset}"
