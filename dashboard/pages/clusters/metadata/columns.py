"""The columns of the card of metadata: clusters, columns of obs and of tables in obsm, and measures of the cells."""

from core.analysis.metrics.descriptions import CELL_SCORES, CONSISTENCY
from core.config import DEFAULT_RESOLUTION, SPLIT_NAMES
from core.config.run_files import company_of
from dashboard.pages.clusters.colours import (
    CELL_MEASURES,
    CLUSTERS,
    MADE,
    SEED_CONSISTENCY,
    SPLIT,
    SUGGESTED,
    suggested_types,
)

OPEN_AT_FIRST = 4  # columns of categories
FEW = 30  # categories of such a column at most


def columns(view, run):
    """Records of all columns in their order: "by" (a choice of a colour), "title", "note", "kind" and "open".

    "kind" is "category" or "number"; the clusters are those of the resolution that the page shows.
    """
    dataset = view.datasets.folder(run["dataset"])
    records = [_record(CLUSTERS, "Leiden clusters", "category", "at the resolution shown")]
    records += [
        _record(f"{MADE}:{row['line']}", row["title"], "category", "clusters")
        for row in view.clusterings.all(run["id"])
    ]
    if suggested_types(view, run):
        records.append(_record(SUGGESTED, "Suggested cell types", "category", "clusters"))
    for column in dataset.columns():
        n = len(column.get("categories", ()))
        records.append(_record(f"obs:{column['name']}", column["name"], column["kind"], "obs", 2 <= n <= FEW))
    records += [
        _record(f"table:{table['name']}:{column}", column, "number", f"obsm['{table['name']}']")
        for table in dataset.tables()
        for column in table["columns"]
    ]
    records += [
        _record(f"cell:{name}", CELL_MEASURES[name][0], "number", CELL_MEASURES[name][1])
        for name in dataset.measured()
        if name in CELL_MEASURES
    ]
    records.append(_record(SPLIT, "set", "category", ", ".join(SPLIT_NAMES)))
    if view.results.array(run["id"], company_of(DEFAULT_RESOLUTION)) is not None:
        records.append(_record(SEED_CONSISTENCY, CONSISTENCY.title, "number", "stability"))
    for name in view.results.names(run["id"], "per_cell"):
        title = CELL_SCORES[name].title if name in CELL_SCORES else name
        records.append(_record(f"score:{name}", title, "number", "score per cell"))
    records[0]["open"] = True
    for record in [record for record in records if record["open"]][OPEN_AT_FIRST:]:
        record["open"] = False
    return records


def _record(by, title, kind, note, is_open=False):
    return {"by": by, "title": title, "kind": kind, "note": note, "open": is_open}
