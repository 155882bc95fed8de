"""What the card that names cells does with the store: names, colours, sub-clusters, tables of names."""

import base64
import io

import numpy as np

from core import safe_csv
from core.config.job_arguments import ClustersArguments
from core.errors import UserError
from core.figures import kept_colours
from core.store import Groups
from dashboard.pages.clusters.colours import MADE, colour_of
from dashboard.pages.clusters.groups import groups_of
from dashboard.pages.clusters.viewer import selection as selections


def line_of(start):
    """The line of a choice such as "made:abc", or None where it is no clustering made by a person."""
    kind, _, line = (start or "").partition(":")
    return line if kind == MADE else None


def selected(view, run, selection):
    """(cells,) bool; raises UserError where nothing is selected."""
    rows = selections.cells(view, run, selection)
    if rows is None or not rows.any():
        raise UserError(selections.NONE_SELECTED)
    return rows


def name_cells(view, run, start, resolution, selection, name):
    """Name the selected cells in a clustering of one's own; returns its line."""
    rows = selected(view, run, selection)
    description = selections.description(view, run, selection)
    return _named(view, run, start, resolution, rows, name, description)


def rename(view, run, start, resolution, group, name):
    """Give a group another name, that of another group to merge both; returns the line."""
    _, groups = groups_of(view, run, start, resolution)
    if group not in groups.names:
        raise UserError(f"There is no group '{group}' any longer. Reload the page.")
    rows = np.asarray(groups.codes) == groups.names.index(group)
    if " ".join((name or "").split()) == group:
        raise UserError(f"This group is already named {group}. Enter another name.")
    return _named(view, run, start, resolution, rows, name, f"before: {group}")


def _named(view, run, start, resolution, rows, name, description):
    """Keep the groups with the cells `rows` in the group `name`; all others keep place and colour."""
    if not (name or "").strip():
        raise UserError("The name is missing. Enter one.")
    name = " ".join(name.split())
    title, groups = groups_of(view, run, start, resolution)
    after = groups.renamed(rows, name)
    palette = colour_of(view, run, start, resolution).palette()
    colours = kept_colours(palette, after.predecessors(groups), after.names)
    change = f"{int(rows.sum()):,} cells named {name} ({description})"
    return view.clusterings.keep(run["id"], after, change, _title(start, title), line_of(start), colours)


def colour_group(view, run, start, resolution, group, colour):
    """Set the colour of one group; returns the line."""
    title, groups = groups_of(view, run, start, resolution)
    if group not in groups.names:
        raise UserError("Choose a group first.")
    change = f"{group} coloured {colour}"
    palette = colour_of(view, run, start, resolution).palette()
    colours = dict(zip(groups.names, palette, strict=True)) | {group: colour}
    return view.clusterings.keep(run["id"], groups, change, _title(start, title), line_of(start), colours)


def undo(view, run, start):
    """Undo the last change; returns the line, "" where no version is left."""
    line = line_of(start)
    if line is None:
        raise UserError("These clusters have no changes to undo.")
    return view.clusterings.undo(run["id"], line) or ""


def recluster(view, run, start, resolution, selection, within, token):
    """Queue the clustering of the selected cells alone, at the resolution `within`; returns the job's id."""
    title, groups = groups_of(view, run, start, resolution)
    rows = selected(view, run, selection)
    sizes = np.bincount(groups.codes[rows & (groups.codes >= 0)], minlength=len(groups.names))
    name = groups.names[sizes.argmax()] if sizes.any() else "selection"
    arguments = ClustersArguments(
        method="leiden",
        value=within,
        among=view.groups.keep(run["id"], groups.ahead(rows, name)),
        line=line_of(start),
        title=_title(start, title),
    )
    return view.jobs.submit("clusters", run["id"], arguments, token)


def _title(start, title):
    return "" if line_of(start) else f"{title}, named"


def from_table(view, run, filename, content):
    """A clustering from a table as a browser sends it (base64 after a comma); returns (line, remark)."""
    by_cell = _names(filename, content)
    cells = [name.decode() for name in view.datasets.folder(run["dataset"]).cells()]
    names = list(dict.fromkeys(by_cell[cell] for cell in cells if cell in by_cell))
    if not names:
        raise UserError(
            f"No cell of this dataset is in {filename}: its first column must be the names of cells."
        )
    code_of = {name: i for i, name in enumerate(names)}
    codes = np.array([code_of[by_cell[cell]] if cell in by_cell else -1 for cell in cells], dtype=np.int32)
    n = int((codes >= 0).sum())
    missing, extra = len(cells) - n, len(by_cell) - n
    remark = (
        f"{n:,} cells have a name; {missing:,} have none. {extra:,} in the table are not in this dataset."
    )
    title = filename.removesuffix(".csv")[:80] or "names"
    groups = Groups(names, codes, f"from {filename}")
    return view.clusterings.keep(run["id"], groups, f"{n:,} cells named by {filename}", title), remark


def _names(filename, content):
    """{cell: name} of the table, without empty names."""
    try:
        text = base64.b64decode(content.partition(",")[2]).decode("utf-8-sig")
    except (ValueError, UnicodeDecodeError):
        raise UserError(f"{filename} is not a text file. Save the table as CSV (UTF-8).") from None
    rows = list(safe_csv.rows(io.StringIO(text)))
    if len(rows) < 2 or len(rows[0]) < 2:
        raise UserError(f"{filename} needs a header and two columns: the cell and its name.")
    at = rows[0].index("name") if "name" in rows[0] else 1
    return {row[0]: row[at].strip() for row in rows[1:] if len(row) > at and row[at].strip()}
