"""The filter of the cells that are shown: a list of selections (selection.py), of which a cell has to be in every one.

A filter changes what is drawn and counted, and what a new selection contains. Results such as markers of clusters are of
all cells, whatever the filter.
"""

import json

from core.errors import UserError
from dashboard.pages.clusters.viewer import selection as selections

GREY, HIDDEN = "grey", "hidden"  # how cells outside the filter are drawn; the words are in links
INVALID = "The filter in this link is invalid. Choose the cells to show again."


def read(text):
    """The records of the filter in a link as JSON, a tuple; raises UserError where they are invalid."""
    if not text:
        return ()
    try:
        return checked(json.loads(text))
    except ValueError:
        raise UserError(INVALID) from None


def checked(records):
    """The records as a tuple if all are valid; raises UserError otherwise. None is no filter."""
    if records is None or records == []:
        return ()
    try:
        return tuple(selections.checked({"all": records})["all"])
    except UserError:
        raise UserError(INVALID) from None


def cells(view, run, records):
    """(cells,) bool of the cells that pass the filter, or None without one; raises UserError where it cannot be applied."""
    return selections.cells(view, run, {"all": [*records]}) if records else None


def within(selection, records):
    """The selection of those cells of `selection` that pass the filter; assets/76-selection-bar.js does the same."""
    return {"all": [selection, *records]} if selection and records else selection


def sentence(shown, n_cells):
    """How many cells are shown; `shown` is (cells,) bool, or None without a filter."""
    if shown is None:
        return f"All {n_cells:,} cells are shown."
    return f"{int(shown.sum()):,} of {n_cells:,} cells shown."
