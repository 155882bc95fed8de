"""The columns of the table of runs: what each shows, how it is filtered, and its cell in the grid."""

from typing import NamedTuple

from core.analysis.metrics.descriptions import SCORES
from core.config import specs
from core.store import Status
from core.store.run_table import GROUP, RUN, SEARCH, SETTING, SETTINGS
from core.text import duration
from dashboard.components import data_tables

TEXT, NUMBER, DATE = "text", "number", "date"


class Column(NamedTuple):
    """A column: its field, its title, what it holds, how wide it is, the format of its numbers, and its help."""

    field: str
    title: str
    kind: str = TEXT
    width: int = 120
    form: str = ".3f"
    help: str = ""
    shown: bool = True


EVERY = (
    Column("name", "Run", width=230),
    Column("dataset", "Dataset", width=150),
    Column("model", "Model", width=100),
    Column(
        "changed",
        "Settings that differ",
        width=240,
        help="The settings of which not all runs have the same value.",
    ),
    Column("batch_column", "Batch column", width=120),
    Column("status", "Status", width=130),
    Column(
        "loss",
        "Loss",
        NUMBER,
        90,
        help="On the test cells, or the validation cells where there is no test set.",
    ),
    Column(
        "pca_loss", "PCA loss", NUMBER, 100, help="The loss of a PCA of the same size, on the same cells."
    ),
    Column("difference", "Loss above PCA", NUMBER, 120, "+.1%", "Below 0, the model is better than PCA."),
    Column("knn_accuracy", "kNN accuracy", NUMBER, 120, help=SCORES["knn_accuracy"].sentence),
    Column("nmi", "NMI", NUMBER, 90, help=SCORES["nmi"].sentence),
    Column("ilisi", "iLISI", NUMBER, 90, help=SCORES["ilisi"].sentence),
    Column("neighbours_kept", "Neighbours kept", NUMBER, 130, help=SCORES["neighbours_kept_15"].sentence),
    Column("explained_rna", "Explained variance, RNA", NUMBER, 160),
    Column("explained_protein", "Explained variance, protein", NUMBER, 160, shown=False),
    Column("owner", "Owner", width=100),
    Column("created", "Created", DATE, 160),
    Column("seconds", "Duration", NUMBER, 100),
    Column("device", "Device", width=150),
    Column("best_epoch", "Best epoch", NUMBER, 100, ".0f", shown=False),
    Column("tags", "Tags", width=130),
    Column("note", "Note", width=180, shown=False),
)
BY_FIELD = {column.field: column for column in EVERY}
DEFAULT = [column.field for column in EVERY if column.shown]
FIXED = "name"  # always shown: it has the link of the run


def of_setting(name):
    """The Column of a setting, such as "config.n_latent"."""
    spec = SETTINGS[name]
    kind = NUMBER if spec.kind in ("int", "float") else TEXT
    return Column(name, spec.label, kind, 130, "~g", spec.help, shown=False)


def all_columns(differing):
    """All Columns that can be chosen where these settings differ between runs."""
    return [*EVERY, *(of_setting(f"{SETTING}{name}") for name in differing)]


def definitions(columns, visible, sort):
    """The column definitions of the grid; `sort` is ((field, is descending) ...)."""
    order = {field: i for i, (field, _) in enumerate(sort)}
    return [_definition(column, column.field in {FIXED, *visible}, order, dict(sort)) for column in columns]


def _definition(column, is_visible, order, descending):
    cell = {
        "filter": "agDateColumnFilter",
        "floatingFilter": True,
        "field": column.field,
        "headerName": column.title,
    }
    if column.kind == TEXT:
        cell = data_tables.text(column.field, column.title)
    elif column.kind == NUMBER:
        cell = data_tables.number(column.field, column.title, column.form)
    cell |= {
        "colId": column.field,
        "width": column.width,
        "hide": not is_visible,
        "headerTooltip": column.help or None,
    }
    if column.field in order:
        cell |= {"sort": "desc" if descending[column.field] else "asc", "sortIndex": order[column.field]}
    if column.field == FIXED:
        cell |= {"cellRenderer": "NuwaRunName", "pinned": "left", "lockPosition": "left"}
        cell["colSpan"] = {"function": f"params.data && params.data.kind !== '{RUN}' ? 6 : 1"}
    elif column.kind == DATE:
        cell["valueFormatter"] = {"function": "nuwaLocalTime(params.value)"}
    elif column.field == "seconds":
        cell["valueFormatter"] = {"function": "params.data && params.data.duration || '–'"}
    elif column.field in ("changed", "status", "note"):
        cell["tooltipField"] = "message" if column.field == "status" else column.field
    if (
        column.field == "changed"
    ):  # it is put together of settings, each of which has a column of its own to sort by
        cell |= {"filter": False, "floatingFilter": False, "sortable": False}
    return cell | ({"cellRenderer": "NuwaRunLoss"} if column.field == "loss" else {})


def line_record(line, row, differing):
    """A line of the table as the grid has it."""
    record = {
        "kind": line.kind,
        "id": line.id,
        "level": line.level,
        "count": line.count,
        "open": line.is_open,
    }
    if line.kind == GROUP:
        return record | {
            "id": f"{GROUP}:{line.id}",
            "dataset_id": line.id,
            "name": line.name or "A dataset that you may not see",
        }
    if line.kind == SEARCH:
        return record | {"name": line.name, "href": f"/search?search={line.id}"}
    page = "clusters" if row["explored"] in ("ready", "failed") else "train"
    return record | run_record(row, differing) | {"href": f"/{page}?run={row['id']}"}


def run_record(row, differing):
    """The fields of a row of the store by the names of the columns."""
    loss, pca = row["loss"], row["pca_loss"]
    seconds = row["ended"] - row["started"] if row["started"] and row["ended"] else None
    config = row["config"]
    record = {column.field: row.get(column.field) for column in EVERY} | {
        "dataset": row["dataset_name"] or "–",
        "dataset_id": row["dataset"],
        "changed": settings_text(config, differing),
        "status": status_text(row),
        "message": row["message"],
        "difference": (loss - pca) / pca if loss is not None and pca else None,
        "on_validation": loss is not None and row["judged_on"] == "valid",
        "seconds": seconds,
        "duration": duration(seconds) if seconds is not None else None,
        "starred": bool(row["starred"]),
        "archived": bool(row["archived"]),
    }
    return record | {f"{SETTING}{name}": setting_value(config.get(name)) for name in differing}


def settings_text(config, differing):
    """The settings that differ between runs, such as "Latent dimensions 20, Dropout 0.1"."""
    known = [(spec, config.get(spec.name)) for spec in specs() if spec.name in differing]
    return ", ".join(f"{spec.label} {value_text(value)}" for spec, value in known if value not in (None, ""))


def setting_value(value):
    """The value of a setting in its own column: a switch is "yes" or "no", as its filter and its order have it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def value_text(value):
    """A setting as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if len(str(value)) <= 40 else f"{str(value)[:39]}…"


def status_text(row):
    """The status of a run in a word or two."""
    if row["status"] == Status.RUNNING and row["n_done"]:
        return f"Running, epoch {row['n_done']} of {row['n_epochs'] or '?'}"
    return row["status"].value.capitalize()
