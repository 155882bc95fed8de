"""What of a history can be drawn: the views of the Train page, their curves and their axes."""

from typing import NamedTuple

LOSSES = {"total": "loss", "rna": "rna", "protein": "protein"}


class Line(NamedTuple):
    """A column of the history and its name in a legend."""

    column: str
    name: str


class View(NamedTuple):
    """Curves that are drawn together: rows of Lines, one above the other, each with the title of its axis."""

    title: str
    rows: tuple  # of (axis title, Lines)
    limit: float | None = None  # the highest value that the first row can have
    from_zero: bool = False


VIEWS = {
    "total": View("Total", ()),
    "rna": View("RNA", ()),
    "protein": View("Protein", ()),
    "kl": View(
        "KL",
        (
            (
                "Kullback-Leibler divergence, nats a cell",
                (Line("train_kl", "training"), Line("valid_kl", "validation")),
            ),
        ),
    ),
    "penalties": View(
        "Penalties",
        (
            (
                "added to the loss",
                (
                    Line("penalty_kl", "KL, weighted"),
                    Line("penalty_l1", "L1"),
                    Line("penalty_l2", "L2 (weight decay)"),
                ),
            ),
        ),
        from_zero=True,
    ),
    "learning_rate": View(
        "Learning rate", (("learning rate", (Line("learning_rate", "learning rate"),)),), from_zero=True
    ),
    "gradient_norm": View(
        "Gradient norm",
        (("norm of the gradient", (Line("gradient_norm", "mean over the steps, before clipping"),)),),
        from_zero=True,
    ),
    "speed": View(
        "Speed", (("cells per second", (Line("cells_per_second", "cells per second"),)),), from_zero=True
    ),
    "machine": View(
        "Machine",
        (
            ("in use, %", (Line("cpu_percent", "CPU"), Line("gpu_percent", "GPU"))),
            ("memory, GB", (Line("memory_gb", "memory"), Line("gpu_memory_gb", "GPU memory"))),
        ),
        limit=100.0,
        from_zero=True,
    ),
}


def views_of(has_rna, has_protein, variational):
    """The names in VIEWS that a run has."""
    has = {"rna": has_rna, "protein": has_protein, "kl": variational}
    return [name for name in VIEWS if has.get(name, True)]


class Look(NamedTuple):
    """How a person wants to see the history."""

    view: str = "total"  # a name in VIEWS
    log: bool = False
    smoothing: float = 0.0  # the weight of thin.smoothed
    theme: str = "light"


def columns_of(view, row=None):
    """The columns of the history that a view draws, in all rows of axes or in one of them, counted from 0."""
    if view in LOSSES:
        return [f"train_{LOSSES[view]}", f"valid_{LOSSES[view]}"]
    rows = VIEWS[view].rows if row is None else VIEWS[view].rows[row : row + 1]
    return [line.column for _, lines in rows for line in lines]
