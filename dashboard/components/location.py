"""The dataset, preparation and run that a link names, or the latest."""

from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

from core.data import EXAMPLE
from core.store import Status


class Context(NamedTuple):
    """What a page is about: rows as dicts, or None; `lost` is a sentence where the link names something that no longer exists.

    `query` is that of the link, for what else a page reads from it; empty where the link is lost. `others` are the runs that
    may be meant in place of a deleted one.
    """

    dataset: dict | None
    preparation: dict | None
    run: dict | None
    lost: str
    query: dict = {}
    others: tuple = ()

    def link(self, page):
        """The link to a page about the same rows."""
        for name, row in (("run", self.run), ("preparation", self.preparation), ("dataset", self.dataset)):
            if row is not None and not (
                page in ("/model", "/preprocess") and name == "run" and self.preparation
            ):
                return f"{page}?{urlencode({name: row['id']})}"
        return page


def resolve(view, search):
    """The Context of a query string such as "?run=ID"; without one, the latest rows that belong together."""
    query = {name: values[0] for name, values in parse_qs((search or "").lstrip("?")).items()}
    run, preparation, dataset, lost = None, None, None, ""
    for name in ("run", "preparation", "dataset"):
        if name in query and view.readable(name, query[name]) is None:
            lost = name
    run = view.readable("run", query.get("run"))
    search = view.readable("search", query.get("search"))
    of_search = search["preparation"] if search else None
    of_run = run["preparation"] if run else None
    preparation = view.readable("preparation", of_run or query.get("preparation") or of_search)
    row = run or preparation
    dataset = view.readable("dataset", row["dataset"] if row else query.get("dataset"))
    deleted = view.runs.deleted(query["run"]) if lost == "run" else None
    if deleted and dataset is None:
        return _without_run(view, deleted)
    if dataset is None:
        run, preparation, dataset = _latest(view)
    elif preparation is None and run is None:
        preparation = next(
            (p for p in view.preparations.all(dataset["id"]) if p["status"] == Status.READY), None
        )
    if run is None and preparation is not None:
        run = view.runs.latest(preparation=preparation["id"])
    if lost:  # the colours and cells that the link names would be those of another run
        return Context(dataset, preparation, run, _instead(lost, run, dataset))
    return Context(dataset, preparation, run, "", query)


def _without_run(view, deleted):
    """The Context of a link to a deleted run: its dataset, the newest of its other runs, and all of these."""
    dataset = view.readable("dataset", deleted["dataset"])
    others = tuple(view.runs.all(dataset=dataset["id"]))
    run = others[0] if others else None
    preparation = view.readable("preparation", run["preparation"]) if run else None
    message = f"The run '{deleted['name']}' of this link was deleted."
    if run is None:
        message = f"{message} Its dataset '{dataset['name']}' has no other run."
    else:
        message = f"{message} This page shows '{run['name']}'. Runs of the dataset '{dataset['name']}':"
    return Context(dataset, preparation, run, message, {}, others)


KINDS = {"run": "run", "preparation": "preprocessing", "dataset": "dataset"}


def _instead(kind, run, dataset):
    """The message for a link to a deleted run, preparation or dataset: what is missing, and what is shown instead."""
    message = f"The {KINDS[kind]} of this link no longer exists."
    if run is not None:
        return f"{message} This page shows another run, '{run['name']}', of the dataset '{dataset['name']}'."
    return f"{message} This page shows the dataset '{dataset['name']}'." if dataset is not None else message


def _latest(view):
    """(run, preparation, dataset): the last run with its data, else the first dataset that is ready."""
    if run := view.runs.latest():
        return run, view.readable("preparation", run["preparation"]), view.readable("dataset", run["dataset"])
    ready = [d for d in view.datasets.all() if d["status"] == Status.READY]
    if not ready:
        return None, None, None
    example = next((d for d in ready if d["origin"] == f"demo:{EXAMPLE}"), ready[-1])
    preparation = next((p for p in view.preparations.all(example["id"]) if p["status"] == Status.READY), None)
    return None, preparation, example
