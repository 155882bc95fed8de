"""The ids of the card that maps cells of another dataset."""

from dashboard.ids import watched

MAPPING = watched("mapping")
MAP_EXPORT = watched("map-export")
MAP_DATASET = "map-dataset"
MAP_LABELS = "map-labels"
MAP_BATCH = "map-batch"
MAP_GO = "map-go"
MAP_QUERY = "map-query"
MAP_MISSING = "map-missing"
MAP_CHOSEN = "map-chosen"
MAP_BOX = "map-box"
MAP_COLOUR = "map-colour"
MAP_THRESHOLD = "map-threshold"
MAP_OWN = "map-own"
MAP_FIGURE = "map-figure"
MAP_NOTES = "map-notes"
MAP_TABLE = "map-table"
MAP_CSV = "map-csv"
MAP_EXPORT_GO = "map-export-go"
MAP_DELETE = "map-delete"
MAP_CONFIRM = "map-confirm"
MAP_EXPORTED = "map-exported"
