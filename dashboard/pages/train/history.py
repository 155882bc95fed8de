"""The history of a run as an array that grows: a page reads from the store only the epochs that it lacks."""

from typing import NamedTuple

import numpy as np

from core.config.run_files import HISTORY
from dashboard.components.bounded_cache import BoundedCache

_kept = BoundedCache(most_bytes=64 << 20, size_of=lambda holder: 1 << 20)  # 64 runs; 10,000 epochs are 1.6 MB


class _Holder:
    """The newest array of a run. An array never changes; a longer one takes its place."""

    def __init__(self):
        self.rows = np.empty((0, len(HISTORY)))


def of(view, run_id):
    """(epochs, columns of HISTORY) float64 of a run so far, NaN where there is no value; raises Missing."""
    holder = _kept.get((str(view.store.root), run_id), _Holder)
    rows = holder.rows
    since = int(rows[-1, 0]) - 1 if len(rows) else 0
    more = _array(view.runs.epochs(run_id, since))  # the last one again: a resumed run may have replaced it
    same = len(rows) and len(more) and np.array_equal(rows[-1], more[0], equal_nan=True)
    if len(rows) and not (same and len(rows) + len(more) - 1 == view.runs.n_epochs(run_id)):
        rows, more = rows[:0], _array(view.runs.epochs(run_id))
    else:
        more = more[1:] if len(rows) else more
    if len(more):
        rows = np.concatenate([rows, more])
    holder.rows = rows
    return rows


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
    """The SoFar of an array of `of`."""
    if not len(history):
        return SoFar(0, None, None, [])
    losses = history[:, HISTORY.index("valid_loss")]
    best = int(np.where(np.isnan(losses), np.inf, losses).argmin())
    recent = [as_dict(row) for row in history[-5:]]
    return SoFar(len(history), recent[-1], as_dict(history[best]), recent)


def as_dict(values):
    """A row of an array of `of` as a dict with the names of HISTORY, None where there is no value."""
    row = {name: None if np.isnan(v) else float(v) for name, v in zip(HISTORY, values, strict=True)}
    return row | {"epoch": int(row["epoch"])}
