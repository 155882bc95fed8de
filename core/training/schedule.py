"""The learning rate and the KL weight at each step of a training, which consists of one segment or, extended, of several."""

import math
from typing import NamedTuple

WARM_UP = (
    0.3  # one-cycle: the rate rises over this share of all steps, then falls (Smith 2018; torch's default)
)


class Segment(NamedTuple):
    """Epochs under one schedule: those that a run began with, or an extension. Epochs count from 1 over all segments."""

    number: int  # from 1
    first: int  # its first epoch
    last: int  # its last epoch
    n_epochs: (
        int  # that its schedule is made for: more than it has where training stopped early and was extended
    )
    schedule: str
    lr: float

    @property
    def peak_epoch(self):
        """The epoch in which the learning rate peaks, from which early stopping counts."""
        rising = math.ceil(WARM_UP * self.n_epochs) if self.schedule == "onecycle" else 0
        return self.first - 1 + rising


def segments(config, n_train):
    """The Segments of a RunConfig on `n_train` training cells, the first one first."""
    parts = [(1, config.n_epochs(n_train), config.schedule, config.lr)]
    parts += [(e.after + 1, e.epochs, e.schedule, e.lr) for e in config.extensions]
    ends = [first - 1 for first, *_ in parts[1:]] + [parts[-1][0] - 1 + parts[-1][1]]
    return [
        Segment(number, first, last, n_epochs, schedule, lr)
        for number, ((first, n_epochs, schedule, lr), last) in enumerate(zip(parts, ends, strict=True), 1)
    ]


def segment_of(plan, epoch):
    """The Segment of `plan` that an epoch belongs to."""
    return next(segment for segment in plan if epoch <= segment.last)


def learning_rate(plan, step, n_steps):
    """The learning rate at `step` (from 0) of `n_steps`, by the `schedule` and the `lr` of a Segment or a RunConfig."""
    done = step / max(1, n_steps - 1)
    if plan.schedule == "constant":
        return plan.lr
    if plan.schedule == "cosine":
        return plan.lr * (1 + math.cos(math.pi * done)) / 2
    low, end = plan.lr / 25, plan.lr / 25e4  # torch's OneCycleLR defaults
    if done < WARM_UP:
        return low + (plan.lr - low) * (1 - math.cos(math.pi * done / WARM_UP)) / 2
    return end + (plan.lr - end) * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2


def warmth(config, done):
    """The KL weight (beta) after a share `done` of all steps of the first segment."""
    return config.beta * min(1.0, done / config.beta_warm_up if config.beta_warm_up else 1.0)
