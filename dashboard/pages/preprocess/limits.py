"""The limits of cell quality as the Preprocess page keeps them: suggested, changed, applied to cells."""

import re

import numpy as np
from dash import ALL

from core import figures
from core.config.dataset_record import DatasetRecord
from core.config.numbers import Number, text_of
from core.errors import UserError
from core.figures import Line
from core.preprocessing.recipe import MEASURES, Batches, Limits, cell_filter, suggested_params
from dashboard.components.number_field import error_id

RARE = 1.0  # percent: a measure whose 99th percentile is below it is not shown
ENDS = {"low": "lowest", "high": "highest"}
LIMIT_FIELDS = {"type": "limit", "name": ALL}
LIMIT_ERRORS = error_id(LIMIT_FIELDS)
ALL_CELLS = " "  # an empty value would show an empty field, and no column of obs has this name


def shown_values(values):
    """The measures of a dataset folder that the page shows, without shares that are near zero in almost all cells."""
    return {
        name: array
        for name, array in values.items()
        if name in MEASURES and not (name in ("ribo", "haemo") and np.nanpercentile(array, 99) < RARE)
    }


def cells_within(view, dataset_id, chosen):
    """(values by measure, CellFilter) for limits as the page keeps them.

    Raises ValidationError where a lowest value is above its highest.
    """
    folder = view.datasets.folder(dataset_id)
    values = shown_values(folder.measured())
    batches = _batches(folder, chosen.get("batch_key"))
    return values, cell_filter(values, len(folder.cells()), chosen, batches)


def suggest(view, dataset_id, batch_key, tissue="any"):
    """Limits from the data and the tissue as the page keeps them: for all cells, or for each batch of a column."""
    folder = view.datasets.folder(dataset_id)
    # The record of an older dataset does not have them: they are looked for as the cells are filtered.
    columns = DatasetRecord.of(view.datasets.one(dataset_id)).quality_columns
    return suggested_params(folder.measured(), _batches(folder, batch_key), columns, tissue)


def _batches(folder, column):
    """The Batches of an obs column, or None for all cells."""
    if column in (None, ALL_CELLS):
        return None
    entry, codes = folder.column(column)
    return Batches(column, entry["categories"], codes)


def of_batch(chosen, batch):
    kept = chosen["batches"].get(batch, {}) if chosen.get("batch_key") else chosen["limits"]
    return Limits().model_dump(mode="json") | kept


def set_end(chosen, batch, name, value):
    """Set one end of one limit, of all cells or of a batch."""
    measure, end = name.rsplit("_", 1)
    place = chosen["batches"].setdefault(batch, {}) if chosen.get("batch_key") else chosen["limits"]
    ends = list(place.get(measure) or (None, None))
    ends[list(ENDS).index(end)] = None if value is None else float(value)
    place[measure] = ends


def limit_number(measure, end):
    """The Number of one end of a limit; empty is no limit."""
    label, unit, is_whole, _ = MEASURES[measure]
    high = 100 if unit == "%" else None
    return Number(f"{label}, {ENDS[end]}", whole=is_whole, low=0, high=high, unit=unit, optional=True)


def read_limits(typed):
    """({name: number or None} of the fields that can be used, {name: error or ""} of all); `typed` are their texts."""
    limits, errors = {}, dict.fromkeys(typed, "")
    for name, text in typed.items():
        try:
            limits[name] = limit_number(*name.rsplit("_", 1)).read(text)
        except UserError as error:
            errors[name] = str(error)
    for name, high in limits.items():
        measure, end = name.rsplit("_", 1)
        low = limits.get(f"{measure}_low")
        if end == "high" and None not in (low, high) and low > high:
            label = MEASURES[measure].label
            errors[name] = (
                f"{label}: the lowest ({text_of(low)}) is above the highest ({text_of(high)}). Swap them."
            )
    return limits, errors


def refuse_unreadable(typed):
    """Raise UserError where one of the fields holds what cannot be used."""
    if errors := list(filter(None, read_limits(typed)[1].values())):
        raise UserError(" ".join(errors))


def lines(values, limits_of_batches):
    """The limits of each batch as the figure's Lines, in its order."""
    return [
        Line(measure, batch, end, ends[i])
        for batch, limits in enumerate(limits_of_batches)
        for measure, ends in limits.set().items()
        for i, end in enumerate(ENDS)
        if ends[i] is not None and measure in values
    ]


def moved(relayout, drawn):
    """(Line, its new value) of the line that was dragged, or None for any other change of the figure.

    The value is one that its field takes: whole where its measure is, else of four digits.
    """
    for key, value in (relayout or {}).items():
        match = re.fullmatch(r"shapes\[(\d+)\]\.y[01]", key)
        if match and int(match[1]) < len(drawn):
            line = drawn[int(match[1])]
            place = figures.on_axis(line.measure, np.array([line.value]))[0]
            if abs(value - place) > 1e-9:  # of a line that was tilted, only one end has moved
                limit = max(0.0, figures.off_axis(line.measure, value))
                return line, float(round(limit)) if MEASURES[line.measure].log else float(f"{limit:.4g}")
    return None
