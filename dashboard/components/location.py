"""Where a person stands: the data set, preparation and run that a link names, or the latest there are."""

from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

from core.store import Status


class Here(NamedTuple):
    """Rows as dicts, or None; `lost` is a sentence where the link names something that is not there.

    `asked` is the query of the link, for what else a page lets it say: nothing where the link's own thing is not there.
    """

    dataset: dict | None
    preparation: dict | None
    run: dict | None
    lost: str
    asked: dict = {}

    def link(self, page):
        """The link to a page with what is chosen here."""
        for name, row in (("run", self.run), ("preparation", self.preparation), ("dataset", self.dataset)):
            if row is not None and not (
                page in ("/model", "/preprocess") and name == "run" and self.preparation
            ):
                return f"{page}?{urlencode({name: row['id']})}"
        return page


def resolve(view, search):
    """The Here of a query string such as "?run=ID"; without one, the latest of each kind that fit together."""
    query = {name: values[0] for name, values in parse_qs((search or "").lstrip("?")).items()}
    run, preparation, dataset, lost = None, None, None, ""
    for name in ("run", "preparation", "dataset"):
        if name in query and view.readable(name, query[name]) is None:
            lost = name
    run = view.readable("run", query.get("run"))
    preparation = view.readable("preparation", run["preparation"] if run else query.get("preparation"))
    known = run or preparation
    dataset = view.readable("dataset", known["dataset"] if known else query.get("dataset"))
    if dataset is None:
        run, preparation, dataset = _latest(view)
    elif preparation is None and run is None:
        preparation = next(
            (p for p in view.preparations.all(dataset["id"]) if p["status"] == Status.READY), None
        )
    if run is None and preparation is not None:
        run = next((r for r in view.runs.all() if r["preparation"] == preparation["id"]), None)
    if lost:  # the colours and cells that the link names would be those of another run
        return Here(dataset, preparation, run, _instead(lost, run, dataset))
    return Here(dataset, preparation, run, "", query)


KINDS = {"run": "run", "preparation": "preprocessing", "dataset": "data set"}


def _instead(kind, run, dataset):
    """The sentence for a link whose run, preparation or data set is not there: what is gone, and what is shown instead."""
    words = f"The {KINDS[kind]} of this link no longer exists."
    if run is not None:
        return f"{words} Shown instead is another run, '{run['name']}', of the data set '{dataset['name']}'."
    return f"{words} Shown instead is the data set '{dataset['name']}'." if dataset is not None else words


def _latest(view):
    """(run, preparation, dataset): the last run and what it stands on, else the first data set that is ready."""
    if runs := view.runs.all():
        run = runs[0]
        return run, view.readable("preparation", run["preparation"]), view.readable("dataset", run["dataset"])
    ready = [d for d in view.datasets.all() if d["status"] == Status.READY]
    if not ready:
        return None, None, None
    simulated = next((d for d in ready if d["origin"] == "demo:simulated"), ready[-1])
    preparation = next(
        (p for p in view.preparations.all(simulated["id"]) if p["status"] == Status.READY), None
    )
    return None, preparation, simulated
