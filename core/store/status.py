"""Statuses of rows and jobs, with the values that the database holds."""

from enum import IntEnum, StrEnum


class Status(StrEnum):
    """How far a dataset, preparation, run or job is."""

    CREATED = "created"  # a run that nobody has started
    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"  # a run that stops after this epoch
    CANCELLED = "cancelled"
    DONE = "done"  # runs and jobs
    READY = "ready"  # datasets and preparations
    ASKING = "asking"  # a dataset with a question that only a person can answer
    FAILED = "failed"


class Explored(StrEnum):
    """How far the neighbours, clusters and embeddings of a run are."""

    NOT_STARTED = ""
    WORKING = "working"
    READY = "ready"
    FAILED = "failed"


class Priority(IntEnum):
    """Which waiting job of a person is taken first: the highest, and of equal ones the oldest.

    Among people the queue is fair (core.store.fair_order): a priority wins over another person's turn only at both ends.
    """

    AHEAD = (
        -10
    )  # nobody has asked for it yet: pictures and answers computed after training; it makes way for any other
    TYPED = -1  # follows the settings on a page while a person changes them
    FOLLOWS = 0  # belongs to work that a person asked for, such as the clusters of a trained run
    ASKED = 1  # a person pressed a button and waits
    FRONT = 100  # an administrator moved it to the front; each later one gets one more


ACTIVE = (Status.QUEUED, Status.RUNNING, Status.CANCELLING)
CANCELLED = "Cancelled."  # the message of a job that a person has stopped
FINISHED = (Status.DONE, Status.CANCELLED, Status.FAILED)
