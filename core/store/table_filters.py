"""The filters of a grid as SQL conditions, and what a set of settings differs in."""

import json
from datetime import UTC, datetime

from sqlalchemy import String, and_, cast, func, not_, or_, true

from core.config import specs

EMPTY, FILLED = "blank", "notBlank"


def is_text(column):
    """Does a column or expression hold text?"""
    return isinstance(column.type, String)


def condition(column, model, utc_offset=0):
    """The condition of one column by its part of AG Grid's filter model; a part that cannot be read holds for every row.

    A part has "filterType", "type" and "filter", or several "conditions" and the "operator" "AND" or "OR". Text is
    compared without case. Dates are days of a clock that is `utc_offset` seconds ahead of UTC.
    """
    if not isinstance(model, dict):
        return true()
    if isinstance(parts := model.get("conditions"), list) and parts:
        join = or_ if model.get("operator") == "OR" else and_
        return join(*(condition(column, part, utc_offset) for part in parts))
    kind = model.get("type")
    if kind in (EMPTY, FILLED):
        is_empty = column.is_(None)
        if is_text(column):
            is_empty = or_(is_empty, column == "")
        return is_empty if kind == EMPTY else not_(is_empty)
    if model.get("filterType") == "date":
        return _of_dates(column, kind, model, utc_offset)
    if model.get("filterType") == "number":
        return _of_numbers(column, kind, _number(model.get("filter")), _number(model.get("filterTo")))
    return _of_text(column, kind, model.get("filter"))


def _of_text(column, kind, text):
    if text is None:
        return true()
    lowered, text = func.lower(func.coalesce(cast(column, String), "")), str(text).lower()
    conditions = {
        "contains": lambda: lowered.contains(text, autoescape=True),
        "notContains": lambda: not_(lowered.contains(text, autoescape=True)),
        "equals": lambda: lowered == text,
        "notEqual": lambda: lowered != text,
        "startsWith": lambda: lowered.startswith(text, autoescape=True),
        "endsWith": lambda: lowered.endswith(text, autoescape=True),
    }
    return conditions.get(kind, true)()


def _of_numbers(column, kind, low, high):
    if low is None:
        return true()
    if kind == "inRange":
        return column.between(low, high) if high is not None else true()
    conditions = {
        "equals": lambda: column == low,
        "notEqual": lambda: or_(column != low, column.is_(None)),
        "lessThan": lambda: column < low,
        "lessThanOrEqual": lambda: column <= low,
        "greaterThan": lambda: column > low,
        "greaterThanOrEqual": lambda: column >= low,
    }
    return conditions.get(kind, true)()


def _of_dates(column, kind, model, utc_offset):
    first, last = (_day(model.get(name), utc_offset) for name in ("dateFrom", "dateTo"))
    if first is None:
        return true()
    day = 24 * 3600
    conditions = {
        "equals": lambda: and_(column >= first, column < first + day),
        "notEqual": lambda: not_(and_(column >= first, column < first + day)),
        "lessThan": lambda: column < first,
        "greaterThan": lambda: column >= first + day,
        "inRange": lambda: and_(column >= first, column < last + day) if last is not None else true(),
    }
    return conditions.get(kind, true)()


def _day(text, utc_offset):
    """The beginning of a day such as "2026-11-30 00:00:00", in seconds since 1970; None where it is none."""
    try:
        return datetime.fromisoformat(str(text)[:10]).replace(tzinfo=UTC).timestamp() - utc_offset
    except ValueError:
        return None


def _number(value):
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def differing(texts):
    """The names of the settings that differ between runs, in the order of the form; `texts` is JSON of their `changed`."""
    records, values = [json.loads(text) for text in texts if text], {}
    for record in records:
        for name, value in record.items():
            values.setdefault(name, []).append(value)
    differ = {
        name
        for name, known in values.items()
        if len(known) < len(records) or any(value != known[0] for value in known)
    }
    return [spec.name for spec in specs() if spec.name in differ]
