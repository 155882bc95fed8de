"""The diagnosis of a run at every moment: of its newest epochs, and of a long history again once it has grown by 1 %."""

from dashboard.components.bounded_cache import BoundedCache
from dashboard.pages.run_diagnosis import diagnosis_of
from dashboard.pages.train import history

SHORT = 200  # epochs; up to here every one is diagnosed
_kept = BoundedCache(most_bytes=256, size_of=lambda _: 1)


def of(view, run):
    """The Diagnosis of a run from its row; None before its training begins."""
    rows = history.of(view, run["id"])
    step = max(1, len(rows) // 100) if len(rows) > SHORT and run["ended"] is None else 1
    n = len(rows) - len(rows) % step
    key = (str(view.store.root), run["id"], run["status"], run["message"], run["n_epochs"], run["ended"], n)
    return _kept.get(key, lambda: diagnosis_of(run, [history.as_dict(row) for row in rows]))
