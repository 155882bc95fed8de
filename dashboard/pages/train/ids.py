"""The ids of the Train page."""

TRAIN = "train"
CANCEL = "cancel"
ASKER = "asker"  # who trains, signed, for the process that waits
POLL = "poll"
TICK = "tick"
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
