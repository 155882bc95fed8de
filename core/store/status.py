"""Statuses of rows and jobs, with the values that the database holds."""

from enum import StrEnum


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


ACTIVE = (Status.QUEUED, Status.RUNNING, Status.CANCELLING)
FINISHED = (Status.DONE, Status.CANCELLED, Status.FAILED)
