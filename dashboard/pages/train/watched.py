"""What the Train page shows of a run: read and computed once for each change of the run, for all tabs that watch it."""

from threading import Lock
from typing import NamedTuple

import numpy as np

from core.config.run_facts import RunFacts
from dashboard.components.bounded_cache import BoundedCache
from dashboard.pages.run_diagnosis import diagnosis_of
from dashboard.pages.train import history

SHORT = 200  # epochs; up to here every one is diagnosed, and afterwards a history that has grown by 1 %


class Watched(NamedTuple):
    """A run as it was at one moment: the parts belong together."""

    stamp: object  # core.store.runs.Stamp
    run: dict  # its row; its facts are RunFacts, None before training begins
    rows: np.ndarray  # its history, as history.grown has it
    so_far: history.SoFar
    diagnosis: object  # core.training.diagnosis_case.Diagnosis, None before training begins
    diagnosed: tuple  # what the diagnosis is of


class _Holder:
    """The newest Watched of a run, None before the first look."""

    def __init__(self):
        self.watched, self.reading = None, Lock()


_kept = BoundedCache(most_bytes=64, size_of=lambda _: 1)  # of runs; the history of 10,000 epochs has 1.7 MB


def of(view, run_id):
    """The Watched of a run now; raises Missing. A look at a run that has not changed is one short question to the database."""
    stamp = view.runs.stamp(run_id)  # for each person: it also says whether they may see the run
    holder = _kept.get((str(view.store.root), run_id), _Holder)
    now = holder.watched
    if now is not None and now.stamp == stamp:
        return now
    with holder.reading:  # what one tab reads, the others wait for
        if holder.watched is None or holder.watched.stamp != stamp:
            holder.watched = _read(view, run_id, stamp, holder.watched)
        return holder.watched


def _read(view, run_id, stamp, before):
    run = view.runs.one(run_id)
    run["facts"] = RunFacts.upgraded(run["facts"])
    rows = history.grown(view, run_id, before.rows if before else history.EMPTY)
    n = len(rows)
    step = max(1, n // 100) if n > SHORT and run["ended"] is None else 1
    # A run that is resumed or trained again starts at another time.
    diagnosed = (run["status"], run["message"], run["started"], run["ended"], run["n_epochs"], n - n % step)
    if before and before.diagnosed == diagnosed and before.diagnosis:
        diagnosis = before.diagnosis
    else:
        diagnosis = diagnosis_of(run, history.columns(rows))
    return Watched(stamp, run, rows, history.so_far(rows), diagnosis, diagnosed)
