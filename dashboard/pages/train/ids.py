"""The ids of the Train page."""

from dashboard.ids import watched

TRAIN = "train"
CANCEL = "cancel"
POLL = "poll"
TICK = "tick"  # what a page draws of the run: it draws again when this changes
STAGE = "stage"  # the part of TICK that no epoch changes
FINISHED = "finished"
STATUS = "status"
TILES = "tiles"
BAR = "bar"
WORKING = "working"
LOSS = "loss"
LOSS_LOG = "loss-log"
LOSS_PART = "loss-part"
SMOOTHING = "smoothing"
DRAWN = "drawn"  # what the figure holds, so that the next answer adds to it
TRAIN_NEXT = "train-next"
# go_on.py
REPEAT = watched("repeat")
REPEAT_BOX = "repeat-box"
REPEAT_GO = "repeat-go"
REPEAT_RESULT = "repeat-result"
GO_ON = "go-on"
GO_ON_MESSAGE = "go-on-message"
RESUME = "resume"
RESUME_BOX = "resume-box"
RESUME_TEXT = "resume-text"
TRAIN_AGAIN = "train-again"
EXTEND = "extend"
EXTEND_BOX = "extend-box"
EXTEND_EPOCHS = "extend-epochs"
EXTEND_SCHEDULE = "extend-schedule"
EXTENSIONS = "extensions"
