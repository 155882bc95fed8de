"""What the Runs page shows, in its link: ?columns=...&sort=...&filter=...&show=..., and back."""

import json

from core.store.run_table import Query
from dashboard.pages.runs import columns

BY_DATASET, ARCHIVED, TRIALS = "group", "archived", "trials"
OPTIONS = {
    BY_DATASET: "Group by dataset",
    TRIALS: "Show trials of searches",
    ARCHIVED: "Show archived runs",
}
MOST_FILTERS = 20


def shown_columns(query, known):
    """The columns of a link that exist, or the default ones."""
    wanted = [name for name in query.get("columns", "").split(",") if name in known]
    return wanted or list(columns.DEFAULT)


def shown_options(query):
    """The options of a link that exist."""
    return [name for name in query.get("show", "").split(",") if name in OPTIONS]


def sorting(query, known):
    """((field, is descending) ...) of a link such as "?sort=loss:asc"."""
    parts = (part.partition(":") for part in query.get("sort", "").split(",") if part)
    return tuple((name, way == "desc") for name, _, way in parts if name in known)


def filters(query, known):
    """The filter model of a link; {} where it cannot be read."""
    try:
        model = json.loads(query.get("filter", "{}"))
    except json.JSONDecodeError:
        return {}
    if not isinstance(model, dict) or len(model) > MOST_FILTERS:
        return {}
    return {name: part for name, part in model.items() if name in known and isinstance(part, dict)}


def query_of(request, options, opened, utc_offset):
    """The Query of a request of the grid with the options beside it."""
    request, opened = request or {}, opened or {}
    model = request.get("filterModel")
    return Query(
        sort=tuple((one["colId"], one["sort"] == "desc") for one in request.get("sortModel") or ()),
        filters=model if isinstance(model, dict) else {},
        by_dataset=BY_DATASET in (options or ()),
        archived=ARCHIVED in (options or ()),
        trials=TRIALS in (options or ()),
        opened=frozenset(opened.get("opened", ())),
        closed=frozenset(opened.get("closed", ())),
        utc_offset=utc_offset or 0,
    )
