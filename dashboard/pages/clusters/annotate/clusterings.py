"""What the cards of groups do with the store: names, colours, tables of names, composition."""

import base64
import io

import numpy as np

from core import safe_csv
from core.analysis.composition import composition as count_parts
from core.errors import UserError
from core.store import Groups
from core.text import check_tells
from dashboard.pages.clusters.colours import MADE, colour_of
from dashboard.pages.clusters.groups import groups_of
from dashboard.pages.clusters.viewer import selection as selections

MOST_ROWS = 500  # groups in a composition: more can be neither drawn nor read
MOST_PARTS = 60  # categories in a composition: more bars have no colour of their own


def line_of(base):
    """The line of a choice such as "made:abc", or None where it is no clustering of a person."""
    kind, _, line = (base or "").partition(":")
    return line if kind == MADE else None


def selected(view, run, selection):
    """(cells,) bool; raises UserError where nothing is selected."""
    rows = selections.cells(view, run, selection)
    if rows is None or not rows.any():
        raise UserError(selections.NONE_SELECTED)
    return rows


def name_cells(view, run, base, resolution, selection, name):
    """Give the selected cells a name in a clustering of one's own; returns its line."""
    title, groups = groups_of(view, run, base, resolution)
    rows = selected(view, run, selection)
    if not (name or "").strip():
        raise UserError("A name is missing: type one.")
    name = " ".join(name.split())
    what = f"{int(rows.sum()):,} cells named {name} ({selections.description(view, run, selection)})"
    made = groups.renamed(rows, name)
    return view.clusterings.keep(run["id"], made, what, _title(base, title), line_of(base))


def colour_group(view, run, base, resolution, group, colour):
    """Colour one group by hand; returns the line."""
    title, groups = groups_of(view, run, base, resolution)
    if group not in groups.names:
        raise UserError("Choose the group to colour first.")
    what = f"{group} coloured {colour}"
    return view.clusterings.keep(run["id"], groups, what, _title(base, title), line_of(base), {group: colour})


def anew(view, run, base, resolution, selection, value, token):
    """Queue the clustering of the selected cells alone; returns the job's id."""
    title, groups = groups_of(view, run, base, resolution)
    rows = selected(view, run, selection)
    inside = np.bincount(groups.codes[rows & (groups.codes >= 0)], minlength=len(groups.names))
    name = groups.names[inside.argmax()] if inside.any() else "selection"
    asked = {
        "method": "leiden",
        "value": float(value or 1),
        "among": view.groups.keep(run["id"], groups.ahead(rows, name)),
        "line": line_of(base),
        "title": _title(base, title),
    }
    return view.jobs.submit("clusters", run["id"], asked, token, priority=1)


def _title(base, title):
    return "" if line_of(base) else f"{title}, named"


def bring_names(view, run, filename, content):
    """A clustering from a table as a browser sends it (base64 behind a comma); returns (line, remark)."""
    try:
        text = base64.b64decode(content.partition(",")[2]).decode("utf-8-sig")
    except (ValueError, UnicodeDecodeError):
        raise UserError(f"{filename} is no text: save the table as CSV (UTF-8).") from None
    rows = list(safe_csv.rows(io.StringIO(text)))
    if len(rows) < 2 or len(rows[0]) < 2:
        raise UserError(f"{filename} needs a head and two columns: the cell, and its name.")
    at = rows[0].index("name") if "name" in rows[0] else 1
    given = {row[0]: row[at].strip() for row in rows[1:] if len(row) > at and row[at].strip()}
    cells = [name.decode() for name in view.datasets.folder(run["dataset"]).cells()]
    names = list(dict.fromkeys(given[cell] for cell in cells if cell in given))
    if not names:
        raise UserError(
            f"No cell of this data set is in {filename}: its first column must be the cells' names."
        )
    place = {name: i for i, name in enumerate(names)}
    codes = np.array([place[given[cell]] if cell in given else -1 for cell in cells], dtype=np.int32)
    n = int((codes >= 0).sum())
    missing, more = len(cells) - n, len(given) - n
    remark = (
        f"{n:,} cells have a name; {missing:,} have none, and {more:,} of the table are not in this data set."
    )
    title = filename.removesuffix(".csv")[:80] or "names"
    groups = Groups(names, codes, f"from {filename}")
    return view.clusterings.keep(run["id"], groups, f"{n:,} cells named by {filename}", title), remark


def composition(view, run, base, resolution, column):
    """(names, counts (groups, parts), parts) of the groups; without a column one part, all cells.

    Raises UserError where the column says nothing.
    """
    _, groups = groups_of(view, run, base, resolution)
    n = len(groups.names)
    if n > MOST_ROWS:
        raise UserError(f"There are {n:,} groups, too many to draw: choose another grouping.")
    if not column:
        return groups.names, *count_parts(groups.codes, n)
    colour = colour_of(view, run, f"obs:{column}", resolution)
    if colour.categories is None:
        raise UserError(f"{column} has numbers, no names: choose another column.")
    parts, codes = list(colour.categories), np.asarray(colour.values)
    check_tells(column, parts, codes)
    if len(parts) > MOST_PARTS:
        raise UserError(f"{column} has {len(parts):,} categories, too many to draw: choose another column.")
    return groups.names, *count_parts(groups.codes, n, parts, codes)
