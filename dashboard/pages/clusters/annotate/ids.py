"""The ids of the card that names cells."""

from dashboard.ids import watched

RECLUSTER = watched("recluster")
ANNOTATE_START = "annotate-start"
ANNOTATE_NAME = "annotate-name"
ANNOTATE_GO = "annotate-go"
RECLUSTER_GO = "recluster-go"
RECLUSTER_RESOLUTION = "recluster-resolution"
ANNOTATE_GROUP = "annotate-group"
ANNOTATE_COLOUR = "annotate-colour"
ANNOTATE_COLOUR_GO = "annotate-colour-go"
ANNOTATE_UNDO = "annotate-undo"
ANNOTATE_MESSAGE = "annotate-message"
ANNOTATE_HISTORY = "annotate-history"
ANNOTATE_CSV = "annotate-csv"
ANNOTATE_UPLOAD = "annotate-upload"
