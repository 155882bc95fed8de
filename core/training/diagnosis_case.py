"""What a diagnosis of training is: a case, a sentence, its evidence; and what it follows from."""

from enum import StrEnum
from typing import NamedTuple

from core.training.next_settings import Try

STOPPED_BEING = "stopped being a number"  # in the messages of core.training.loop.NonFinite


class Case(StrEnum):
    """What a history shows."""

    WAITING = "no epoch yet"
    WARMING_UP = "warming up"
    LEARNING = "learning"
    TOO_SHORT = "too few epochs"
    FALLING = "still falling at the end"
    CONVERGED = "converged"
    CANNOT_TELL = "the curve cannot tell"
    OVER_FITTING = "over-fitting"
    GAP = "gap without harm"
    RATE_TOO_HIGH = "learning rate too high"
    RATE_TOO_LOW = "learning rate too low"
    NO_BETTER_THAN_MEAN = "no better than the training mean"
    WORSE_THAN_PCA = "worse than PCA"
    PROTEINS_NOT_LEARNT = "proteins not learnt"
    NOT_A_NUMBER = "not a number"


class Evidence(NamedTuple):
    """The epochs that a diagnosis rests on, and the part of the loss that shows it: "total", "rna" or "protein"."""

    first: int
    last: int
    part: str = "total"


class Diagnosis(NamedTuple):
    """A case, one sentence, its Evidence (None without an epoch), and settings to try next, the most likely first."""

    case: Case
    sentence: str
    evidence: Evidence | None = None
    tries: tuple[Try, ...] = ()


class State(NamedTuple):
    """What a diagnosis needs beside the epochs.

    `difference`: the loss above PCA's on the scored cells, with its standard error, None before the end. `trouble`:
    the message on a loss that stopped being a number, or "".
    """

    config: object  # RunConfig, with what was left empty chosen
    baselines: object  # run_facts.Baselines on the validation cells
    n_epochs: int  # planned
    n_train: int  # cells
    n_valid: int
    is_over: bool
    difference: tuple | None = None
    trouble: str = ""


def trouble_of(happened):
    """The State.trouble of what happened in a training: of its sentences those on a loss that was not a number.

    Others say that it was resumed, or from which weights it started.
    """
    return "; ".join(sentence for sentence in happened if STOPPED_BEING in sentence)
