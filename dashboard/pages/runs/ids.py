"""The ids of the Runs page."""

GRID = "runs-grid"
OPTIONS = "runs-options"  # checkboxes: see dashboard.pages.runs.link.OPTIONS
COLUMNS = "runs-columns"
OPENED = "runs-opened"  # {"opened": ids of runs whose children are shown, "closed": ids of datasets}
CLOCK = "runs-clock"  # seconds that the browser's clock is ahead of UTC
CHANGED = "runs-changed"  # a number that rises when the rows are to be read again
STARRED = "runs-starred"  # {id of a run: whether it has a star}, of those that were marked on this page
STAMP = "runs-stamp"
TICK = "runs-tick"
COUNT = "runs-count"
MESSAGE = "runs-message"
UNDO = "runs-undo"
UNDO_IDS = "runs-undo-ids"  # {"runs": ids, "searches": ids}
UNDO_NOTICE = "runs-undo-notice"
UNDO_END = "runs-undo-end"

COMPARE = "runs-compare"
STAR = "runs-star"
EDIT = "runs-edit"
ARCHIVE = "runs-archive"
DELETE = "runs-delete"
EXPORT = "runs-export"
FILE = "runs-file"
CONFIRM = "runs-confirm"

EDITOR = "runs-editor"
EDITOR_TITLE = "runs-editor-title"
EDITOR_ERROR = "runs-editor-error"
NAME = "runs-name"
NAME_FIELD = "runs-name-field"
TAGS = "runs-tags"
NOTE = "runs-note"
NOTE_FIELD = "runs-note-field"
SAVE = "runs-save"
CLOSE = "runs-close"
