"""The ids of the card of metadata."""

METADATA_HOST = "metadata-host"  # what assets/74-metadata.js fills
METADATA_COLUMNS = "metadata-columns"  # records of columns.py
METADATA_DRAWN = "metadata-drawn"  # an output in the card, so that the page draws it only where it is loaded
METADATA_CLICKED = "metadata-clicked"  # a category that was clicked: {"by", "name"}
METADATA_COLOUR = "metadata-colour"  # a column whose name was clicked: {"by"}
METADATA_TYPED = "metadata-typed"  # limits as they were typed: {"by", "from", "to", "action"}
METADATA_ERRORS = "metadata-errors"  # sentences on these: {"by", "from", "to"}
