"""The history of a run as an array that grows: a page reads from the store only the epochs that it lacks."""

from typing import NamedTuple

import numpy as np

from core.config.run_files import HISTORY

EMPTY = np.empty((0, len(HISTORY)))


def grown(view, run_id, before=EMPTY):
    """(epochs, columns of HISTORY) float64 of a run so far, NaN where there is no value, from an earlier array of it.

    Raises Missing. An array never changes; where there are more epochs a longer one takes its place.
    """
    since = int(before[-1, 0]) - 1 if len(before) else 0
    more = _array(view.runs.epochs(run_id, since))  # the last one again: a resumed run may have replaced it
    if not len(before):
        return more
    if not (len(more) and np.array_equal(before[-1], more[0], equal_nan=True)):
        return _array(view.runs.epochs(run_id))
    return np.concatenate([before, more[1:]]) if len(more) > 1 else before


def _array(epochs):
    values = [[np.nan if row[name] is None else row[name] for name in HISTORY] for row in epochs]
    return np.array(values, dtype=np.float64).reshape(-1, len(HISTORY))


class SoFar(NamedTuple):
    """The epochs that the numbers of a page need; each is a dict with the names of HISTORY, None where there is none."""

    n: int
    last: dict | None
    best: dict | None  # with the lowest validation loss
    recent: list  # the last five


def so_far(history):
    """The SoFar of an array of `grown`."""
    if not len(history):
        return SoFar(0, None, None, [])
    losses = history[:, HISTORY.index("valid_loss")]
    best = int(np.where(np.isnan(losses), np.inf, losses).argmin())
    recent = [as_dict(row) for row in history[-5:]]
    return SoFar(len(history), recent[-1], as_dict(history[best]), recent)


def as_dict(values):
    """A row of an array of `grown` as a dict with the names of HISTORY, None where there is no value."""
    row = {name: None if v != v else v for name, v in zip(HISTORY, values.tolist(), strict=True)}
    return row | {"epoch": int(row["epoch"])}


def columns(history):
    """{name of HISTORY: values} of an array of `grown`."""
    return dict(zip(HISTORY, history.T, strict=True))
